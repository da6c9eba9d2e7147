/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In which hierarchies of this host a group has a directory: where its limits can be given, and
 * which cannot. Nothing is made here.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_PARTS_H
#define YAWL_RUNTIME_CGROUP_CGROUP_PARTS_H

#include <stdbool.h>

#include "common/error.h"
#include "runtime/cgroup/cgroup_layout.h"
#include "runtime/container_spec.h"

/* Where the parts of one group are: a root for each hierarchy that has one. */
struct cgroup_parts {
    const char *v2_root;
    const char *v1_roots[CONTROLLER_COUNT];
};

/* Chooses the hierarchies for a new group. *ret_v2_controllers: those whose limits go to v2. With
 * `wishes`, a limit that cannot be given is left out; else it is an error that names its key. */
MUST_CHECK int cgroup_parts_choose(const struct cgroup_layout *layout,
                                   const struct resource_spec *resources, bool wishes,
                                   struct cgroup_parts *ret_parts, unsigned *ret_v2_controllers,
                                   struct error *err);

/* Which optional settings this host's version of control groups does not know, as v1 alone knows
 * some; leaves *ret_lack as it is when there are none. */
void cgroup_parts_lack(const struct cgroup_layout *layout, const struct resource_spec *resources,
                       struct error *ret_lack);

#endif
