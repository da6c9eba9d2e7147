/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an ordinary process gets into a user namespace of its own, without executing anything anew.
 *
 * Whoever makes the namespace cannot map its ids himself: that is done from outside, by newuidmap
 * or by who has the privilege. So a helper is forked before:
 *
 *   us                                 helper
 *   fork() ------------------------>   waits
 *   unshare(CLONE_NEWUSER)
 *   close the pipe ---------------->   maps the ids of our pid
 *   read to the end of file <-------   what went wrong, or nothing; exit
 */
#ifndef YAWL_COMMON_USER_NAMESPACE_H
#define YAWL_COMMON_USER_NAMESPACE_H

#include <sys/types.h>

#include "common/cleanup.h"
#include "common/error.h"

/* Moves the calling process, which has one thread, to a new namespace. `map` is called in the
 * helper, with the number of the process. */
MUST_CHECK int user_namespace_enter(int (*map)(const void *owner, pid_t pid, struct error *err),
                                    const void *owner, struct error *err);

/* What is in the way when errno says that making or entering a namespace, `what`, has failed:
 * distributions forbid it in ways of their own. Always -1. */
int user_namespace_refused(const char *what, struct error *err);

#endif
