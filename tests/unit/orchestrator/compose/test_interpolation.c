/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/interpolation.h"

#include <criterion/criterion.h>

#include "common/limits.h"

static const char *lookup(void *owner, const char *name)
{
    (void)owner;
    if (strcmp(name, "SET") == 0)
        return "value";
    if (strcmp(name, "DOLLAR") == 0)
        return "$SET";
    return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static void unset(void *owner, const char *name)
{
    (void)name;
    if (owner)
        ++*(int *)owner;
}

static const struct interpolation interpolation = {lookup, unset, NULL};

static void expect(const char *text, const char *result)
{
    scoped_text struct text out = {0};
    struct error err = {0};

    cr_expect_eq(interpolate(&interpolation, text, &out, &err), 0, "%s: %s", text, err.text);
    cr_expect_str_eq(text_get(&out), result);
}

static void expect_error(const char *text, const char *message)
{
    scoped_text struct text out = {0};
    struct error err = {0};

    cr_expect_eq(interpolate(&interpolation, text, &out, &err), -1, "%s", text);
    cr_expect(string_starts_with(err.text, message), "%s: %s", text, err.text);
}

Test(interpolation, both_spellings_give_the_value)
{
    expect("$SET ${SET}", "value value");
    expect("$SETx", "");
    expect("${SET}x", "valuex");
}

Test(interpolation, defaults_tell_empty_from_unset_by_the_colon)
{
    expect("${NO:-d}|${EMPTY:-d}|${SET:-d}", "d|d|value");
    expect("${NO-d}|${EMPTY-d}|${SET-d}", "d||value");
}

Test(interpolation, alternatives_are_used_when_there_is_a_value)
{
    expect("${NO:+r}|${EMPTY:+r}|${SET:+r}", "||r");
    expect("${NO+r}|${EMPTY+r}|${SET+r}", "|r|r");
}

Test(interpolation, required_names_fail_with_their_message)
{
    expect("${SET:?m}|${EMPTY?m}", "value|");
    expect_error("${NO:?need it}", "required variable NO is missing a value: need it");
    expect_error("${EMPTY:?}", "required variable EMPTY is missing a value");
    expect_error("${NO?for ${SET}}", "required variable NO is missing a value: for value");
}

Test(interpolation, operands_are_expanded_only_when_they_are_used)
{
    expect("${SET:-${NO:?never}}", "value");
    expect("${NO:+${NO:?never}}", "");
    expect_error("${NO:-${NO:?used}}", "required variable NO is missing a value: used");
}

Test(interpolation, operands_nest_and_balance_braces)
{
    expect("${NO:-${NO:-${SET}}}", "value");
    expect("${NO:-{\"a\":{\"b\":1}}}", "{\"a\":{\"b\":1}}");
    expect("${NO:-a}b}", "ab}");
    expect("${NO-my:?msg}|${NO:-a:-b}", "my:?msg|a:-b");
    expect("${NO:-'q'}", "'q'");
}

Test(interpolation, two_dollars_are_one)
{
    expect("$$SET $${SET} $$", "$SET ${SET} $");
}

Test(interpolation, a_dollar_that_begins_nothing_stays)
{
    expect("a $ b ^R$ $1 $} $", "a $ b ^R$ $1 $} $");
}

Test(interpolation, values_are_not_expanded_again)
{
    expect("$DOLLAR", "$SET");
}

Test(interpolation, malformed_expressions_are_refused)
{
    static const char *const texts[] = {
        "${",    "${}",    "${ }",  "${1X}", "${X!}",   "${X }", "${X:}",  "${X:=d}",
        "${#X}", "${X%x}", "${!X}", "${X",   "${X:-a{", "${X:",  "${X:-$", "${X:-${a}"};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        expect_error(texts[i], "invalid interpolation format");
}

Test(interpolation, each_name_without_value_or_operator_is_told)
{
    scoped_text struct text out = {0};
    int n_unset = 0;
    struct interpolation counting = {lookup, unset, &n_unset};

    cr_expect_eq(interpolate(&counting, "$NO ${NO} ${NO:-d} $SET ${SET:-$NO}", &out, NULL), 0);
    cr_expect_eq(n_unset, 2);
}

Test(interpolation, nesting_is_bounded)
{
    scoped_text struct text text = {0};

    for (int i = 0; i < LIMIT_INTERPOLATION_DEPTH + 2; i++)
        text_append(&text, "${NO:-");
    for (int i = 0; i < LIMIT_INTERPOLATION_DEPTH + 2; i++)
        text_append_char(&text, '}');
    expect_error(text_get(&text), "variables are nested too deeply");
}

Test(interpolation, the_length_of_the_result_is_bounded)
{
    scoped_text struct text text = {0};

    for (int i = 0; i < LIMIT_VALUE_BYTES / 5 + 2; i++)
        text_append(&text, "$SET ");
    expect_error(text_get(&text), "the expanded text is too long");
}
