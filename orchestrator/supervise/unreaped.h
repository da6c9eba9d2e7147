/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes of ours that have ended in a container and could not be reaped yet.
 *
 * Whoever traces a process is told of its end first, and as long as he keeps that to himself the
 * parent cannot wait for it. A container could do so with its probes; but process 1 does not end
 * before everybody in its PID namespace is reaped, so each of them is asked after until it is.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_UNREAPED_H
#define YAWL_ORCHESTRATOR_SUPERVISE_UNREAPED_H

#include "common/loop.h"

struct unreaped;

struct unreaped *unreaped_new(struct loop *loop);
/* What is still there is our parent's, when we end. */
void unreaped_free(struct unreaped *unreaped);

/* Reaps a child that has ended, now or when it can be; -1 is nobody. Not for one that is to be
 * asked how it ended. */
void unreaped_take(struct unreaped *unreaped, int take_pidfd);

#endif
