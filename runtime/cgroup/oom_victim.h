/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process the kernel killed when a control group had no memory left: the largest one, as the
 * kernel chose it. The groups themselves only count such deaths; names are in the kernel's log,
 * which an ordinary user may not read (sysctl kernel.dmesg_restrict).
 */
#ifndef YAWL_RUNTIME_CGROUP_OOM_VICTIM_H
#define YAWL_RUNTIME_CGROUP_OOM_VICTIM_H

#include <stdint.h>

struct oom_victim {
    char name[32];  /* as /proc/PID/comm has it; "": not known */
    uint64_t bytes; /* resident when it was killed */
    long pid;       /* the host's */
};

/* The last victim of the group `parent`/`id` (see cgroup_tree.h), all zero when the log tells
 * of none or may not be read. Reads the whole log, a few milliseconds. */
void oom_victim_find(const char *parent, const char *id, struct oom_victim *ret_victim);

/* Takes one line of the log, without the time in front: who is chosen in `group`
 * ("yawl/PROJECT/NAME"), and, of that process, how large it is. Others change nothing. */
void oom_victim_take(struct oom_victim *victim, const char *group, const char *line);

#endif
