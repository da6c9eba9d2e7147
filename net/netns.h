/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visits to other network namespaces.
 *
 * setns(2) moves the calling thread alone; the supervisor has only one, and it must be home again
 * on every path. So a visit is a scoped local: leaving happens by itself, and a process that cannot
 * return ends at once rather than work in the wrong namespace. Sockets made during a visit stay in
 * the visited namespace.
 *
 * An ordinary user cannot come home: the host's network namespace is not his. What visits on his
 * behalf is a thread that lives no longer than the visit.
 */
#ifndef YAWL_NET_NETNS_H
#define YAWL_NET_NETNS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"

/* Where the visitor came from. `struct netns_visit visit = NETNS_HOME` makes no visit yet. */
struct netns_visit {
    int home_fd;
};
#define NETNS_HOME                                                                                 \
    {                                                                                              \
        -1                                                                                         \
    }

MUST_CHECK int netns_enter(int netns_fd, struct netns_visit *visit, struct error *err);
/* Back home; does nothing when already there. */
void netns_leave(struct netns_visit *visit);
#define scoped_visit __attribute__((cleanup(netns_leave)))

/* Whether the namespace where we are is ours: we may change it, and come back from visits. */
bool netns_is_ours(void);

/* What is done on a visit: returns 0, or -1 with the error. */
typedef int netns_task(void *owner, struct error *err);

/* Runs the task in the namespace and returns what it returned. */
MUST_CHECK int netns_run(int netns_fd, netns_task *task, void *owner, struct error *err);

/* A new, empty namespace that lives as long as *ret_fd (the caller's), or what is in it, does. */
MUST_CHECK int netns_create(int *ret_fd, struct error *err);

/* "ipv4/ip_forward", "1". */
struct netns_setting {
    const char *name, *value;
};
/* Writes /proc/sys/net/NAME of the namespace that is being visited, in order. A parameter that this
 * kernel does not have is no error. */
MUST_CHECK int netns_set(const struct netns_setting *settings, size_t count, struct error *err);

#endif
