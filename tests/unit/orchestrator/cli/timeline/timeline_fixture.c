/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/orchestrator/cli/timeline/timeline_fixture.h"

#include <criterion/criterion.h>

enum { NS_PER_MS = 1000000 };

void story_tell(struct story *story, struct event event)
{
    cr_assert_lt(story->count, STORY_MAX);
    event.clock_ns *= NS_PER_MS;
    event.took_ns *= NS_PER_MS;
    event.time_ns = 1767225600000000000 + event.clock_ns;
    story->events[story->count++] = event;
}

void story_of(struct story *story, const char *service, struct event event)
{
    event.service = service;
    event.container = arena_printf(story->arena, "p-%s-1", service);
    story_tell(story, event);
}

static void story_start(struct story *story, const char *service, uint64_t from_ms, uint64_t to_ms)
{
    story_of(story, service, (struct event){.kind = EVENT_STARTING, .clock_ns = from_ms});
    story_of(story, service, (struct event){.kind = EVENT_START, .clock_ns = to_ms});
}

static void story_phases(struct story *story)
{
    const struct event phases[] = {
        {.kind = EVENT_LOAD, .clock_ns = 1010, .took_ns = 10},
        {.kind = EVENT_PULL, .clock_ns = 1500, .took_ns = 490, .service = "db", .detail = "pg:15"},
        {.kind = EVENT_PULL, .clock_ns = 1200, .took_ns = 190, .service = "web", .detail = "ng"},
        {.kind = EVENT_PLAN, .clock_ns = 1510, .took_ns = 10},
        {.kind = EVENT_UP, .clock_ns = 1520},
        {.kind = EVENT_NETWORK, .clock_ns = 1525, .took_ns = 4},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(phases); i++) {
        struct event phase = phases[i];

        phase.up = 7;
        story_tell(story, phase);
    }
}

void story_shop(struct story *story)
{
    story_phases(story);
    story_of(story, "db", (struct event){.kind = EVENT_CREATE, .clock_ns = 1530, .took_ns = 1});
    story_of(story, "api", (struct event){.kind = EVENT_CREATE, .clock_ns = 1530, .took_ns = 1});
    story_of(story, "web", (struct event){.kind = EVENT_CREATE, .clock_ns = 1530, .took_ns = 1});
    story_of(story, "db", (struct event){.kind = EVENT_STARTING, .clock_ns = 1531});
    story_of(story, "api",
             (struct event){
                 .kind = EVENT_WAIT, .clock_ns = 1531, .on = "p-db-1", .detail = "to be healthy"});
    story_of(story, "web",
             (struct event){
                 .kind = EVENT_WAIT, .clock_ns = 1531, .on = "p-api-1", .detail = "to start"});
    story_of(story, "db", (struct event){.kind = EVENT_START, .clock_ns = 1540, .code = 1});
    for (uint64_t at_ms = 1600; at_ms < 1900; at_ms += 100)
        story_of(
            story, "db",
            (struct event){
                .kind = EVENT_PROBE, .clock_ns = at_ms, .took_ns = 5, .code = 1, .detail = "no"});
    story_of(story, "db", (struct event){.kind = EVENT_PROBE, .clock_ns = 1900, .took_ns = 5});
    story_of(story, "db",
             (struct event){.kind = EVENT_HEALTH, .clock_ns = 1900, .detail = "healthy"});
    story_start(story, "api", 1901, 1910);
    story_start(story, "web", 1911, 1920);
}

struct timeline *story_timeline(const struct story *story)
{
    struct timeline *timeline = timeline_make(story->events, story->count, story->arena);

    cr_assert_not_null(timeline);
    return timeline;
}

void track_text(const struct track *track, struct text *out)
{
    for (size_t i = 0; i < track->n_spans; i++)
        text_appendf(out, "%s%s %llu-%llu", i ? ", " : "", span_kind_name(track->spans[i].kind),
                     (unsigned long long)track->spans[i].begin_ns / NS_PER_MS,
                     (unsigned long long)track->spans[i].end_ns / NS_PER_MS);
}
