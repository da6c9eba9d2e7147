/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/git_address.h"

#include <criterion/criterion.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

TestSuite(git_address, .init = setup, .fini = teardown);

Test(git_address, repositories_are_told_from_other_addresses)
{
    const char *repositories[] = {"https://example.com/x.git", "http://127.0.0.1:80/x.git#v1",
                                  "git://example.com/x",       "ssh://git@example.com/x",
                                  "git@example.com:x/y.git",   "github.com/x/y"};
    const char *others[] = {"https://example.com/x.tar.gz",
                            "https://example.com/x.git/file",
                            "/srv/x.git",
                            "x.git",
                            "-o@host:x",
                            "git@-host:x",
                            "git@host:",
                            "docker-image://x",
                            ""};
    struct git_address address;

    for (size_t i = 0; i < sizeof(repositories) / sizeof(*repositories); i++)
        cr_expect(git_address_parse(repositories[i], arena, &address), "%s", repositories[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        cr_expect(!git_address_parse(others[i], arena, &address), "%s", others[i]);
}

Test(git_address, what_is_behind_the_hash_is_a_ref_and_a_folder)
{
    struct git_address address;

    cr_assert(git_address_parse("https://h/x.git#v1:a/b", arena, &address));
    cr_expect_str_eq(address.remote, "https://h/x.git");
    cr_expect_str_eq(address.ref, "v1");
    cr_expect_str_eq(address.folder, "a/b");
    cr_assert(git_address_parse("https://h/x.git#:a", arena, &address));
    cr_expect_null(address.ref);
    cr_expect_str_eq(address.folder, "a");
    cr_assert(git_address_parse("https://h/x.git#main", arena, &address));
    cr_expect_str_eq(address.ref, "main");
    cr_expect_null(address.folder);
    cr_assert(git_address_parse("github.com/x/y#:", arena, &address));
    cr_expect_str_eq(address.remote, "https://github.com/x/y");
    cr_expect_null(address.ref);
    cr_expect_null(address.folder);
}
