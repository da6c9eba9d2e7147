/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/pattern.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct pattern_trim shortest_prefix = {false, false};
static const struct pattern_trim longest_prefix = {false, true};
static const struct pattern_trim shortest_suffix = {true, false};
static const struct pattern_trim longest_suffix = {true, true};

#define EXPECT_TRIM(pattern, value, how, result)                                                   \
    do {                                                                                           \
        scoped_text struct text out = {0};                                                         \
        struct error err;                                                                          \
        cr_expect_eq(pattern_trim(pattern, value, how, &out, &err), 0);                            \
        cr_expect_str_eq(text_get(&out), result);                                                  \
    } while (0)

#define EXPECT_REPLACE(pattern, value, how, result)                                                \
    do {                                                                                           \
        scoped_text struct text out = {0};                                                         \
        struct error err;                                                                          \
        struct pattern_replace replace = how;                                                      \
        cr_expect_eq(pattern_replace(pattern, value, replace, &out, &err), 0);                     \
        cr_expect_str_eq(text_get(&out), result);                                                  \
    } while (0)

#define FIRST(with) ((struct pattern_replace){with, false})
#define ALL(with) ((struct pattern_replace){with, true})

Test(pattern, a_prefix_is_as_short_or_as_long_as_can_be)
{
    EXPECT_TRIM("a*b", "axbxbc", shortest_prefix, "xbc");
    EXPECT_TRIM("a*b", "axbxbc", longest_prefix, "c");
    EXPECT_TRIM("*", "abc", shortest_prefix, "abc");
    EXPECT_TRIM("*", "abc", longest_prefix, "");
    EXPECT_TRIM("*b*", "abcb", shortest_prefix, "cb");
    EXPECT_TRIM("b", "abc", longest_prefix, "abc");
    EXPECT_TRIM("", "abc", longest_prefix, "abc");
}

Test(pattern, a_suffix_is_as_short_or_as_long_as_can_be)
{
    EXPECT_TRIM(".*", "a.tar.gz", shortest_suffix, "a.tar");
    EXPECT_TRIM(".*", "a.tar.gz", longest_suffix, "a");
    EXPECT_TRIM("b*b", "abbb", shortest_suffix, "ab");
    EXPECT_TRIM("b*b", "abbb", longest_suffix, "a");
    EXPECT_TRIM("?z", "a.gz", shortest_suffix, "a.");
}

Test(pattern, a_question_mark_is_one_character_of_any_length)
{
    EXPECT_TRIM("?", "äb", longest_prefix, "b");
    EXPECT_TRIM("?", "bä", longest_suffix, "b");
    EXPECT_TRIM("??", "\xff\xffx", longest_prefix, "x");
    EXPECT_TRIM("?????", "abc", longest_prefix, "abc");
}

Test(pattern, a_backslash_takes_the_meaning_away)
{
    EXPECT_TRIM("\\*", "*a", longest_prefix, "a");
    EXPECT_TRIM("\\*", "aa", longest_prefix, "aa");
    EXPECT_TRIM("a\\?", "a?b", longest_prefix, "b");
    EXPECT_TRIM("\\/\\}\\\\", "/}\\x", longest_prefix, "x");
    EXPECT_TRIM("x\\*", "ax*", longest_suffix, "a");
}

Test(pattern, other_characters_are_not_escaped)
{
    scoped_text struct text out = {0};
    struct error err;

    cr_expect_eq(pattern_trim("\\a", "a", longest_prefix, &out, &err), -1);
    cr_expect_str_eq(err.text, "invalid escape '\\a' in the pattern");
    cr_expect_eq(pattern_trim("a\\", "a", longest_prefix, &out, &err), -1);
}

Test(pattern, the_first_match_or_all_are_replaced)
{
    EXPECT_REPLACE("o", "foo", FIRST("0"), "f0o");
    EXPECT_REPLACE("o", "foo", ALL("0"), "f00");
    EXPECT_REPLACE("o", "foo", ALL(""), "f");
    EXPECT_REPLACE("o*", "fooba", FIRST("-"), "f-");
    EXPECT_REPLACE("f*o", "foofoo!", ALL("-"), "-!");
    EXPECT_REPLACE("aa", "aaaaa", ALL("b"), "bba");
    EXPECT_REPLACE("x", "abc", ALL("y"), "abc");
    EXPECT_REPLACE("", "abc", ALL("y"), "abc");
    EXPECT_REPLACE("*", "", FIRST("y"), "y");
    EXPECT_REPLACE("*", "abc", ALL("y"), "y");
}

Test(pattern, matching_takes_no_time_that_explodes)
{
    scoped_text struct text pattern = {0}, value = {0};
    scoped_text struct text out = {0};
    struct error err;

    for (size_t i = 0; i < 100; i++)
        text_append(&pattern, "a*");
    text_append(&pattern, "b");
    for (size_t i = 0; i < 100000; i++)
        text_append_char(&value, 'a');
    cr_expect_eq(pattern_replace(text_get(&pattern), text_get(&value), ALL(""), &out, &err), 0);
    cr_expect_eq(out.length, value.length);
}
