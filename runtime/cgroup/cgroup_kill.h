/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Killing all processes of a group where the kernel has no cgroup.kill (cgroup v1 without a v2
 * tree).
 *
 * Frozen processes cannot fork and cannot vanish: the group is frozen, every process in it and in
 * the groups below gets SIGKILL, and dies when the group thaws.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_KILL_H
#define YAWL_RUNTIME_CGROUP_CGROUP_KILL_H

#include <sys/types.h>

#include "common/error.h"

MUST_CHECK int cgroup_kill_by_freezer(int freezer_fd, struct error *err);

/* Thaws the v1 group that a process is in: somebody else may have moved it into one of theirs and
 * frozen that, where it does not die of any signal. Without such a group nothing happens. */
void cgroup_thaw_process(pid_t pid);

#endif
