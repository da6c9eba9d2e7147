/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the names of an instance lead to it. Who is asked to stop has left its names before the
 * signal is sent: the net worker has said so, or nobody is there to answer anybody.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_NAMES_H
#define YAWL_ORCHESTRATOR_SUPERVISE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct instance;
struct supervisor;

/* Whether and in which rank names lead to the instance follows from what it is. */
void names_follow(struct instance *instance);

/* The first step of a stop; `is.left_names` says when it is done. since_ms: now, or 0: the stop is
 * off. */
void names_leave(struct instance *instance, uint64_t since_ms);

/* After the net worker has been told: asks it to say when it knows of those who leave. True: some
 * have left already, and the pass is to look again. */
bool names_settle(struct supervisor *supervisor);
void names_close(struct supervisor *supervisor);

#endif
