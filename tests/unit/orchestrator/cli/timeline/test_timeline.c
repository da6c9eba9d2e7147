/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/timeline/timeline.h"

#include <criterion/criterion.h>

#include "tests/unit/orchestrator/cli/timeline/timeline_fixture.h"

static void expect_track(const struct track *track, const char *expected)
{
    scoped_text struct text text = {0};

    cr_assert_not_null(track);
    track_text(track, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

static void expect_ready_ms(const struct timeline *timeline, const char *container, uint64_t ms)
{
    const struct track *track = timeline_find(timeline, container);

    cr_assert_not_null(track);
    cr_expect(track->ready, "%s is not ready", container);
    cr_expect_eq(track->ready_ns, ms * 1000000, "%s: %llu", container,
                 (unsigned long long)track->ready_ns);
}

Test(timeline, without_an_up_there_is_none)
{
    struct story story = {.arena = arena_new()};

    cr_expect_null(timeline_make(NULL, 0, story.arena));
    story_of(&story, "db", (struct event){.kind = EVENT_DIE, .clock_ns = 10});
    cr_expect_null(timeline_make(story.events, story.count, story.arena));
    arena_free(story.arena);
}

Test(timeline, a_shop_is_told_span_by_span)
{
    struct story story = {.arena = arena_new()};
    const struct timeline *timeline;

    story_shop(&story);
    timeline = story_timeline(&story);
    cr_expect_eq(timeline->began_ns, 1767225600000000000 + 1000 * 1000000);
    cr_expect(timeline->ready);
    cr_expect_eq(timeline->length_ns, 920 * 1000000);
    expect_track(
        &timeline->tracks[0],
        "load 0-10, pull 10-500, pull 10-200, plan 500-510, supervisor 510-520, network 521-525");
    expect_track(timeline_find(timeline, "p-db-1"),
                 "create 529-530, start 531-540, probe 595-600, probe 695-700, probe 795-800, "
                 "probe 895-900, health 540-900");
    expect_track(timeline_find(timeline, "p-api-1"), "create 529-530, wait 531-900, start 901-910");
    expect_ready_ms(timeline, "p-db-1", 900);
    expect_ready_ms(timeline, "p-api-1", 910);
    arena_free(story.arena);
}

Test(timeline, only_the_last_up_is_told)
{
    struct story story = {.arena = arena_new()};
    const struct timeline *timeline;

    story_shop(&story);
    story_tell(&story,
               (struct event){.kind = EVENT_LOAD, .clock_ns = 5010, .took_ns = 10, .up = 8});
    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 5020, .up = 8});
    timeline = story_timeline(&story);
    expect_track(&timeline->tracks[0], "load 0-10, supervisor 10-20");
    cr_expect_eq(timeline->n_tracks, 1, "nothing was to be started");
    cr_expect(timeline->ready);
    arena_free(story.arena);
}

Test(timeline, an_up_that_was_asked_for_twice_is_one)
{
    struct story story = {.arena = arena_new()};
    struct event load = {.kind = EVENT_LOAD, .clock_ns = 1010, .took_ns = 10, .up = 7};

    story_tell(&story, load);
    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1020, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_CREATE, .clock_ns = 1030, .took_ns = 1});
    story_tell(&story, load);
    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1200, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 1210});
    story_of(&story, "a", (struct event){.kind = EVENT_START, .clock_ns = 1220});
    expect_track(&story_timeline(&story)->tracks[0], "load 0-10, supervisor 10-20");
    expect_track(timeline_find(story_timeline(&story), "p-a-1"), "create 29-30, start 210-220");
    arena_free(story.arena);
}

Test(timeline, what_happens_after_all_is_ready_is_not_part_of_it)
{
    struct story story = {.arena = arena_new()};

    story_shop(&story);
    story_of(&story, "web", (struct event){.kind = EVENT_DIE, .clock_ns = 9000});
    story_of(&story, "web", (struct event){.kind = EVENT_STARTING, .clock_ns = 9100});
    story_of(&story, "web", (struct event){.kind = EVENT_START, .clock_ns = 9200});
    cr_expect_eq(story_timeline(&story)->length_ns, 920 * 1000000);
    arena_free(story.arena);
}

Test(timeline, what_happens_long_after_an_up_that_had_nothing_to_do_is_not_part_of_it)
{
    struct story story = {.arena = arena_new()};

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_DIE, .clock_ns = 60000});
    cr_expect_eq(story_timeline(&story)->n_tracks, 1);
    arena_free(story.arena);
}

