/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is up, kept where a reboot does not reach: "up.json" in the project's data directory is the
 * plan of all that is wanted to run. `restore` applies it again; `down` removes it with the rest.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_STANDING_H
#define YAWL_ORCHESTRATOR_SUPERVISE_STANDING_H

#include "orchestrator/supervise/supervisor_state.h"

#define STANDING_FILE "up.json"

/* After a change of what is wanted. That it could not be written is a warning: the stack runs. */
void standing_write(struct supervisor *supervisor);

/* *ret_plan is NULL when nothing is wanted. */
MUST_CHECK int standing_read(int data_fd, struct arena *arena, struct plan **ret_plan,
                             struct error *err);

#endif
