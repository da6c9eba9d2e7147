/* SPDX-License-Identifier: Apache-2.0 */
#include "net/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/memory.h"
#include "net/net_limits.h"

struct acceptor {
    struct loop *loop;
    struct acceptor_options options;
    struct fd_watch *watch;
    struct timer *rest;
};

/* Looks again after a while: room comes when relays end, descriptors when anybody closes some. */
static void acceptor_rest(struct acceptor *acceptor)
{
    fd_watch_set_events(acceptor->watch, 0);
    timer_arm_at(acceptor->rest, loop_now_ms(acceptor->loop) + NET_ACCEPT_RETRY_MS);
}

static void acceptor_rested(void *owner)
{
    struct acceptor *acceptor = owner;

    fd_watch_set_events(acceptor->watch, FD_READABLE);
}

static void acceptor_ready(void *owner)
{
    struct acceptor *acceptor = owner;

    for (int i = 0; i < NET_ACCEPTS_PER_WAKE; i++) {
        int fd;

        if (!acceptor->options.admits(acceptor->options.owner)) {
            acceptor_rest(acceptor);
            break;
        }
        fd = accept4(acceptor->options.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            acceptor->options.accepted(acceptor->options.owner, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            acceptor_rest(acceptor);
            break;
        } else if (errno == EINVAL) {
            fd_watch_set_events(acceptor->watch, 0); /* it does not listen, and never will */
            break;
        } else if (errno == EAGAIN) {
            break;
        }
        /* Other errors are the connection's own, see accept(2): the next one may be well. */
    }
}

struct acceptor *acceptor_new(struct loop *loop, const struct acceptor_options *options)
{
    struct acceptor *acceptor = memory_new(struct acceptor);

    acceptor->loop = loop;
    acceptor->options = *options;
    acceptor->watch = fd_watch_new(loop, options->listen_fd, FD_READABLE, acceptor_ready, acceptor);
    acceptor->rest = timer_new(loop, acceptor_rested, acceptor);
    return acceptor;
}

void acceptor_free(struct acceptor *acceptor)
{
    if (!acceptor)
        return;
    fd_watch_free(acceptor->watch);
    timer_free(acceptor->rest);
    free(acceptor);
}
