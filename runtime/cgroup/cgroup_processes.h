/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a control group and of the groups below it.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_PROCESSES_H
#define YAWL_RUNTIME_CGROUP_CGROUP_PROCESSES_H

#include <stddef.h>
#include <sys/types.h>

/* Calls visit for each, as the kernel lists them now. Returns how many there were. */
size_t cgroup_processes_visit(int dir_fd, void (*visit)(pid_t pid, void *context), void *context);

#endif
