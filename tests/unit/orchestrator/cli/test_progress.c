/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/progress.h"

#include <criterion/criterion.h>

#include "common/text.h"

static void expect_words(const struct progress *progress, const struct record *before,
                         const struct record *now, const char *expected)
{
    scoped_text struct text text = {0};

    progress_wait_words(progress, before, now, &text);
    cr_expect_str_eq(text_get(&text), expected);
}

Test(progress, a_wait_is_told_when_it_changes)
{
    struct progress progress = {0};
    struct record first = {.phase = PHASE_CREATED, .message = "waits for db to start"};
    struct record second = {.phase = PHASE_CREATED, .message = "waits for db to be healthy"};
    struct record started = {.phase = PHASE_RUNNING};

    expect_words(&progress, NULL, &first, "waits for db to start");
    expect_words(&progress, &first, &first, "");
    expect_words(&progress, &first, &second, "waits for db to be healthy");
    expect_words(&progress, &second, &started, "");
}

Test(progress, probes_are_told_on_demand_and_only_until_it_is_healthy)
{
    struct progress quiet = {0}, progress = {.probes = true};
    struct record starting = {
        .phase = PHASE_RUNNING,
        .health = HEALTH_STARTING,
        .probe = {.count = 1, .failures = 1, .retries = 3, .wait_status = 256, .output = "no"}};
    struct record same = starting, healthy = starting;

    same.probe.count = 2; /* another one that does not count, with the same reason */
    healthy.health = HEALTH_HEALTHY;
    expect_words(&quiet, NULL, &starting, "");
    expect_words(&progress, NULL, &starting, "health probe 1 of 3 failed: no");
    expect_words(&progress, &starting, &same, "");
    expect_words(&progress, &same, &healthy, "");
}

Test(progress, many_changes_at_once_are_slowed_down_to_one_a_second)
{
    struct progress_pace pace = {0};
    int taken = 0;

    for (int i = 0; i < 1000; i++)
        taken += progress_pace_takes(&pace, 5000);
    cr_expect_lt(taken, 20);
    cr_expect_geq(taken, 10);
    cr_expect_not(progress_pace_takes(&pace, 5000));
    cr_expect(progress_pace_takes(&pace, 6000));
    cr_expect_not(progress_pace_takes(&pace, 6000));
}
