/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: when a container's mounts are let go of, and by whom.
 *
 * It takes the kernel milliseconds to take a container's mounts down; an overlay is even synced
 * then. Whoever comes back at once after its end does not wait for that: the next start gets the
 * same root file system, and the other mounts are let go of when it runs. Whoever is ended for good
 * takes its mounts along in its own end, beside all others that end at that time.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_MOUNTS_H
#define YAWL_ORCHESTRATOR_SUPERVISE_MOUNTS_H

#include "orchestrator/supervise/supervisor_state.h"

void mounts_init(struct instance *instance);
void mounts_done(struct instance *instance);
/* For a start: where the root is kept for the next one, or NULL when none follows by itself. */
struct kept_root *mounts_kept_root(struct instance *instance);
/* The container is about to be ended. */
void mounts_leave(struct instance *instance);
/* It has ended, and its handle goes next. */
void mounts_clean(struct instance *instance);
/* The next one runs. */
void mounts_settle(struct instance *instance);
/* No start follows with the same root. */
void mounts_drop(struct instance *instance);
/* The same for all that were to come back and have been told not to meanwhile. */
void mounts_sweep(struct supervisor *supervisor);

#endif
