/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why an `up` took as long as it did: the spans that followed each other from its beginning to the
 * container that was ready last. Had one of them been shorter, all would have been ready earlier.
 *
 * A wait is not part of it, but what was waited for; unless that is not known.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_TIMELINE_CRITICAL_CHAIN_H
#define YAWL_ORCHESTRATOR_CLI_TIMELINE_CRITICAL_CHAIN_H

#include "common/text.h"
#include "orchestrator/cli/timeline/timeline.h"

struct critical_step {
    struct track *track;
    struct span *span;
};

struct critical_chain {
    struct critical_step *steps; /* by their times */
    size_t count;
};

/* Finds it and marks its spans and their tracks. In the timeline's arena. */
struct critical_chain critical_chain_find(struct timeline *timeline);

/* What a step is, for people: "db-1 becomes healthy", "pull postgres:15". The project's name, which
 * is in front of its containers', is left out. */
void critical_step_text(const struct critical_step *step, const char *project, struct text *out);

/* "62 % shop-db-1 becomes healthy, 21 % pull postgres:15, 17 % other": the largest parts of the
 * length. */
void critical_chain_summary(const struct critical_chain *chain, const struct timeline *timeline,
                            const char *project, struct text *out);

#endif
