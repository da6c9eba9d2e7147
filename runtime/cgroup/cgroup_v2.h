/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Controllers, limits, killing, freezing and events in the v2 tree. On hybrid hosts, where the tree
 * has no controllers, all but the limits work all the same.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_V2_H
#define YAWL_RUNTIME_CGROUP_CGROUP_V2_H

#include <stdbool.h>

#include "common/error.h"
#include "runtime/container_spec.h"

/* The controllers (CONTROLLER_BIT) that the group at `root` can give to groups below it. */
unsigned cgroup_v2_available(const char *root);

/* For cgroup_preparation: enables the controllers (`context` is a pointer to the set) for the
 * groups below the directory. A delegated root that holds processes is cleared first, as the kernel
 * wants it: they move to the leaf "yawl/.supervisor". */
MUST_CHECK int cgroup_v2_enable(int dir_fd, bool is_root, void *context, struct error *err);

MUST_CHECK int cgroup_v2_limit(int fd, unsigned controllers, const struct resource_spec *resources,
                               struct error *err);

MUST_CHECK int cgroup_v2_freeze(int fd, bool frozen, struct error *err);

bool cgroup_v2_oom_killed(int fd);

#endif
