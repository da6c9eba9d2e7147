/* SPDX-License-Identifier: Apache-2.0 */
/*
 *              flow[0]
 *   side[0] ──────────▶ pipe ──────────▶ side[1]       side 0: the client, who connected
 *   client  ◀────────── pipe ◀────────── target        side 1: the target, whom we connect
 *              flow[1]
 *
 * A flow reads its source only while its pipe is empty, and waits for its sink while it is not:
 * what a slow reader leaves behind fills the pipe, then the source's receive buffer, then the
 * sender's window. The end of a source is passed on by shutdown(2) after the last byte; any error
 * is passed on as a reset of both. SIGPIPE must be ignored: splice(2) knows no MSG_NOSIGNAL.
 *
 * Small messages do without a pipe: copying them costs less than handing pages through one.
 *
 * A side from which nothing is wanted at the moment (it has ended and takes all we have, or nobody
 * takes what it sends) is not waited for, so its reset would go unnoticed until the other side
 * stirs. A slow timer looks at such sides.
 */
#include "net/relay/tcp_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/net_limits.h"
#include "net/relay/tcp_options.h"

enum { CLIENT, TARGET, SIDES };

struct side {
    struct tcp_relay *relay;
    int fd;
    struct fd_watch *watch;
    int events;
};

struct flow {
    struct pipe_pair pipe;
    size_t in_pipe;
    bool is_bulk; /* as much came last time as is worth a pipe */
    bool ended;   /* the source has sent its last byte */
    bool shut;    /* and the sink was told */
};

struct tcp_relay {
    struct relay_engine *engine;
    struct tcp_relay_set *set;
    struct tcp_relay *next, *previous;
    struct side sides[SIDES];
    struct flow flows[SIDES]; /* by source */
    int inner;                /* which side is in the router namespace */
    struct inet_address container;
    struct timer *check; /* while a side is not waited for, else NULL */
};

static void relay_unlink(struct tcp_relay *relay)
{
    struct tcp_relay_set *set = relay->set;

    if (relay->previous)
        relay->previous->next = relay->next;
    else
        set->first = relay->next;
    if (relay->next)
        relay->next->previous = relay->previous;
    set->count--;
    relay->engine->n_relays--;
}

/* Closes what is left of the relay; sockets that were handed on are -1. */
static void relay_free(struct tcp_relay *relay)
{
    relay_unlink(relay);
    for (int i = 0; i < SIDES; i++) {
        struct flow *flow = &relay->flows[i];

        pipe_pool_give(relay->engine->pipes, &flow->pipe, flow->in_pipe == 0);
        fd_watch_free(relay->sides[i].watch);
        fd_close(relay->sides[i].fd);
    }
    timer_free(relay->check);
    free(relay);
}

static void relay_abort(struct tcp_relay *relay)
{
    for (int i = 0; i < SIDES; i++)
        tcp_options_set_abortive(relay->sides[i].fd);
    relay_free(relay);
}

static void relay_finish(struct tcp_relay *relay)
{
    struct side *inner = &relay->sides[relay->inner];

    fd_watch_free(steal(inner->watch));
    relay_engine_close_later(relay->engine, steal_fd(&inner->fd));
    relay_free(relay);
}

