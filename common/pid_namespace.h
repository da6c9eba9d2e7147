/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a PID namespace: what a container is made of where it has no control group to be
 * counted, stopped or listed by. Those in namespaces that it has made of its own do not count.
 */
#ifndef YAWL_COMMON_PID_NAMESPACE_H
#define YAWL_COMMON_PID_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Visits all processes that are in the namespace of `pid`, with itself; nobody when that is the
 * caller's own, or cannot be told. Returns how many. */
size_t pid_namespace_visit(pid_t pid, void (*visit)(pid_t pid, void *context), void *context);

/* Whether both are in one that is not the caller's own. */
bool pid_namespace_has(pid_t pid, pid_t other);

#endif
