/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a mount namespace: what a container is made of where it has no control group to
 * be counted, stopped or listed by. Every container has one of its own, also when it shares all
 * else. Those in namespaces that it has made of its own do not count.
 */
#ifndef YAWL_COMMON_MOUNT_NAMESPACE_H
#define YAWL_COMMON_MOUNT_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Visits all processes that are in the namespace of `pid`, with itself; nobody when that is the
 * caller's own, or cannot be told. Returns how many. */
size_t mount_namespace_visit(pid_t pid, void (*visit)(pid_t pid, void *context), void *context);

/* Whether both are in one that is not the caller's own. */
bool mount_namespace_has(pid_t pid, pid_t other);

#endif
