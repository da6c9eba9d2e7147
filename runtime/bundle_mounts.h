/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a bundle: sources are opened before the clone, as mount_plan.h says; file systems
 * are the container's own, so that the child makes them.
 */
#ifndef YAWL_RUNTIME_BUNDLE_MOUNTS_H
#define YAWL_RUNTIME_BUNDLE_MOUNTS_H

#include "runtime/bundle_spec.h"
#include "runtime/mount_plan.h"

enum { BUNDLE_MAX_DATA = 32 }; /* options of one file system */

/* Adds all mounts of the spec to a plan with room for them, in their order. */
MUST_CHECK int bundle_mounts_open(const struct container_spec *spec, struct arena *arena,
                                  struct mount_plan *plan, struct error *err);

/* A user namespace with these maps that nobody lives in, for id-mapped mounts. */
MUST_CHECK int userns_open(const struct id_ranges *uids, const struct id_ranges *gids, int *ret_fd,
                           struct error *err);

/* Writes the maps of a process in a new user namespace. */
MUST_CHECK int id_ranges_write(pid_t pid, const struct id_ranges *uids,
                               const struct id_ranges *gids, struct error *err);

#endif
