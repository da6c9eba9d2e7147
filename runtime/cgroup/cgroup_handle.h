/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a group is made of: a directory in each hierarchy that it is in. For cgroup*.c alone.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_HANDLE_H
#define YAWL_RUNTIME_CGROUP_CGROUP_HANDLE_H

#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/cgroup_layout.h"

struct cgroup {
    int v2_fd; /* -1 where it has no such part; so below */
    int v1_fds[CONTROLLER_COUNT];
};

/* One without any part. */
struct cgroup *cgroup_new(void);

#endif
