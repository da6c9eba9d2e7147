/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who lives in an ordinary user's namespace: every program of ours that does holds a read lock of
 * one file for as long as it runs. The kernel names one of them to whoever asks, and forgets those
 * that have ended, however they did: there is nothing to write down and nothing that can be stale.
 *
 * The locks are POSIX's (F_SETLK), which the kernel can tell the owner of. They belong to the
 * process: one that closes any descriptor of the file loses its own.
 */
#ifndef YAWL_COMMON_NAMESPACE_LOCK_H
#define YAWL_COMMON_NAMESPACE_LOCK_H

#include <sys/types.h>

#include "common/error.h"

/* Opens the file, made when it is missing, and keeps all others from doing the same until
 * namespace_lock_share(). */
MUST_CHECK int namespace_lock_open(const char *path, int *ret_fd, struct error *err);

/* A process that holds it, or 0. */
pid_t namespace_lock_holder(int fd);

/* The lock is named in the environment, for those who are started inside of the namespace. */
MUST_CHECK int namespace_lock_announce(const char *path, struct error *err);

/* To be called first by a program that may have been started so: it holds the lock from now on.
 * Does nothing elsewhere. */
MUST_CHECK int namespace_lock_hold(struct error *err);

/* We hold it from now on, until we end. The descriptor has to stay open. */
MUST_CHECK int namespace_lock_share(int fd, struct error *err);

#endif
