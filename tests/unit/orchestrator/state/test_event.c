/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/event.h"

#include <criterion/criterion.h>
#include <string.h>

static struct event parsed(struct arena *arena, const char *line)
{
    struct event event = {0};
    struct error err = {0};

    cr_assert_eq(event_parse(line, strlen(line), arena, &event, &err), 0, "%s", err.text);
    return event;
}

Test(event, an_event_is_a_line_and_comes_back_as_it_was)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct event event = {.time_ns = 1767225600000000001,
                          .clock_ns = 12,
                          .kind = EVENT_WAIT,
                          .service = "api",
                          .container = "shop-api-1",
                          .image = "api:1",
                          .starts = 3,
                          .code = -1,
                          .detail = "to be \"healthy\"\n",
                          .on = "shop-db-1",
                          .up = 7,
                          .took_ns = 9};
    scoped_text struct text line = {0};
    struct event back;

    event_format(&event, &line);
    cr_assert_eq(strcspn(text_get(&line), "\n"), line.length - 1, "one newline, at its end");
    line.data[--line.length] = '\0';
    back = parsed(arena, text_get(&line));
    cr_expect_eq(back.time_ns, event.time_ns);
    cr_expect_eq(back.clock_ns, event.clock_ns);
    cr_expect_eq(back.kind, event.kind);
    cr_expect_str_eq(back.service, "api");
    cr_expect_str_eq(back.container, "shop-api-1");
    cr_expect_str_eq(back.image, "api:1");
    cr_expect_eq(back.starts, 3);
    cr_expect_eq(back.code, -1);
    cr_expect_str_eq(back.detail, event.detail);
    cr_expect_str_eq(back.on, "shop-db-1");
    cr_expect_eq(back.up, 7);
    cr_expect_eq(back.took_ns, 9);
}

Test(event, every_kind_has_a_name_of_its_own)
{
    for (enum event_kind kind = EVENT_OTHER; kind < EVENT_KINDS; kind++)
        cr_expect_eq(event_kind_of(event_kind_name(kind)), kind);
}

Test(event, what_a_newer_build_has_written_is_another_event)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_eq(parsed(arena, "{\"action\":\"teleport\",\"whither\":[1]}").kind, EVENT_OTHER);
    cr_expect_eq(parsed(arena, "{}").kind, EVENT_OTHER);
}

Test(event, what_is_no_event_is_an_error)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct event event;
    struct error err = {0};

    cr_expect_eq(event_parse("{\"code\":\"x\"}", 12, arena, &event, &err), -1);
    cr_expect_eq(event_parse("{", 1, arena, &event, &err), -1);
    cr_expect_eq(event_parse("", 0, arena, &event, &err), -1);
}

Test(event, text_that_is_no_utf_8_is_left_out)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct event event = {.kind = EVENT_PROBE, .detail = "\xff", .container = "a"};
    scoped_text struct text line = {0};

    event_format(&event, &line);
    cr_expect_null(parsed(arena, text_get(&line)).detail);
    cr_expect_str_eq(parsed(arena, text_get(&line)).container, "a");
}
