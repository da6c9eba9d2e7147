/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepts connections from a listening socket, and rests while they cannot be served: clients then
 * wait in the kernel's queue instead of being dropped.
 */
#ifndef YAWL_NET_ACCEPTOR_H
#define YAWL_NET_ACCEPTOR_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/loop.h"

struct acceptor;

struct acceptor_options {
    int listen_fd;                              /* borrowed, non-blocking */
    bool (*admits)(void *owner);                /* room for one more? */
    void (*accepted)(void *owner, int take_fd); /* non-blocking; must not free the acceptor */
    void *owner;
};

struct acceptor *acceptor_new(struct loop *loop, const struct acceptor_options *options);
void acceptor_free(struct acceptor *acceptor);
DEFINE_SCOPED(struct acceptor *, acceptor_free)

#endif
