/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/pull_policy.h"

#include <criterion/criterion.h>

static const int64_t NOW = 1000 * 1000 * 1000, DAY = 24 * 60 * 60;
static const struct image_presence ABSENT = {0};

static struct image_presence present(int64_t age_s)
{
    return (struct image_presence){.present = true, .pulled_at = NOW - age_s};
}

static struct pull_policy policy(const char *text)
{
    struct pull_policy result;

    cr_assert(pull_policy_parse(text, &result), "'%s'", text);
    return result;
}

static enum pull_step up(const char *text, struct image_presence presence)
{
    return pull_policy_for_up(policy(text), presence, NOW);
}

static enum pull_step pull(const char *text, struct image_presence presence, bool latest)
{
    return pull_policy_for_pull(policy(text), presence, latest);
}

Test(pull_policy, words_that_are_none_are_refused)
{
    static const char *const bad[] = {"",        "sometimes", "xalways",  "every_",
                                      "every_x", "every_5",   "every_-5m"};
    struct pull_policy result;

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        cr_expect_not(pull_policy_parse(bad[i], &result), "'%s'", bad[i]);
}

Test(pull_policy, up_pulls_what_is_missing)
{
    static const char *const words[] = {NULL,      "missing", "if_not_present",
                                        "refresh", "daily",   "every_5m"};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        cr_expect_eq(up(words[i], ABSENT), PULL_STEP_PULL);
}

Test(pull_policy, up_keeps_what_is_there)
{
    cr_expect_eq(up(NULL, present(100 * DAY)), PULL_STEP_KEEP);
    cr_expect_eq(up("missing", present(100 * DAY)), PULL_STEP_KEEP);
    cr_expect_eq(up("refresh", present(100 * DAY)), PULL_STEP_KEEP);
    cr_expect_eq(up("never", present(0)), PULL_STEP_KEEP);
    cr_expect_eq(up("build", present(0)), PULL_STEP_KEEP);
}

Test(pull_policy, always_pulls_never_does_not_and_build_builds)
{
    cr_expect_eq(up("always", present(0)), PULL_STEP_PULL);
    cr_expect_eq(up("never", ABSENT), PULL_STEP_FORBIDDEN);
    cr_expect_eq(up("build", ABSENT), PULL_STEP_BUILD);
}

Test(pull_policy, an_age_makes_an_image_due)
{
    cr_expect_eq(up("daily", present(DAY - 1)), PULL_STEP_KEEP);
    cr_expect_eq(up("daily", present(DAY)), PULL_STEP_PULL);
    cr_expect_eq(up("weekly", present(DAY)), PULL_STEP_KEEP);
    cr_expect_eq(up("weekly", present(7 * DAY)), PULL_STEP_PULL);
    cr_expect_eq(up("every_1h30m", present(5399)), PULL_STEP_KEEP);
    cr_expect_eq(up("every_1h30m", present(5400)), PULL_STEP_PULL);
}

Test(pull_policy, an_image_that_was_never_pulled_is_due)
{
    cr_expect_eq(up("weekly", (struct image_presence){.present = true}), PULL_STEP_PULL);
}

Test(pull_policy, content_that_is_pinned_and_there_is_never_asked_for)
{
    struct image_presence pinned = {.present = true, .pinned = true, .is_pinned_to = true};

    cr_expect_eq(up("always", pinned), PULL_STEP_KEEP);
    cr_expect_eq(up("daily", pinned), PULL_STEP_KEEP);
    cr_expect_eq(pull(NULL, pinned, true), PULL_STEP_KEEP);
}

Test(pull_policy, other_content_than_the_pinned_is_as_good_as_none)
{
    struct image_presence other = {.present = true, .pinned = true, .pulled_at = NOW};

    cr_expect_eq(up(NULL, other), PULL_STEP_PULL);
    cr_expect_eq(up("daily", other), PULL_STEP_PULL);
    cr_expect_eq(up("never", other), PULL_STEP_FORBIDDEN);
    cr_expect_eq(pull("missing", other, false), PULL_STEP_PULL);
}

Test(pull_policy, pull_refreshes_unless_it_is_told_otherwise)
{
    cr_expect_eq(pull(NULL, present(0), false), PULL_STEP_PULL);
    cr_expect_eq(pull("daily", present(0), false), PULL_STEP_PULL);
    cr_expect_eq(pull("missing", present(0), false), PULL_STEP_KEEP);
    cr_expect_eq(pull("missing", present(0), true), PULL_STEP_PULL);
    cr_expect_eq(pull("missing", ABSENT, false), PULL_STEP_PULL);
    cr_expect_eq(pull("never", ABSENT, false), PULL_STEP_FORBIDDEN);
    cr_expect_eq(pull("build", ABSENT, false), PULL_STEP_BUILD);
}
