/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/shell_words.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/text.h"

/* The words with '|' between them, '!' behind when the command was cut, or "error". */
static const char *split(struct arena *arena, const char *text)
{
    struct string_list words = {0};
    scoped_text struct text out = {0};
    struct error err = {0};
    bool cut;

    if (shell_words_split(arena, text, &words, &cut, &err) < 0)
        return "error";
    for (size_t i = 0; i < words.count; i++)
        text_appendf(&out, "%s%s", i ? "|" : "", words.items[i]);
    text_append(&out, cut ? "!" : "");
    return arena_strdup(arena, text_get(&out));
}

#define EXPECT(text, result)                                                                       \
    do {                                                                                           \
        scoped(arena_free) struct arena *arena = arena_new();                                      \
        cr_expect_str_eq(split(arena, text), result, "%s", text);                                  \
    } while (0)

Test(shell_words, quotes_hold_words_together)
{
    EXPECT("sh -c \"a > b\"", "sh|-c|a > b");
    EXPECT("a '' \"\" b", "a|||b");
    EXPECT("a'b c'd", "ab cd");
}

Test(shell_words, operators_end_the_command)
{
    EXPECT("a && b", "a!");
    EXPECT("a;b", "a!");
    EXPECT("a<b", "a!");
    EXPECT("a > /dev/null", "a!");
    EXPECT("a b|c", "a|b!");
    EXPECT("a 2>&1", "a!");
    EXPECT("a \"&\" b", "a|&|b");
    EXPECT("a \\; b", "a|;|b");
}

Test(shell_words, a_backslash_is_removed_outside_of_single_quotes)
{
    EXPECT("a\\nb \"c\\td\" 'x\\ny'", "anb|ctd|x\\ny");
}

Test(shell_words, a_backslash_must_not_be_the_last)
{
    EXPECT("a b\\", "error");
    EXPECT("a 'b\\'", "a|b\\");
}

Test(shell_words, substitutions_are_kept_as_one_word)
{
    EXPECT("a$(b c)d", "a$(b c)d");
    EXPECT("a `b c` d", "a|`b c`|d");
}

Test(shell_words, there_are_no_comments_and_no_globs)
{
    EXPECT("a # b", "a|#|b");
    EXPECT("a*b ~ $X", "a*b|~|$X");
}

Test(shell_words, what_is_not_closed_is_refused)
{
    EXPECT("it's", "error");
    EXPECT("a \"b", "error");
    EXPECT("a `b", "error");
    EXPECT("echo (a)", "error");
    EXPECT("a $(b", "error");
    EXPECT("a )", "error");
}

Test(shell_words, an_empty_command_has_no_words)
{
    EXPECT("", "");
    EXPECT("  \t\n ", "");
}
