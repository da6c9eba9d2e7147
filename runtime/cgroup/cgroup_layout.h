/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where control groups live on this host: which controller is in which hierarchy, where the
 * hierarchies are mounted, and which group in each is the root of everything of ours.
 *
 * Read anew for every use; texts live in the caller's arena. Nothing is created here.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_LAYOUT_H
#define YAWL_RUNTIME_CGROUP_CGROUP_LAYOUT_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

enum { LIMIT_PROC_BYTES = 4 * 1024 * 1024 }; /* of /proc/PID/mountinfo and /proc/PID/cgroup */

enum cgroup_controller {
    CONTROLLER_MEMORY,
    CONTROLLER_CPU,
    CONTROLLER_CPUSET,
    CONTROLLER_PIDS,
    CONTROLLER_DEVICES,
    CONTROLLER_FREEZER,
    CONTROLLER_BLKIO,   /* "io" in the v2 tree */
    CONTROLLER_CPUACCT, /* v1 alone */
    CONTROLLER_HUGETLB,
    CONTROLLER_NET_CLS,
    CONTROLLER_NET_PRIO,
    CONTROLLER_RDMA,
    CONTROLLER_COUNT,
};

/* A set of controllers. */
#define CONTROLLER_BIT(controller) (1U << (controller))

/* The kernel's name: "memory". */
const char *cgroup_controller_name(enum cgroup_controller controller);
/* The controller of that name, or -1. */
int cgroup_controller_number(const char *name);
/* Whether `word` is one of the items of a comma-separated list, as "cpu,cpuacct". */
bool cgroup_list_has(const char *list, const char *word);

/* One hierarchy as this process sees it. */
struct cgroup_place {
    const char *mount; /* where it is mounted; NULL: the host has none */
    const char *own;   /* the caller's own group, below `mount`: "" or "/a/b" */
    const char
        *root; /* absolute path of the group below which ours are made; NULL: we may make none */
};

struct cgroup_layout {
    struct cgroup_place v2;
    struct cgroup_place v1[CONTROLLER_COUNT]; /* mount is NULL for controllers that are not in v1 */
};

/* Reads /proc/self/mountinfo and /proc/self/cgroup and chooses the roots. */
MUST_CHECK int cgroup_layout_read(struct arena *arena, struct cgroup_layout *ret_layout,
                                  struct error *err);

/* The part without the system: both texts are consumed. Roots are left NULL. */
void cgroup_layout_parse(struct arena *arena, char *mountinfo, char *self_cgroup,
                         struct cgroup_layout *ret_layout);

/* How much of a v2 path leads to the unit of a user's systemd that it lies in; 0 when to none.
 * "/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope/yawl/x": up to
 * "run-1.scope". */
size_t cgroup_layout_user_unit(const char *own);

#endif
