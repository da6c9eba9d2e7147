/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/pull_policy.h"

#include "common/units.h"

static const int64_t NS_PER_S = 1000 * 1000 * 1000;
static const char EVERY[] = "every_";

bool pull_policy_parse(const char *text, struct pull_policy *ret_policy)
{
    static const struct {
        const char *word;
        enum pull_rule rule;
        const char *every;
    } words[] = {
        {"missing", PULL_MISSING, NULL}, {"if_not_present", PULL_MISSING, NULL},
        {"refresh", PULL_MISSING, NULL}, {"always", PULL_ALWAYS, NULL},
        {"never", PULL_NEVER, NULL},     {"build", PULL_BUILD, NULL},
        {"daily", PULL_EVERY, "1d"},     {"weekly", PULL_EVERY, "1w"},
    };
    struct pull_policy policy = {.rule = PULL_UNSET};
    const char *every = NULL;

    for (size_t i = 0; text && i < ARRAY_LENGTH(words); i++)
        if (string_eq(words[i].word, text)) {
            policy.rule = words[i].rule;
            every = words[i].every;
        }
    if (text && string_starts_with(text, EVERY)) {
        policy.rule = PULL_EVERY;
        every = text + strlen(EVERY);
    }
    if ((every && (!duration_parse(every, &policy.every_ns) || policy.every_ns < 0)) ||
        (text && policy.rule == PULL_UNSET))
        return false;
    *ret_policy = policy;
    return true;
}

static bool is_due(struct pull_policy policy, struct image_presence presence, int64_t now_s)
{
    return now_s - presence.pulled_at >= policy.every_ns / NS_PER_S;
}

enum pull_step pull_policy_for_up(struct pull_policy policy, struct image_presence presence,
                                  int64_t now_s)
{
    bool good = presence.present && (!presence.pinned || presence.is_pinned_to);

    /* Pinned content never changes: having it, there is nothing to ask for. */
    if (good && presence.pinned)
        return PULL_STEP_KEEP;
    switch (policy.rule) {
    case PULL_ALWAYS:
        return PULL_STEP_PULL;
    case PULL_NEVER:
        return good ? PULL_STEP_KEEP : PULL_STEP_FORBIDDEN;
    case PULL_BUILD:
        return presence.present ? PULL_STEP_KEEP : PULL_STEP_BUILD;
    case PULL_EVERY:
        return good && !is_due(policy, presence, now_s) ? PULL_STEP_KEEP : PULL_STEP_PULL;
    default:
        return good ? PULL_STEP_KEEP : PULL_STEP_PULL;
    }
}

enum pull_step pull_policy_for_pull(struct pull_policy policy, struct image_presence presence,
                                    bool latest)
{
    if (policy.rule == PULL_NEVER)
        return PULL_STEP_FORBIDDEN;
    if (policy.rule == PULL_BUILD)
        return PULL_STEP_BUILD;
    if (presence.pinned)
        return presence.present && presence.is_pinned_to ? PULL_STEP_KEEP : PULL_STEP_PULL;
    return policy.rule == PULL_MISSING && presence.present && !latest ? PULL_STEP_KEEP
                                                                      : PULL_STEP_PULL;
}
