/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/event_line.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

static struct event an_event(enum event_kind kind)
{
    return (struct event){.time_ns = 1767225600123456789,
                          .kind = kind,
                          .service = "db",
                          .container = "p-db-1",
                          .image = "postgres:15"};
}

static void expect_text(struct event event, const char *expected)
{
    scoped_text struct text out = {0};

    cr_assert_eq(setenv("TZ", "UTC-1", 1), 0);
    tzset();
    event_line_text(&event, &out);
    cr_expect_str_eq(text_get(&out), expected);
}

static void expect_json(struct event event, const char *expected)
{
    scoped_text struct text out = {0};

    event_line_json(&event, &out);
    cr_expect_str_eq(text_get(&out), expected);
}

Test(event_line, a_line_is_docker_composes_in_local_time)
{
    expect_text(an_event(EVENT_START), "2026-01-01 01:00:00.123456 container start p-db-1 "
                                       "(image=postgres:15, name=p-db-1)\n");
}

Test(event_line, an_end_has_its_exit_code_and_how_long_it_ran)
{
    struct event event = an_event(EVENT_DIE);

    event.code = 137;
    event.took_ns = 5900000000;
    expect_text(event, "2026-01-01 01:00:00.123456 container die p-db-1 (execDuration=5, "
                       "exitCode=137, image=postgres:15, name=p-db-1)\n");
}

Test(event_line, a_signal_has_its_number)
{
    struct event event = an_event(EVENT_KILL);

    event.code = 15;
    expect_text(event, "2026-01-01 01:00:00.123456 container kill p-db-1 (image=postgres:15, "
                       "name=p-db-1, signal=15)\n");
}

Test(event_line, health_and_commands_are_part_of_the_action)
{
    struct event health = an_event(EVENT_HEALTH), exec = an_event(EVENT_EXEC_START);

    health.detail = "unhealthy";
    exec.detail = "sh -c \"x\"";
    expect_text(health, "2026-01-01 01:00:00.123456 container health_status: unhealthy p-db-1 "
                        "(image=postgres:15, name=p-db-1)\n");
    expect_text(exec, "2026-01-01 01:00:00.123456 container exec_start: sh -c \"x\" p-db-1 "
                      "(image=postgres:15, name=p-db-1)\n");
}

Test(event_line, an_object_has_docker_composes_members_in_their_order)
{
    struct event event = an_event(EVENT_DIE);

    event.code = 1;
    expect_json(event, "{\"action\":\"die\",\"attributes\":{\"execDuration\":\"0\",\"exitCode\":"
                       "\"1\",\"image\":\"postgres:15\",\"name\":\"p-db-1\"},\"id\":\"p-db-1\","
                       "\"service\":\"db\",\"time\":\"2026-01-01T00:00:00.123456789Z\",\"type\":"
                       "\"container\"}\n");
}
