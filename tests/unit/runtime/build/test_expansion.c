/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/expansion.h"

#include <criterion/criterion.h>

#include "runtime/build/build_limits.h"

static struct arena *arena;
static struct scope *scope;
static struct expansion expansion;
static struct error err;

static void setup(void)
{
    struct error ignored;

    arena = arena_new();
    scope = scope_new(arena);
    cr_assert_eq(scope_set_env(scope, "A", "value", &ignored), 0);
    cr_assert_eq(scope_set_env(scope, "EMPTY", "", &ignored), 0);
    cr_assert_eq(scope_set_env(scope, "BLANKS", " x  y ", &ignored), 0);
    cr_assert_eq(scope_set_arg(scope, "DECLARED", NULL, &ignored), 0);
    expansion = (struct expansion){.arena = arena, .scope = scope, .escape = '\\'};
}

static void teardown(void)
{
    arena_free(arena);
}

TestSuite(expansion, .init = setup, .fini = teardown);

/* The text with values in place, or the error. */
static const char *expand(const char *text)
{
    scoped_text struct text out = {0};

    if (expansion_word(&expansion, text, &out, &err) < 0)
        return arena_strdup(arena, err.text);
    return arena_strdup(arena, text_get(&out));
}

#define EXPECT(text, result) cr_expect_str_eq(expand(text), result)

Test(expansion, names_end_where_they_must)
{
    EXPECT("$A", "value");
    EXPECT("$A-b", "value-b");
    EXPECT("$AB", "");
    EXPECT("${A}B", "valueB");
    EXPECT("$1A", "A");
    EXPECT("$ $. $", "$ $. $");
    EXPECT("$$A", "A");
}

Test(expansion, quotes_and_escapes_go_away)
{
    EXPECT("'$A'", "$A");
    EXPECT("\"$A\"", "value");
    EXPECT("\\$A", "$A");
    EXPECT("\"\\$A \\\" \\n\"", "$A \" \\n");
    EXPECT("a\\b\\\\c", "ab\\c");
    EXPECT("x'y'\"z\"", "xyz");
    EXPECT("end\\", "end");
}

Test(expansion, the_other_escape_character_is_an_ordinary_one)
{
    expansion.escape = '`';
    EXPECT("c:\\$A`$A", "c:\\value$A");
}

Test(expansion, a_here_document_keeps_its_quotes)
{
    expansion.keep_quotes = true;
    EXPECT("\"$A\" it's \\$A", "\"value\" it's $A");
}

Test(expansion, operators_tell_unset_from_empty)
{
    EXPECT("${NO-d} ${EMPTY-d} ${A-d}", "d  value");
    EXPECT("${NO:-d} ${EMPTY:-d} ${A:-d}", "d d value");
    EXPECT("${NO+d} ${EMPTY+d} ${A+d}", " d d");
    EXPECT("${NO:+d} ${EMPTY:+d} ${A:+d}", "  d");
    EXPECT("${EMPTY?} ${A:?}", " value");
    EXPECT("${DECLARED-d}", "d");
    EXPECT("${NO?}", "NO: is not allowed to be unset");
    EXPECT("${EMPTY:?}", "EMPTY: is not allowed to be empty");
    EXPECT("${NO:?give $A}", "NO: give value");
}

Test(expansion, operands_are_texts_of_the_same_kind)
{
    EXPECT("${NO:-${EMPTY:-$A}}", "value");
    EXPECT("${NO:-'}'}", "}");
    EXPECT("${NO:-\\}}", "}");
    EXPECT("${A#\"va\"}", "lue");
    EXPECT("${A/${A%ue}/X}", "Xue");
}

Test(expansion, what_is_malformed_says_how)
{
    EXPECT("${A", "missing '}'");
    EXPECT("${A:-x", "missing '}'");
    EXPECT("${A/x}", "missing '/'");
    EXPECT("${}", "bad substitution");
    EXPECT("${:-x}", "bad substitution");
    EXPECT("${A=x}", "unsupported modifier (=) in substitution");
    EXPECT("'", "a single quote is not closed");
    EXPECT("\"$A", "a double quote is not closed");
}

Test(expansion, blanks_of_values_make_words_and_quoted_ones_do_not)
{
    struct string_list words = {0};

    cr_assert_eq(expansion_words(&expansion, "a$BLANKS'b c' \"$BLANKS\" $EMPTY", &words, &err), 0);
    cr_assert_eq(words.count, 5);
    cr_expect_str_eq(words.items[0], "a");
    cr_expect_str_eq(words.items[1], "x");
    cr_expect_str_eq(words.items[2], "y");
    cr_expect_str_eq(words.items[3], "b c");
    cr_expect_str_eq(words.items[4], " x  y ");
}

Test(expansion, it_notes_what_was_used_and_what_is_unset)
{
    (void)expand("$A ${A} $NO ${OTHER:-x} ${TRIMMED#x} $DECLARED");
    cr_assert_eq(expansion.used.count, 2);
    cr_expect_str_eq(expansion.used.items[0], "A");
    cr_expect_str_eq(expansion.used.items[1], "DECLARED");
    cr_assert_eq(expansion.unset.count, 2);
    cr_expect_str_eq(expansion.unset.items[0], "NO");
    cr_expect_str_eq(expansion.unset.items[1], "TRIMMED");
}

Test(expansion, depth_is_bounded)
{
    scoped_text struct text text = {0};

    for (size_t i = 0; i <= LIMIT_EXPANSION_DEPTH; i++)
        text_append(&text, "${NO:-");
    EXPECT(text_get(&text), "variables are nested too deeply");
}

Test(expansion, length_is_bounded)
{
    scoped_text struct text value = {0};

    while (value.length < LIMIT_EXPANSION_BYTES / 2)
        text_append(&value, "0123456789");
    cr_assert_eq(scope_set_env(scope, "LONG", text_get(&value), &err), 0);
    cr_expect_eq(strlen(expand("$LONG")), value.length);
    EXPECT("$LONG$LONG$LONG", "the expanded text is too long");
    EXPECT("${LONG//?/xxxx}", "the expanded text is too long");
}

Test(expansion, work_is_bounded)
{
    scoped_text struct text value = {0}, text = {0};

    while (value.length < LIMIT_EXPANSION_BYTES / 2)
        text_append(&value, "0123456789");
    cr_assert_eq(scope_set_env(scope, "LONG", text_get(&value), &err), 0);
    for (size_t i = 0; i < 200; i++)
        text_append(&text, "${LONG%%*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa*}");
    EXPECT(text_get(&text), "the expanded text is too long");
    text_clear(&text);
    for (size_t i = 0; i < 200; i++)
        text_append(&text, "${LONG##*0*9*0*9*0*9*0*9*0*9*0*9*0*9*0*9*0*9*0*9*}");
    EXPECT(text_get(&text), "there is too much to match");
}

Test(expansion, all_variables_together_are_bounded)
{
    scoped_text struct text value = {0};
    int result = 0;

    while (value.length < LIMIT_EXPANSION_BYTES)
        text_append(&value, "0123456789");
    for (size_t i = 0; result == 0 && i < 1000; i++)
        result = scope_set_env(scope, "AGAIN", text_get(&value), &err);
    cr_expect_eq(result, -1);
    cr_expect_str_eq(err.text, "the values of all variables are too long");
}
