/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/ignore_file.h"

#include <criterion/criterion.h>
#include <string.h>

static bool ignores(const char *text, const char *path)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct ignore_file ignore;
    struct error err;

    cr_assert_eq(ignore_file_parse(text, strlen(text), arena, &ignore, &err), 0);
    return ignore_file_matches(&ignore, path);
}

Test(ignore_file, the_last_line_that_matches_counts)
{
    cr_expect(ignores("*.md\n!README.md\n", "a.md"));
    cr_expect(!ignores("*.md\n!README.md\n", "README.md"));
    cr_expect(ignores("*.md\n!README*.md\nREADME-secret.md\n", "README-secret.md"));
    cr_expect(!ignores("*.md\nREADME-secret.md\n!README*.md\n", "README-secret.md"));
}

Test(ignore_file, what_is_in_an_ignored_directory_is_ignored)
{
    cr_expect(ignores("node_modules", "node_modules/a/b.js"));
    cr_expect(ignores("*/temp", "x/temp/y"));
    cr_expect(!ignores("*/temp", "x/y/temp"));
    cr_expect(ignores("**/temp", "x/y/temp/z"));
    cr_expect(!ignores("dir\n!dir/keep", "dir/keep/x"));
    cr_expect(ignores("dir\n!dir/keep", "dir/other"));
}

Test(ignore_file, patterns_are_cleaned)
{
    cr_expect(ignores("/foo/bar", "foo/bar"));
    cr_expect(ignores("foo/bar/", "foo/bar"));
    cr_expect(ignores("  foo/./x/../bar \r\n", "foo/bar"));
    cr_expect(ignores("! foo\nfoo", "foo"));
    cr_expect(!ignores("foo\n! foo", "foo"));
    cr_expect(ignores("\xef\xbb\xbf"
                      "foo",
                      "foo"));
}

Test(ignore_file, comments_begin_in_the_first_column)
{
    cr_expect(!ignores("#foo", "#foo"));
    cr_expect(ignores(" #foo", "#foo"));
    cr_expect(!ignores("\n\n  \n", "foo"));
}

Test(ignore_file, the_context_itself_is_never_ignored)
{
    cr_expect(!ignores("**", ""));
    cr_expect(!ignores(".", "."));
    cr_expect(ignores("*", "a/b"));
    cr_expect(!ignores("*\n!a", "a/b"));
}

Test(ignore_file, a_bad_pattern_is_told_with_its_line)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct ignore_file ignore;
    struct error err;

    cr_assert_lt(ignore_file_parse("a\n[\n", 4, arena, &ignore, &err), 0);
    cr_expect(strstr(err.text, "line 2"), "%s", err.text);
    cr_assert_lt(ignore_file_parse("!\n", 2, arena, &ignore, &err), 0);
}