Test(timeline, what_happens_after_a_boot_is_not_part_of_it)
{
    struct story story = {.arena = arena_new()};

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_CREATE, .clock_ns = 1010});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 500});
    expect_track(timeline_find(story_timeline(&story), "p-a-1"), "create 10-10");
    arena_free(story.arena);
}

Test(timeline, a_job_that_is_waited_for_is_ready_when_it_has_ended)
{
    struct story story = {.arena = arena_new()};
    const struct timeline *timeline;

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "api",
             (struct event){
                 .kind = EVENT_WAIT, .clock_ns = 1001, .on = "p-job-1", .detail = "to complete"});
    story_of(&story, "job", (struct event){.kind = EVENT_STARTING, .clock_ns = 1001});
    story_of(&story, "job", (struct event){.kind = EVENT_START, .clock_ns = 1010});
    story_of(&story, "job", (struct event){.kind = EVENT_DIE, .clock_ns = 1300});
    story_of(&story, "api", (struct event){.kind = EVENT_STARTING, .clock_ns = 1301});
    story_of(&story, "api", (struct event){.kind = EVENT_START, .clock_ns = 1310});
    timeline = story_timeline(&story);
    expect_track(timeline_find(timeline, "p-job-1"), "start 1-10, run 10-300");
    expect_ready_ms(timeline, "p-job-1", 300);
    expect_ready_ms(timeline, "p-api-1", 310);
    arena_free(story.arena);
}

Test(timeline, hooks_of_the_start_are_awaited)
{
    struct story story = {.arena = arena_new()};

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 1001});
    story_of(&story, "a", (struct event){.kind = EVENT_START, .clock_ns = 1010, .code = 2});
    story_of(
        &story, "a",
        (struct event){.kind = EVENT_HOOK, .clock_ns = 1020, .took_ns = 9, .detail = "post_start"});
    cr_expect_not(story_timeline(&story)->ready);
    story_of(&story, "a",
             (struct event){
                 .kind = EVENT_HOOK, .clock_ns = 1040, .took_ns = 19, .detail = "post_start"});
    expect_ready_ms(story_timeline(&story), "p-a-1", 40);
    arena_free(story.arena);
}

Test(timeline, a_replaced_container_stops_first)
{
    struct story story = {.arena = arena_new()};

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_KILL, .clock_ns = 1001, .code = 15});
    story_of(&story, "a", (struct event){.kind = EVENT_DIE, .clock_ns = 1101, .code = 143});
    story_of(&story, "a", (struct event){.kind = EVENT_STOP, .clock_ns = 1101});
    story_of(&story, "a", (struct event){.kind = EVENT_DESTROY, .clock_ns = 1110});
    story_of(&story, "a", (struct event){.kind = EVENT_CREATE, .clock_ns = 1112, .took_ns = 1});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 1113});
    story_of(&story, "a", (struct event){.kind = EVENT_START, .clock_ns = 1120});
    expect_track(timeline_find(story_timeline(&story), "p-a-1"),
                 "stop 1-101, remove 101-110, create 111-112, start 113-120");
    expect_ready_ms(story_timeline(&story), "p-a-1", 120);
    arena_free(story.arena);
}

Test(timeline, a_container_that_dies_before_it_is_healthy_is_not_ready)
{
    struct story story = {.arena = arena_new()};
    const struct timeline *timeline;

    story_tell(&story, (struct event){.kind = EVENT_UP, .clock_ns = 1000, .up = 7});
    story_of(&story, "a", (struct event){.kind = EVENT_STARTING, .clock_ns = 1001});
    story_of(&story, "a", (struct event){.kind = EVENT_START, .clock_ns = 1010, .code = 1});
    story_of(&story, "a", (struct event){.kind = EVENT_DIE, .clock_ns = 1200, .code = 3});
    timeline = story_timeline(&story);
    cr_expect_not(timeline->ready);
    cr_expect(timeline_find(timeline, "p-a-1")->failed);
    expect_track(timeline_find(timeline, "p-a-1"), "start 1-10, run 10-200");
    arena_free(story.arena);
}

Test(timeline, what_is_still_under_way_reaches_to_the_last_event)
{
    struct story story = {.arena = arena_new()};
    const struct track *track;

    story_shop(&story);
    story.count -= 6; /* db has failed three probes; api and web wait */
    track = timeline_find(story_timeline(&story), "p-api-1");
    expect_track(track, "create 529-530, wait 531-800");
    cr_expect(track->spans[1].open);
    cr_expect_not(track->ready);
    cr_expect_not(story_timeline(&story)->ready);
    arena_free(story.arena);
}
