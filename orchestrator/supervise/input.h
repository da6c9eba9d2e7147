/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: the standard input of a container with `stdin_open: true` and no terminal: a
 * FIFO below the run directory that `attach` writes into. It never ends, because we hold it open
 * for writing, and the keeper too, so that a new supervisor ends nobody's input.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_INPUT_H
#define YAWL_ORCHESTRATOR_SUPERVISE_INPUT_H

#include "orchestrator/supervise/supervisor_state.h"

/* "fifo/NAME.in": below the run directory, and in the keeper's store. */
void input_name(const struct instance *instance, char *ret_name, size_t size);
/* For a container that is about to start: nothing that was typed for an earlier one is in it. */
MUST_CHECK int input_open(struct instance *instance, struct error *err);
/* For one that an earlier supervisor started. */
void input_adopt(struct instance *instance);
/* The FIFO goes too. */
void input_remove(struct instance *instance);

#endif
