/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/timeline/timeline_chart.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/orchestrator/cli/timeline/timeline_fixture.h"

static void shop_print(int columns, struct text *out)
{
    struct story story = {.arena = arena_new()};
    struct timeline *timeline;
    struct critical_chain chain;

    story_shop(&story);
    timeline = story_timeline(&story);
    chain = critical_chain_find(timeline);
    timeline_chart_print(
        &(struct timeline_chart){
            .timeline = timeline, .chain = &chain, .project = "p", .columns = columns},
        out);
    arena_free(story.arena);
}

Test(timeline_chart, a_shop_is_drawn)
{
    scoped_text struct text out = {0};

    shop_print(80, &out);
    cr_expect_str_eq(
        text_get(&out),
        "p: ready after 920ms\n"
        "\n"
        "             |0           200ms       400ms        600ms       800ms   |\n"
        "* load       |=                                                        |    10ms\n"
        "* pull db    |##############################                           |   490ms\n"
        "  pull web   |############                                             |   190ms\n"
        "* plan       |                              =                          |    10ms\n"
        "* supervisor |                               =                         |    10ms\n"
        "* network    |                                =                        |     4ms\n"
        "* db-1       |                                =~~~~~~~~~~~~~~~~~~~~~~  |   371ms\n"
        "* api-1      |                                =......................= |   381ms\n"
        "* web-1      |                                =.......................=|   391ms\n"
        "\n"
        ". waits  = starts  ~ until healthy  # works  - is replaced\n"
        "\n"
        "The chain that it took so long for (*):\n"
        "  at       0     10ms  load the Compose files\n"
        "  at    10ms    490ms  pull pg:15\n"
        "  at   500ms     10ms  make the plan\n"
        "  at   510ms     10ms  hand it to the supervisor\n"
        "  at   521ms      4ms  make networks\n"
        "  at   529ms      1ms  db-1 is created\n"
        "  at   531ms      9ms  db-1 starts\n"
        "  at   540ms    360ms  db-1 becomes healthy\n"
        "  at   901ms      9ms  api-1 starts\n"
        "  at   911ms      9ms  web-1 starts\n"
        "\n"
        "Spent: 53 % pull pg:15, 39 % db-1 becomes healthy, 1 % load the Compose files, 7 % other\n");
}

Test(timeline_chart, no_line_of_the_picture_is_wider_than_asked)
{
    for (int columns = 40; columns < 200; columns += 13) {
        scoped_text struct text out = {0};
        size_t n_rows = 0;

        shop_print(columns, &out);
        for (const char *line = text_get(&out); *line; line += strcspn(line, "\n") + 1) {
            if (!memchr(line, '|', strcspn(line, "\n")))
                continue;
            cr_expect_leq(strcspn(line, "\n"), (size_t)columns);
            n_rows++;
        }
        cr_expect_eq(n_rows, 10, "the axis, six of the project, three containers");
    }
}
