/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories that are to go: out of the way at once, and removed when nobody waits.
 *
 * The trash lies below the data root and is everybody's. What was moved there is found by nobody
 * any more; emptying it may take its time and may be cut off anywhere: whoever empties it next goes
 * on. Who puts something in empties it soon after.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_TRASH_H
#define YAWL_ORCHESTRATOR_STATE_TRASH_H

#include "common/error.h"
#include "orchestrator/state/roots.h"

/* Moves `name` of an open directory of the data root there; absence is no error. */
MUST_CHECK int trash_take(const struct roots *roots, int dir_fd, const char *name,
                          struct error *err);

/* Removes all that is in it, and the trash itself. */
MUST_CHECK int trash_empty(const struct roots *roots, struct error *err);

#endif
