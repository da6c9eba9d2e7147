/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/path_glob.h"

#include <criterion/criterion.h>

static bool matches(const char *pattern, bool crosses, const char *path)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct path_glob *glob;
    struct error err;

    cr_assert_eq(path_glob_compile(pattern, crosses, arena, &glob, &err), 0, "%s", pattern);
    return path_glob_matches(glob, path);
}

static bool is_wrong(const char *pattern)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct path_glob *glob;
    struct error err;

    return path_glob_compile(pattern, false, arena, &glob, &err) < 0;
}

/* The table of Go's path/filepath, match_test.go. */
Test(path_glob, it_matches_as_go_does)
{
    static const struct {
        const char *pattern, *path;
        bool match;
    } cases[] = {
        {"abc", "abc", true},
        {"*", "abc", true},
        {"*c", "abc", true},
        {"a*", "a", true},
        {"a*", "abc", true},
        {"a*", "ab/c", false},
        {"a*/b", "abc/b", true},
        {"a*/b", "a/c/b", false},
        {"a*b*c*d*e*/f", "axbxcxdxe/f", true},
        {"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
        {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
        {"a*b?c*x", "abxbbxdbxebxczzx", true},
        {"a*b?c*x", "abxbbxdbxebxczzy", false},
        {"ab[c]", "abc", true},
        {"ab[b-d]", "abc", true},
        {"ab[e-g]", "abc", false},
        {"ab[^c]", "abc", false},
        {"ab[^b-d]", "abc", false},
        {"ab[^e-g]", "abc", true},
        {"a\\*b", "a*b", true},
        {"a\\*b", "ab", false},
        {"a?b",
         "a\xe2\x98\xba"
         "b",
         true},
        {"a[^a]b",
         "a\xe2\x98\xba"
         "b",
         true},
        {"a???b",
         "a\xe2\x98\xba"
         "b",
         false},
        {"[a-\xce\xb6]*", "\xce\xb1", true},
        {"*[a-\xce\xb6]", "A", false},
        {"a?b", "a/b", false},
        {"a*b", "a/b", false},
        {"[\\]a]", "]", true},
        {"[\\-]", "-", true},
        {"[x\\-]", "x", true},
        {"[x\\-]", "z", false},
        {"[\\-x]", "-", true},
        {"*x", "xxx", true},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        cr_expect_eq(matches(cases[i].pattern, false, cases[i].path), cases[i].match, "%s on %s",
                     cases[i].pattern, cases[i].path);
}

Test(path_glob, what_go_calls_a_bad_pattern_is_one)
{
    static const char *const bad[] = {"[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]",
                                      "[",    "[^",  "[^bc", "a[",   "a\\"};

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        cr_expect(is_wrong(bad[i]), "%s", bad[i]);
}

Test(path_glob, two_stars_cross_directories_where_they_may)
{
    cr_expect(matches("**", true, "a/b/c"));
    cr_expect(matches("**/c", true, "c"));
    cr_expect(matches("**/c", true, "a/b/c"));
    cr_expect(matches("a/**", true, "a/b/c"));
    cr_expect(matches("a/**/c", true, "a/c"));
    cr_expect(matches("a/**/c", true, "a/x/y/c"));
    cr_expect(matches("**/*.go", true, "x/y.go"));
    cr_expect(!matches("**/c", true, "abc"));
    cr_expect(!matches("a/**/c", true, "ac"));
    cr_expect(!matches("**/c", false, "a/b/c"));
}

Test(path_glob, a_long_pattern_on_a_long_path_takes_no_time)
{
    char path[4000];

    for (size_t i = 0; i < sizeof(path) - 1; i++)
        path[i] = 'a';
    path[sizeof(path) - 1] = '\0';
    cr_expect(!matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", false, path));
    cr_expect(!matches("**/a**/a**/a**/a**/a**/a**/a**/b", true, path));
}
