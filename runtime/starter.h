/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cloning a child into a container's control group: what starting a container and running a program
 * in one have in common.
 *
 * The child needs milliseconds until its first word, on account of its page faults alone. Who has
 * other things to do admits it before that is heard: what it is told lies in the channel.
 *
 * Some kernels (6.12, 6.18) kill at birth a child that is cloned into a control group, when
 * cgroup.kill was ever used on the caller's own. One that dies of SIGKILL before its first word is
 * therefore worth another clone without, and a move.
 *
 * Who is to share namespaces is cloned by a helper that has joined them: only a child is in a
 * joined PID namespace, and what a child of the helper has for itself belongs to the joined user
 * namespace. CLONE_PARENT makes it the starter's own. From its first moment on it is non-dumpable:
 * its partners cannot look into it, although they see it.
 */
#ifndef YAWL_RUNTIME_STARTER_H
#define YAWL_RUNTIME_STARTER_H

#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/partners.h"

struct starter {
    uint64_t clone_flags; /* CLONE_NEW... */
    struct cgroup *cgroup;
    const struct joined_namespaces *joined; /* joined before the clone; or NULL */
    bool plain;                             /* never clone into the group, always move */
    void *owner;
    /* Runs in the child and never returns. It begins by saying CHANNEL_ALIVE and waiting for
     * CHANNEL_ENTERED, and ends when the channel does; all signals are blocked. */
    void (*run)(void *owner, int take_channel_fd);
    /* Runs in the starter before CHANNEL_ENTERED is said: ids, limits. May be NULL. */
    int (*prepare)(void *owner, pid_t pid, struct error *err);
};

struct starter_child {
    pid_t pid;
    int pidfd;
    int channel_fd; /* the starter's end */
    bool settled;   /* its first word was heard, or waited for long enough */
};

/* Clones a child. It is in its control group and prepared when this returns; whether it lives
 * starter_hear() says. After an error, too, starter_child_end() is for the caller to call. */
MUST_CHECK int starter_begin(const struct starter *starter, struct starter_child *child,
                             struct error *err);

/* Lets the child go on, now or as soon as it has come so far. */
MUST_CHECK int starter_admit(const struct starter_child *child, struct error *err);

/* Waits for the child's first word. */
MUST_CHECK int starter_hear(struct starter_child *child, struct error *err);

/* All of it, the first word before the child goes on, with another clone where the kernel killed
 * the first. On error nothing is left. */
MUST_CHECK int starter_clone(const struct starter *starter, struct starter_child *ret_child,
                             struct error *err);

/* Ends the child, waits for its end, and closes what belongs to it. Returns whether the kernel had
 * killed it at its birth, so that a clone that is `plain` may live. */
bool starter_child_end(struct starter_child *child);

#endif
