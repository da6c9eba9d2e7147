/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_name.h"

#include <criterion/criterion.h>

static void expect_name(const char *reference, const char *repository, const char *tag)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_name name = image_name_of(reference, arena);

    cr_expect_str_eq(name.repository, repository);
    cr_expect_str_eq(name.tag, tag);
}

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Test(image_name, a_reference_is_repository_and_tag_as_people_write_them)
{
    expect_name("docker.io/library/postgres:16", "postgres", "16");
    expect_name("postgres", "postgres", "latest");
    expect_name("localhost:5000/a/b:1", "localhost:5000/a/b", "1");
}

Test(image_name, a_digest_is_no_tag)
{
    expect_name("ghcr.io/a/b@sha256:" A64, "ghcr.io/a/b", "<none>");
}

Test(image_name, an_id_has_neither)
{
    expect_name("sha256:" A64, "<none>", "<none>");
    expect_name("", "<none>", "<none>");
}
