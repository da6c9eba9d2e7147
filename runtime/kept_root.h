/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's root file system from one of its starts to the next.
 *
 * All starts of one container have the same layers and the same upper directory. To let an overlay
 * go takes milliseconds, since what was written is synced, and to make one takes another, so one
 * stays here, as a detached mount, and each start gets a clone of it. A detached mount can be
 * cloned since Linux 6.15; before, nothing is ever kept.
 */
#ifndef YAWL_RUNTIME_KEPT_ROOT_H
#define YAWL_RUNTIME_KEPT_ROOT_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "runtime/container_spec.h"

struct kept_root;

/* Holds nothing yet. */
struct kept_root *kept_root_new(void);
void kept_root_free(struct kept_root *kept);
DEFINE_SCOPED(struct kept_root *, kept_root_free)

/* Keeps a clone of this mount, if that is possible, whose ids are mapped in this way. */
void kept_root_keep(struct kept_root *kept, struct id_map map, int mount_fd);

/* A detached mount, the caller's, or -1 when none is kept. One whose ids are mapped in another way,
 * or that a container has made read-only, is let go. */
int kept_root_clone(struct kept_root *kept, struct id_map map);

/* Whether there is one. While there is, letting go of the clones is no more than that. */
bool kept_root_is_held(const struct kept_root *kept);

/* Lets the mount go. */
void kept_root_drop(struct kept_root *kept);

#endif
