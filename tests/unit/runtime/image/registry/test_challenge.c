/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/challenge.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/text.h"

static struct arena *arena;
static struct challenges challenges;

static void start(void)
{
    arena = arena_new();
}

static void stop(void)
{
    arena_free(arena);
}

TestSuite(challenge, .init = start, .fini = stop);

static void parse(const char *header)
{
    struct string_list headers = {0};
    struct error err = {0};

    string_list_add(arena, &headers, header);
    cr_assert(challenges_parse(&headers, arena, &challenges, &err) == 0, "%s", err.text);
}

static void expect_refused(const char *header, const char *words)
{
    struct string_list headers = {0};
    struct error err = {0};

    string_list_add(arena, &headers, header);
    cr_assert(challenges_parse(&headers, arena, &challenges, &err) < 0, "%s", header);
    cr_expect(strstr(err.text, words), "%s", err.text);
}

static void expect_parameter(const char *scheme, const char *name, const char *value)
{
    const struct challenge *challenge = challenges_find(&challenges, scheme);

    cr_assert(challenge);
    cr_expect_str_eq(challenge_get(challenge, name), value);
}

Test(challenge, dockers_hub_is_understood)
{
    parse("Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
          "scope=\"repository:library/postgres:pull,push\"");
    cr_expect_eq(challenges.count, 1);
    expect_parameter("bearer", "realm", "https://auth.docker.io/token");
    expect_parameter("bearer", "service", "registry.docker.io");
    expect_parameter("bearer", "scope", "repository:library/postgres:pull,push");
}

Test(challenge, the_example_of_the_standard_is_two)
{
    parse(
        "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"");
    cr_expect_eq(challenges.count, 2);
    expect_parameter("newauth", "type", "1");
    expect_parameter("newauth", "title", "Login to \"apps\"");
    expect_parameter("basic", "realm", "simple");
}

Test(challenge, token68_is_no_parameter)
{
    parse("Negotiate YIICa+/==, basic REALM = \"x\" ,, ,Other");
    cr_expect_eq(challenges.count, 3);
    cr_expect_str_eq(challenges_find(&challenges, "negotiate")->token68, "YIICa+/==");
    expect_parameter("basic", "realm", "x");
    cr_expect_eq(challenges_find(&challenges, "other")->n_parameters, 0);
}

Test(challenge, several_headers_are_one_list)
{
    struct string_list headers = {0};

    string_list_add(arena, &headers, "Negotiate");
    string_list_add(arena, &headers, "");
    string_list_add(arena, &headers, "Basic realm=\"x\"");
    cr_assert(challenges_parse(&headers, arena, &challenges, NULL) == 0);
    cr_expect_eq(challenges.count, 2);
}

Test(challenge, what_is_malformed_is_refused)
{
    expect_refused("Bearer realm=\"open", "quoted text without an end");
    expect_refused("Bearer realm=\"open\\", "quoted text without an end");
    expect_refused("Bearer realm=\"a\" service=\"b\"", "no comma");
    expect_refused("=", "no scheme");
    expect_refused("Bearer a=b, A=c", "parameter 'a' twice");
}

Test(challenge, everything_is_bounded)
{
    char *many = arena_alloc(arena, 20000);
    char *parameters = arena_alloc(arena, 1000);

    memset(many, 'x', 19999);
    expect_refused(many, "more than 16384 bytes");
    for (size_t i = 0; i < 17; i++)
        memcpy(many + 2 * i, "a,", 3);
    expect_refused(many, "more than 16 challenges");
    strcpy(parameters, "Bearer ");
    for (int i = 0; i < 33; i++)
        strcat(parameters, arena_printf(arena, "a%d=b,", i));
    expect_refused(parameters, "more than 32 parameters");
}
