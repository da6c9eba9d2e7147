/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits, freezing and events in the hierarchies of cgroup v1.
 *
 * A group is an array of descriptors, one a controller; -1 where the container has no group of its
 * own.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_V1_H
#define YAWL_RUNTIME_CGROUP_CGROUP_V1_H

#include <stdbool.h>

#include "common/error.h"
#include "runtime/cgroup/cgroup_tree.h"
#include "runtime/container_spec.h"

/* For the cpuset hierarchy, whose groups are born empty: takes CPUs and memory nodes from above. */
extern const struct cgroup_preparation cgroup_v1_cpuset_preparation;

/* Writes the limits of every controller that has a descriptor. */
MUST_CHECK int cgroup_v1_limit(const int *fds, const struct resource_spec *resources,
                               struct error *err);

MUST_CHECK int cgroup_v1_freeze(int freezer_fd, bool frozen, struct error *err);

bool cgroup_v1_oom_killed(int memory_fd);

#endif
