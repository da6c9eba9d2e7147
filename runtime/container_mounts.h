/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing what is mounted in a bundle's container that runs. Sources are opened here, where their
 * paths are; a child that has joined the container attaches them, as a container's own mounts are
 * attached at its start (cage_mounts.c).
 */
#ifndef YAWL_RUNTIME_CONTAINER_MOUNTS_H
#define YAWL_RUNTIME_CONTAINER_MOUNTS_H

#include "runtime/container.h"

/* Mounts what `spec`, the container's own in all else, has as its mounts, in that order. What was
 * mounted before one that fails stays. */
MUST_CHECK int container_mounts_add(struct container *container, const struct container_spec *spec,
                                    struct error *err);

/* Unmounts what is topmost at the targets of these mounts, the last one first. */
MUST_CHECK int container_mounts_remove(struct container *container,
                                       const struct container_spec *spec, struct error *err);

#endif
