/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/build_graph.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena *arena;
static struct diagnostics *diagnostics;
static struct dockerfile dockerfile;
static struct build_arguments arguments = {.platform = "linux/amd64",
                                           .build_platform = "linux/amd64"};
static struct build_graph graph;

static void setup(void)
{
    arena = arena_new();
    diagnostics = diagnostics_new();
}

static void teardown(void)
{
    diagnostics_free(diagnostics);
    arena_free(arena);
}

TestSuite(build_graph, .init = setup, .fini = teardown);

static int make(const char *text)
{
    struct dockerfile_source source = {"Dockerfile", text, strlen(text)};
    struct build_graph_source graph_source = {&dockerfile, &arguments, NULL};

    cr_assert_eq(dockerfile_parse(&source, arena, diagnostics, &dockerfile), 0);
    return build_graph_make(&graph_source, arena, diagnostics, &graph);
}

/* "2 0 1" */
static const char *order(void)
{
    scoped_text struct text out = {0};

    for (size_t i = 0; i < graph.n_order; i++)
        text_appendf(&out, "%s%zu", i ? " " : "", graph.order[i]);
    return arena_strdup(arena, text_get(&out));
}

Test(build_graph, a_stage_comes_behind_what_it_builds_on)
{
    cr_assert_eq(make("FROM x AS a\nFROM y AS b\nFROM z AS c\nFROM c AS d\n"
                      "COPY --from=a / /\nRUN --mount=from=2,target=/x y\n"),
                 0);
    cr_expect_str_eq(order(), "2 0 3");
    cr_expect_not(graph.nodes[1].needed);
}

Test(build_graph, a_copy_may_come_from_a_later_stage)
{
    arguments.target = "a";
    cr_assert_eq(make("FROM x AS a\nCOPY --from=b / /\nFROM y AS b\n"), 0);
    cr_expect_str_eq(order(), "1 0");
}

Test(build_graph, a_base_is_an_earlier_stage_only)
{
    arguments.target = "a";
    cr_assert_eq(make("FROM b AS a\nFROM a AS b\n"), 0);
    cr_expect_eq(graph.nodes[0].sources[0].kind, SOURCE_IMAGE);
}

Test(build_graph, mistakes_of_stages_that_are_not_needed_do_not_count)
{
    cr_expect_eq(make("FROM x:y:z AS a\nCOPY --from=99 / /\nFROM x\n"), 0);
}

Test(build_graph, a_chain_as_long_as_a_file_can_be_is_walked)
{
    scoped_text struct text text = {0};

    text_append(&text, "FROM x AS s0\n");
    for (size_t i = 1; i < 1000; i++)
        text_appendf(&text, "FROM s%zu AS s%zu\n", i - 1, i);
    cr_assert_eq(make(text_get(&text)), 0);
    cr_expect_eq(graph.n_order, 1000);
}

Test(build_graph, a_platform_goes_up_to_the_stages_above)
{
    cr_assert_eq(make("FROM --platform=linux/arm64 x AS a\nFROM a\n"), 0);
    cr_expect_str_eq(graph.nodes[1].platform, "linux/arm64");
}

Test(build_graph, proxies_are_those_that_were_given)
{
    static const char *const values[] = {"http_proxy=a", "OTHER=b", "NO_PROXY=", NULL};
    struct string_list proxies;

    arguments.values = (struct string_list){(const char **)(uintptr_t)values, 3};
    proxies = build_arguments_proxies(&arguments, arena);
    cr_assert_eq(proxies.count, 2);
    cr_expect_str_eq(proxies.items[0], "http_proxy=a");
    cr_expect_str_eq(proxies.items[1], "NO_PROXY=");
}
