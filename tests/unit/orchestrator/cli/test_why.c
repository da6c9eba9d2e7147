/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/why.h"

#include <criterion/criterion.h>
#include <signal.h>

static const uint64_t NS_PER_S = 1000000000;

static void expect_page(const struct why *why, const char *expected)
{
    scoped_text struct text text = {0};

    why_text(why, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(why, a_service_without_a_container_was_never_created)
{
    expect_page(&(struct why){.service = "api"}, "api\n"
                                                 "  state          never created\n");
}

Test(why, a_wait_is_followed_to_its_root)
{
    struct record db = {.name = "p-db-1",
                        .phase = PHASE_RUNNING,
                        .health = HEALTH_STARTING,
                        .started_ns = 95 * NS_PER_S};
    struct record cache = {.name = "p-cache-1",
                           .phase = PHASE_CREATED,
                           .wanted = true,
                           .message = "waits for db: health probe 1 of 9 failed: no",
                           .waits_for = "p-db-1"};
    struct record api = {.name = "p-api-1",
                         .phase = PHASE_CREATED,
                         .wanted = true,
                         .message = "waits for cache to be healthy",
                         .waits_for = "p-cache-1"};
    const struct record *records[] = {&api, &cache, &db};

    expect_page(&(struct why){.service = "api",
                              .record = &api,
                              .records = records,
                              .n_records = 3,
                              .now_ns = 100 * NS_PER_S},
                "p-api-1\n"
                "  state          Waiting\n"
                "  waits for      cache to be healthy\n"
                "                 -> p-cache-1: Waiting, waits for db: health probe 1 of 9 failed: "
                "no\n"
                "                 -> p-db-1: Up 5 seconds (health: starting)\n");
}

Test(why, a_circle_of_waits_ends)
{
    struct record api = {.name = "p-api-1",
                         .phase = PHASE_CREATED,
                         .wanted = true,
                         .message = "waits for api to start",
                         .waits_for = "p-api-1"};
    const struct record *records[] = {&api};
    scoped_text struct text text = {0};

    why_text(&(struct why){.service = "api", .record = &api, .records = records, .n_records = 1},
             &text);
    cr_expect_lt(text.length, 20000);
}

static struct record troubled(void)
{
    return (struct record){.name = "p-db-1",
                           .phase = PHASE_RUNNING,
                           .wanted = true,
                           .health = HEALTH_UNHEALTHY,
                           .started_ns = 40 * NS_PER_S,
                           .finished_ns = 39 * NS_PER_S,
                           .wait_status = SIGKILL,
                           .restarts = 2,
                           .end = {.started_ns = 9 * NS_PER_S},
                           .probe = {.count = 3,
                                     .failures = 3,
                                     .retries = 3,
                                     .wait_status = 256,
                                     .ended_ns = 98 * NS_PER_S,
                                     .output = "refused\nsecond line\n"}};
}

Test(why, probe_exit_and_restarts_have_their_lines)
{
    struct record record = troubled();

    expect_page(
        &(struct why){.service = "db",
                      .record = &record,
                      .configuration = "as in the Compose file",
                      .unattended = true,
                      .now_ns = 100 * NS_PER_S},
        "p-db-1\n"
        "  state          Up About a minute (unhealthy)\n"
        "  last probe     2 seconds ago: health probe 3 of 3 failed: refused (exit status "
        "1)\n"
        "                 | refused\n"
        "                 | second line\n"
        "  last exit      About a minute ago, after 30 seconds: killed by SIGKILL (Killed), "
        "which yawl did not send\n"
        "  restarts       2\n"
        "  configuration  as in the Compose file\n"
        "  supervisor     not running: this is what it knew last\n");
}

Test(why, json_has_the_same_facts)
{
    struct record record = troubled();
    scoped(json_release) json_t *json =
        why_json(&(struct why){.service = "db", .record = &record, .now_ns = 100 * NS_PER_S});
    const json_t *probe = json_get_object(json, "last_probe");

    cr_expect_str_eq(json_get_string(json, "name", ""), "p-db-1");
    cr_expect(json_get_bool(json, "supervised", false));
    cr_expect_eq(json_get_int(probe, "exit_code", 0), 1);
    cr_expect_str_eq(json_get_string(probe, "time", ""), "1970-01-01T00:01:38.000000000Z");
    cr_expect_str_eq(json_get_string(probe, "output", ""), "refused\nsecond line\n");
    cr_expect_eq(json_get_int(json_get_object(json, "last_exit"), "exit_code", 0), 137);
    cr_expect_eq(json_get_int(json_get_object(json, "restarts"), "count", 0), 2);
}
