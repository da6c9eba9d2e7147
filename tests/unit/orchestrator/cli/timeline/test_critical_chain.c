/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/timeline/critical_chain.h"

#include <criterion/criterion.h>

#include "tests/unit/orchestrator/cli/timeline/timeline_fixture.h"

static void expect_chain(struct timeline *timeline, const char *expected)
{
    struct critical_chain chain = critical_chain_find(timeline);
    scoped_text struct text text = {0};

    for (size_t i = 0; i < chain.count; i++) {
        text_append(&text, i ? ", " : "");
        critical_step_text(&chain.steps[i], "p", &text);
    }
    cr_expect_str_eq(text_get(&text), expected);
}

Test(critical_chain, it_leads_through_what_was_waited_for)
{
    struct story story = {.arena = arena_new()};

    story_shop(&story);
    expect_chain(story_timeline(&story),
                 "load the Compose files, pull pg:15, make the plan, hand it to the supervisor, "
                 "make networks, db-1 is created, db-1 starts, db-1 becomes healthy, api-1 starts, "
                 "web-1 starts");
    arena_free(story.arena);
}

Test(critical_chain, what_it_passes_by_is_not_marked)
{
    struct story story = {.arena = arena_new()};
    struct timeline *timeline;

    story_shop(&story);
    story_of(&story, "idle", (struct event){.kind = EVENT_CREATE, .clock_ns = 1530});
    timeline = story_timeline(&story);
    (void)critical_chain_find(timeline);
    cr_expect(timeline->tracks[0].spans[1].critical, "the longer pull");
    cr_expect_not(timeline->tracks[0].spans[2].critical, "the shorter one beside it");
    cr_expect_not(timeline_find(timeline, "p-api-1")->spans[1].critical, "a wait");
    arena_free(story.arena);
}

Test(critical_chain, a_wait_for_what_is_not_known_is_part_of_it)
{
    struct story story = {.arena = arena_new()};

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a",
             (struct event){
                 .kind = EVENT_WAIT, .clock_ns = 1001, .on = "front", .detail = "to be made anew"});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 1300});
    story_of(&story, "a", (struct event){.kind = EVENT_START, .clock_ns = 1310});
    expect_chain(story_timeline(&story),
                 "hand it to the supervisor, a-1 waits for front to be made anew, a-1 starts");
    arena_free(story.arena);
}

Test(critical_chain, the_largest_parts_are_told)
{
    struct story story = {.arena = arena_new()};
    scoped_text struct text text = {0};
    struct timeline *timeline;
    struct critical_chain chain;

    story_shop(&story);
    timeline = story_timeline(&story);
    chain = critical_chain_find(timeline);
    critical_chain_summary(&chain, timeline, "p", &text);
    cr_expect_str_eq(text_get(&text),
                     "53 % pull pg:15, 39 % db-1 becomes healthy, 1 % load the Compose files, "
                     "7 % other");
    arena_free(story.arena);
}

Test(critical_chain, of_an_up_that_is_not_ready_it_ends_with_what_is_under_way)
{
    struct story story = {.arena = arena_new()};

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 1001});
    story_of(&story, "b",
             (struct event){
                 .kind = EVENT_WAIT, .clock_ns = 1001, .on = "p-a-1", .detail = "to be healthy"});
    story_of(&story, "a", (struct event){.kind = EVENT_START, .clock_ns = 1010, .code = 1});
    story_of(&story, "a",
             (struct event){.kind = EVENT_PROBE, .clock_ns = 1500, .took_ns = 1, .code = 1});
    expect_chain(story_timeline(&story),
                 "hand it to the supervisor, a-1 starts, a-1 becomes healthy");
    arena_free(story.arena);
}