/* From the source into the empty pipe, what there is. False: it failed. */
static bool flow_fill(struct tcp_relay *relay, int source)
{
    struct flow *flow = &relay->flows[source];
    ssize_t n;

    if (flow->pipe.read_fd < 0 && !pipe_pool_take(relay->engine->pipes, &flow->pipe))
        return false;
    do
        n = splice(relay->sides[source].fd, NULL, flow->pipe.write_fd, NULL, NET_PIPE_BYTES,
                   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN;
    flow->ended = n == 0;
    flow->is_bulk = n >= NET_COPY_BYTES;
    flow->in_pipe = (size_t)n;
    return true;
}

/* From the pipe into the sink, as much as it takes. False: it failed. */
static bool flow_drain(struct tcp_relay *relay, int source)
{
    struct flow *flow = &relay->flows[source];
    ssize_t n;

    do
        n = splice(flow->pipe.read_fd, NULL, relay->sides[!source].fd, NULL, flow->in_pipe,
                   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    flow->in_pipe -= (size_t)n;
    return true;
}

/* A message: from the source straight into the sink, and what that does not take into the empty
 * pipe, whose smallest size has room for it. False: a side failed. */
static bool flow_copy(struct tcp_relay *relay, int source)
{
    struct flow *flow = &relay->flows[source];
    char bytes[NET_COPY_BYTES];
    ssize_t n, sent;

    do
        n = recv(relay->sides[source].fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN;
    flow->ended = n == 0;
    flow->is_bulk = n == NET_COPY_BYTES;
    if (n == 0)
        return true;
    sent = send(relay->sides[!source].fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    if (sent < 0)
        sent = 0;
    if (sent == n)
        return true;
    if (!pipe_pool_take(relay->engine->pipes, &flow->pipe) ||
        write(flow->pipe.write_fd, bytes + sent, (size_t)(n - sent)) != n - sent)
        return false;
    flow->in_pipe = (size_t)(n - sent);
    return true;
}

/* Fills and drains once: behind a message there is mostly nothing more, and for what there is the
 * loop comes back. False: a side failed. */
static bool flow_pump(struct tcp_relay *relay, int source)
{
    struct flow *flow = &relay->flows[source];

    if (!flow->ended && flow->in_pipe == 0 &&
        !(flow->is_bulk ? flow_fill(relay, source) : flow_copy(relay, source)))
        return false;
    if (flow->in_pipe > 0 && !flow_drain(relay, source))
        return false;
    if (flow->in_pipe == 0)
        pipe_pool_give(relay->engine->pipes, &flow->pipe, true);
    if (flow->ended && flow->in_pipe == 0 && !flow->shut) {
        if (shutdown(relay->sides[!source].fd, SHUT_WR) < 0)
            return false;
        flow->shut = true;
    }
    return true;
}

/* What a side is waited for: bytes of its own flow, or room for those of the other. */
static int side_wanted(const struct tcp_relay *relay, int side)
{
    const struct flow *out = &relay->flows[side];
    const struct flow *in = &relay->flows[!side];

    return (!out->ended && out->in_pipe == 0 ? FD_READABLE : 0) |
           (in->in_pipe > 0 ? FD_WRITABLE : 0);
}

static void side_wait(struct side *side, int events)
{
    if (events == side->events)
        return;
    side->events = events;
    fd_watch_set_events(side->watch, events);
}

static void relay_check(void *owner)
{
    struct tcp_relay *relay = owner;

    for (int i = 0; i < SIDES; i++) {
        if (relay->sides[i].events == 0 && tcp_options_is_closed(relay->sides[i].fd)) {
            relay_abort(relay);
            return;
        }
    }
    timer_arm_at(relay->check, loop_now_ms(relay->engine->loop) + NET_CHECK_MS);
}

static void relay_wait(struct tcp_relay *relay)
{
    bool blind = false;

    for (int i = 0; i < SIDES; i++) {
        side_wait(&relay->sides[i], side_wanted(relay, i));
        blind |= relay->sides[i].events == 0;
    }
    if (!blind) {
        timer_free(steal(relay->check));
    } else if (!relay->check) {
        relay->check = timer_new(relay->engine->loop, relay_check, relay);
        timer_arm_at(relay->check, loop_now_ms(relay->engine->loop) + NET_CHECK_MS);
    }
}

/* It has bytes, or room for those in the other's pipe. */
static void side_ready(void *owner)
{
    struct side *side = owner;
    struct tcp_relay *relay = side->relay;
    int source = side == &relay->sides[CLIENT] ? CLIENT : TARGET;

    if ((relay->flows[!source].in_pipe > 0 && !flow_pump(relay, !source)) ||
        !flow_pump(relay, source)) {
        relay_abort(relay);
        return;
    }
    if (relay->flows[CLIENT].shut && relay->flows[TARGET].shut) {
        relay_finish(relay);
        return;
    }
    relay_wait(relay);
}

static void relay_target_ready(void *owner)
{
    struct tcp_relay *relay = owner;
    struct side *target = &relay->sides[TARGET];
    int number = 0;
    socklen_t length = sizeof(number);

    if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &number, &length) < 0 || number != 0) {
        struct tcp_relay_set *set = relay->set;

        relay_abort(relay);
        if (set->unreachable)
            set->unreachable(set->owner);
        return;
    }
    fd_watch_free(steal(target->watch));
    for (int i = 0; i < SIDES; i++) {
        struct side *side = &relay->sides[i];

        side->events = FD_READABLE;
        side->watch = fd_watch_new(relay->engine->loop, side->fd, side->events, side_ready, side);
    }
}

void tcp_relay_start(struct relay_engine *engine, struct tcp_relay_set *set,
                     struct tcp_relay_ends take_ends)
{
    struct tcp_relay *relay = memory_new(struct tcp_relay);

    relay->engine = engine;
    relay->set = set;
    relay->inner = take_ends.inner_is_target ? TARGET : CLIENT;
    relay->container = take_ends.container;
    relay->sides[CLIENT] = (struct side){.relay = relay, .fd = take_ends.client_fd};
    relay->sides[TARGET] = (struct side){.relay = relay, .fd = take_ends.target_fd};
    relay->flows[CLIENT].pipe = relay->flows[TARGET].pipe = (struct pipe_pair){-1, -1};
    relay->next = set->first;
    if (relay->next)
        relay->next->previous = relay;
    set->first = relay;
    set->count++;
    engine->n_relays++;
    relay->sides[TARGET].watch =
        fd_watch_new(engine->loop, relay->sides[TARGET].fd, FD_WRITABLE, relay_target_ready, relay);
}

void tcp_relay_set_abort(struct tcp_relay_set *set, const struct inet_address *address)
{
    struct tcp_relay *next;

    for (struct tcp_relay *relay = set->first; relay; relay = next) {
        next = relay->next;
        if (!address || inet_address_same_host(&relay->container, address))
            relay_abort(relay);
    }
}
