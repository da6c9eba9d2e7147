/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: the terminal of a container with `tty: true`. What is written there goes into
 * the container's first FIFO and so into its log; what a client types comes by a copy of the master
 * that it is given. The keeper holds another, so that a new supervisor hangs nobody up.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_TTY_H
#define YAWL_ORCHESTRATOR_SUPERVISE_TTY_H

#include "orchestrator/supervise/supervisor_state.h"

/* Of a container that has just started. */
void tty_open(struct instance *instance);
/* Of one that an earlier supervisor started. */
void tty_adopt(struct instance *instance);
/* Everything that was written until now is in the FIFO or the log afterwards. */
void tty_drain(struct instance *instance);
void tty_close(struct instance *instance);

#endif
