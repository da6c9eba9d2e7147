/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: programs that run in a container after it has started and before it is
 * stopped, one at a time. What they write is told in the container's log, as "-> text".
 *
 * A hook that a dying supervisor leaves behind runs on unheeded, and the next supervisor runs it
 * again.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_HOOKS_H
#define YAWL_ORCHESTRATOR_SUPERVISE_HOOKS_H

#include "orchestrator/supervise/supervisor_state.h"

/* Starts the next one of the kind. What cannot be run has failed. */
void hook_start(struct instance *instance, enum hook_kind kind);
/* Its end is a failure. */
void hook_kill(struct instance *instance);
/* The container is gone, or the instance is: no result. */
void hook_drop(struct instance *instance);
/* A hook has failed: the container is left as it is. */
void hook_refuse_stop(struct instance *instance);

#endif
