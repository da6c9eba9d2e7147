/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes of a control group use.
 *
 * The kernel counts what the group has a controller for. A group has controllers only for what is
 * limited, so the rest is added up from /proc over the group's processes: CPU time and bytes of
 * those that have ended are with their parents there once these have waited for them, and memory is
 * each process's proportional share.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_USAGE_H
#define YAWL_RUNTIME_CGROUP_CGROUP_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_usage {
    uint64_t cpu_us;                    /* since the group began */
    uint64_t memory_bytes;              /* without file pages that nobody has used for a while */
    uint64_t memory_limit_bytes;        /* the host's memory when the group has no limit */
    uint64_t read_bytes, written_bytes; /* from and to block devices */
    uint64_t tasks;                     /* threads */
};

/* v2_fd and v1_fds (one a controller) are the group's directories, -1 where it has none; without
 * any the processes are those of the mount namespace of `leader`. What cannot be read is 0. */
void cgroup_usage_measure(int v2_fd, const int *v1_fds, pid_t leader,
                          struct cgroup_usage *ret_usage);

/* Of the group's own counts; 0 when it has none, as for a group without a memory limit. */
struct cgroup_memory {
    uint64_t limit_bytes, peak_bytes;
};

/* memory_fd is the group's directory in the v1 memory hierarchy, or -1. */
void cgroup_usage_measure_memory(int v2_fd, int memory_fd, struct cgroup_memory *ret_memory);

/* The number behind "NAME " at the start of a line of `text`, as memory.stat and cpu.stat have it.
 * 0 when there is none. */
uint64_t cgroup_usage_of_line(const char *text, const char *name);

/* The sum of "NAME=NUMBER" over all devices of an io.stat. */
uint64_t cgroup_usage_of_devices(const char *text, const char *name);

/* Adds what /proc/PID/stat says: CPU time with that of children waited for, and threads. `ticks_s`
 * is the kernel's clock ticks a second. */
void cgroup_usage_add_stat(const char *stat, uint64_t ticks_s, struct cgroup_usage *usage);

#endif
