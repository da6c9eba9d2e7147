/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/build/build_event.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(build_event, .init = set_up, .fini = tear_down);

static struct build_event read_event(const char *line)
{
    struct build_event event;
    struct error err = {0};

    cr_assert_eq(build_event_parse(line, strlen(line), arena, &event, &err), 0, "%s", err.text);
    return event;
}

Test(build_event, a_step_says_how_it_stands)
{
    struct build_event event =
        read_event("{\"event\":\"step\",\"build\":\"web\",\"id\":3,\"label\":\"[2/4]\",\"text\":"
                   "\"RUN make\",\"state\":\"done\",\"ms\":12}");

    cr_expect_eq(event.kind, BUILD_EVENT_STEP);
    cr_expect_str_eq(event.build, "web");
    cr_expect_eq(event.id, 3);
    cr_expect_str_eq(event.label, "[2/4]");
    cr_expect_str_eq(event.text, "RUN make");
    cr_expect_eq(event.state, BUILD_STEP_DONE);
    cr_expect_eq(event.ms, 12);
}

Test(build_event, what_is_missing_is_empty)
{
    struct build_event event = read_event("{\"event\":\"output\"}");

    cr_expect_eq(event.kind, BUILD_EVENT_OUTPUT);
    cr_expect_eq(event.state, BUILD_STEP_RUNNING);
    cr_expect_str_eq(event.build, "");
    cr_expect_str_eq(event.message, "");
    cr_expect_eq(event.ms, -1);
}

Test(build_event, others_are_not_known_but_no_mistake)
{
    cr_expect_eq(read_event("{\"event\":\"of another version\"}").kind, BUILD_EVENT_OTHER);
    cr_expect_eq(read_event("{\"event\":7,\"id\":\"x\"}").kind, BUILD_EVENT_OTHER);
}

Test(build_event, what_is_no_json_is_refused)
{
    struct build_event event;
    struct error err = {0};

    cr_expect_eq(build_event_parse("{\"event\":", 9, arena, &event, &err), -1);
    cr_expect_not_null(strstr(err.text, "something strange"));
}
