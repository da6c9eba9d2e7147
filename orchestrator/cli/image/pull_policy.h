/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an image is pulled: `pull_policy` of a service, --pull and --policy, and what follows from
 * them. Pure.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_PULL_POLICY_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_PULL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

enum pull_rule {
    PULL_UNSET,
    PULL_MISSING, /* also if_not_present and refresh */
    PULL_ALWAYS,
    PULL_NEVER,
    PULL_BUILD,
    PULL_EVERY, /* daily, weekly, every_<duration> */
};

struct pull_policy {
    enum pull_rule rule;
    int64_t every_ns;
};

/* NULL is PULL_UNSET. False for what is none of the words. */
bool pull_policy_parse(const char *text, struct pull_policy *ret_policy);

/* What is known of the image on this machine. */
struct image_presence {
    bool present;
    bool pinned;       /* a lock file says which content it must have, */
    bool is_pinned_to; /* and what is here has it */
    int64_t pulled_at; /* seconds since 1970; 0: it was never pulled */
};

enum pull_step {
    PULL_STEP_KEEP,
    PULL_STEP_PULL,
    PULL_STEP_FORBIDDEN, /* it would have to be pulled and must not */
    PULL_STEP_BUILD,     /* it would have to be built */
};

/* For commands that create containers. */
enum pull_step pull_policy_for_up(struct pull_policy policy, struct image_presence presence,
                                  int64_t now_s);

/* For `pull`: PULL_STEP_FORBIDDEN and PULL_STEP_BUILD are skipped there. `latest`: the tag is. */
enum pull_step pull_policy_for_pull(struct pull_policy policy, struct image_presence presence,
                                    bool latest);

#endif
