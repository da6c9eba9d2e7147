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

/* For the cpu hierarchy of a group with a share of real-time: a group has none at birth, and can
 * have no more than the one above. Every group on the way takes what that one has, if it may. */
extern const struct cgroup_preparation cgroup_v1_realtime_preparation;

/* Whether the limits ask for a share of real-time. */
bool cgroup_v1_is_realtime(const struct resource_spec *resources);

/* Writes the limits of every controller that has a descriptor. */
MUST_CHECK int cgroup_v1_limit(const int *fds, const struct resource_spec *resources,
                               struct error *err);

MUST_CHECK int cgroup_v1_freeze(int freezer_fd, bool frozen, struct error *err);

bool cgroup_v1_oom_killed(int memory_fd);

#endif
