/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_reference.h"

#include <criterion/criterion.h>
#include <string.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect_normalised(const char *text, const char *expected, const char *familiar)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_reference reference;
    struct error err = {0};

    cr_assert_eq(image_reference_parse(text, arena, &reference, &err), 0, "%s", err.text);
    cr_expect_str_eq(image_reference_format(&reference, arena), expected, "%s", text);
    cr_expect_str_eq(image_reference_familiar(&reference, arena), familiar, "%s", text);
}

Test(image_reference, short_names_are_completed)
{
    expect_normalised("postgres", "docker.io/library/postgres:latest", "postgres:latest");
    expect_normalised("postgres:16", "docker.io/library/postgres:16", "postgres:16");
    expect_normalised("bitnami/redis", "docker.io/bitnami/redis:latest", "bitnami/redis:latest");
    expect_normalised("docker.io/postgres", "docker.io/library/postgres:latest", "postgres:latest");
    expect_normalised("index.docker.io/a/b:1", "docker.io/a/b:1", "a/b:1");
    expect_normalised("library/a", "docker.io/library/a:latest", "a:latest");
    expect_normalised("docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest");
    expect_normalised("a/b/c", "docker.io/a/b/c:latest", "a/b/c:latest");
}

Test(image_reference, a_first_part_with_dot_colon_or_capital_is_a_registry)
{
    expect_normalised("ghcr.io/x/y:1", "ghcr.io/x/y:1", "ghcr.io/x/y:1");
    expect_normalised("localhost/x", "localhost/x:latest", "localhost/x:latest");
    expect_normalised("localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest");
    expect_normalised("Reg/x", "Reg/x:latest", "Reg/x:latest");
    expect_normalised("[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest");
    expect_normalised("127.0.0.1:5000/x:y", "127.0.0.1:5000/x:y", "127.0.0.1:5000/x:y");
}

Test(image_reference, a_digest_wins_over_a_tag)
{
    expect_normalised("postgres:16@" DIGEST, "docker.io/library/postgres@" DIGEST,
                      "postgres@" DIGEST);
    expect_normalised("ghcr.io/a/b@" DIGEST, "ghcr.io/a/b@" DIGEST, "ghcr.io/a/b@" DIGEST);
}

Test(image_reference, separators_of_the_grammar_are_allowed)
{
    expect_normalised("a__b/c--d/e.f_g", "docker.io/a__b/c--d/e.f_g:latest",
                      "a__b/c--d/e.f_g:latest");
    expect_normalised("a:_.-Z9", "docker.io/library/a:_.-Z9", "a:_.-Z9");
}

Test(image_reference, what_is_no_reference_is_refused_with_its_reason)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "the name is empty"},
        {":16", "the name is empty"},
        {"Postgres", "must be lower case"},
        {"a/B", "must be lower case"},
        {"a:", "the tag is empty"},
        {"a:b c", "is not a tag"},
        {"a:-x", "is not a tag"},
        {"a@sha256:12", "hexadecimal"},
        {"a@md5:12", "is not sha256"},
        {"a//b", "is not a repository"},
        {"a/", "is not a repository"},
        {"/a", "is not a repository"},
        {"a..b", "is not a repository"},
        {"a___b", "is not a repository"},
        {"-a", "is not a repository"},
        {"../../etc/passwd", "is not a registry"},
        {"a\nb", "is not a repository"},
        {"reg.io:99999999/a", "is not a registry"},
        {"-reg.io/a", "is not a registry"},
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "image id"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scoped(arena_free) struct arena *arena = arena_new();
        struct image_reference reference;
        struct error err = {0};

        cr_expect_eq(image_reference_parse(cases[i].text, arena, &reference, &err), -1, "'%s'",
                     cases[i].text);
        cr_expect(strstr(err.text, cases[i].reason) != NULL, "'%s': %s", cases[i].text, err.text);
    }
}

Test(image_reference, names_and_tags_have_their_largest_size)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_reference reference;
    char name[400];

    memset(name, 'a', sizeof(name));
    name[237] = '\0'; /* docker.io/library/ are 18 more */
    cr_expect_eq(image_reference_parse(name, arena, &reference, NULL), 0);
    name[237] = 'a';
    name[238] = '\0';
    cr_expect_eq(image_reference_parse(name, arena, &reference, NULL), -1);

    memset(name, 'a', sizeof(name));
    name[1] = ':';
    name[130] = '\0';
    cr_expect_eq(image_reference_parse(name, arena, &reference, NULL), 0);
    name[130] = 'a';
    name[131] = '\0';
    cr_expect_eq(image_reference_parse(name, arena, &reference, NULL), -1);
}
