/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/timeline/timeline_json.h"

#include <criterion/criterion.h>

#include "common/json.h"
#include "tests/unit/orchestrator/cli/timeline/timeline_fixture.h"

static json_t *parsed(const struct text *text)
{
    struct error err = {0};
    json_t *json = json_parse(text_get(text), text->length, &err);

    cr_assert_not_null(json, "%s", err.text);
    return json;
}

Test(timeline_json, spans_and_chain_are_told)
{
    struct story story = {.arena = arena_new()};
    scoped_text struct text out = {0};
    scoped(json_release) json_t *json = NULL;
    struct timeline *timeline;
    struct critical_chain chain;
    const json_t *span;

    story_shop(&story);
    timeline = story_timeline(&story);
    chain = critical_chain_find(timeline);
    timeline_json(timeline, &chain, "p", &out);
    json = parsed(&out);
    cr_expect_str_eq(json_get_string(json, "project", ""), "p");
    cr_expect_str_eq(json_get_string(json, "began", ""), "2026-01-01T00:00:01.000000000Z");
    cr_expect(json_get_bool(json, "ready", false));
    cr_expect_eq(json_real_value(json_object_get(json, "length_ms")), 920);
    cr_expect_eq(json_array_size(json_get_array(json, "critical_chain")), 10);
    span = json_array_get(json_get_array(json, "spans"), 1);
    cr_expect_str_eq(json_get_string(span, "kind", ""), "pull");
    cr_expect_str_eq(json_get_string(span, "subject", ""), "db");
    cr_expect_eq(json_real_value(json_object_get(span, "end_ms")), 500);
    cr_expect(json_get_bool(span, "critical", false));
    arena_free(story.arena);
}

/* Spans of one thread lie within each other or apart, or a viewer drops them. */
static void expect_nested(const json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++)
        for (size_t j = 0; j < json_array_size(events); j++) {
            const json_t *a = json_array_get(events, i), *b = json_array_get(events, j);
            int64_t a_begin = json_get_int(a, "ts", 0), b_begin = json_get_int(b, "ts", 0);
            int64_t a_end = a_begin + json_get_int(a, "dur", 0);
            int64_t b_end = b_begin + json_get_int(b, "dur", 0);

            if (json_get_int(a, "pid", 0) != json_get_int(b, "pid", 0) ||
                json_get_int(a, "tid", 0) != json_get_int(b, "tid", 0))
                continue;
            cr_expect(a_begin >= b_end || b_begin >= a_end ||
                          (a_begin >= b_begin && a_end <= b_end) ||
                          (b_begin >= a_begin && b_end <= a_end),
                      "%zu and %zu", i, j);
        }
}

Test(timeline_json, a_trace_has_a_process_for_each_service)
{
    struct story story = {.arena = arena_new()};
    scoped_text struct text out = {0};
    scoped(json_release) json_t *json = NULL;
    const json_t *events;
    size_t n_spans = 0, n_processes = 0;

    story_shop(&story);
    timeline_trace(story_timeline(&story), "p", &out);
    json = parsed(&out);
    events = json_get_array(json, "traceEvents");
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);

        n_spans += string_eq(json_get_string(event, "ph", ""), "X");
        n_processes += string_eq(json_get_string(event, "name", ""), "process_name");
    }
    cr_expect_eq(n_spans, 19);
    cr_expect_eq(n_processes, 4, "the project, db, api, web");
    expect_nested(events);
    arena_free(story.arena);
}
