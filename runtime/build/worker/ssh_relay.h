/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ssh agent of the user's, for one step: a socket of the step's own, whose connections a thread
 * passes on.
 *
 * An agent answers nobody but its own user and root, by the ids that the kernel tells it of; those
 * of a container in a user namespace are others.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_SSH_RELAY_H
#define YAWL_RUNTIME_BUILD_WORKER_SSH_RELAY_H

#include <sys/types.h>

#include "common/error.h"

struct ssh_relay;

struct ssh_relay_spec {
    const char *agent; /* its socket */
    int dir_fd;        /* where the step's socket goes; borrowed */
    const char *name;
    uid_t uid;
    gid_t gid;
    mode_t mode;
};

MUST_CHECK int ssh_relay_start(const struct ssh_relay_spec *spec, struct ssh_relay **ret_relay,
                               struct error *err);

/* Nothing is passed on any more; the socket goes. NULL is fine. */
void ssh_relay_stop(struct ssh_relay *relay);

#endif
