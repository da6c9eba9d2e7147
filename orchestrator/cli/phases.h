/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `up` does before it asks the supervisor, and how long that takes, for the timeline. Plain
 * data in an arena; the request takes it along.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PHASES_H
#define YAWL_ORCHESTRATOR_CLI_PHASES_H

#include "common/arena.h"
#include "orchestrator/supervise/request.h"

enum { PHASES_MAX = 300 }; /* a request has room for no more; what comes then is left out */

struct phases {
    struct arena *arena;
    struct request_phase *items;
    size_t count;
    uint64_t ended_ns; /* where the last of them has ended, CLOCK_MONOTONIC */
};

/* The first one begins now. */
struct phases phases_start(struct arena *arena);

/* Texts are borrowed. `phases` may be NULL: nobody wants to know. */
void phases_add(struct phases *phases, const struct request_phase *phase);

/* One that has begun where the last one has ended, and ends now. */
void phases_next(struct phases *phases, const char *kind);

#endif
