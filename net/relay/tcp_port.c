/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   closed ──open──▶ probing ──container listens──▶ listening ──connection failed──▶ probing ...
 *
 * A bound socket that does not listen answers "connection refused". listen(2) opens it, and
 * shutdown(2) closes it again while the port stays reserved. While probing, the question is
 * repeated with growing pauses; while listening nothing is asked until a connection to the
 * container fails.
 */
#include "net/relay/tcp_port.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/acceptor.h"
#include "net/net_limits.h"
#include "net/relay/listen_probe.h"
#include "net/relay/tcp_options.h"
#include "net/relay/tcp_relay.h"

struct tcp_port {
    struct relay_engine *engine;
    int fds[PORT_SOCKETS];
    struct inet_address bound[PORT_SOCKETS];
    struct acceptor *acceptors[PORT_SOCKETS];
    size_t n_fds;
    struct inet_address target;
    int diag_fd;
    bool open, listening;
    struct timer *probe;
    uint64_t pause_ms;
    struct tcp_relay_set relays;
};

static bool port_admits(void *owner)
{
    const struct tcp_port *port = owner;

    /* No single port may use up what all others need too. */
    return port->engine->n_relays < port->engine->max_relays &&
           port->relays.count < port->engine->max_relays / 2 + 1;
}

/* Starts a connection to the container that appears to come from `source` (NULL: from the gateway).
 */
static int target_connect(struct tcp_port *port, const struct inet_address *source)
{
    const struct inet_address *target = &port->target;
    scoped_fd int fd = source
                           ? relay_engine_socket_as(port->engine, SOCK_STREAM, source)
                           : relay_engine_socket(port->engine, target->any.sa_family, SOCK_STREAM);

    if (fd < 0)
        return -1;
    if (connect(fd, &target->any, inet_address_length(target)) < 0 && errno != EINPROGRESS)
        return -1;
    return steal_fd(&fd);
}

static void port_accepted(void *owner, int take_fd)
{
    struct tcp_port *port = owner;
    struct inet_address client;
    struct tcp_relay_ends ends = {
        .client_fd = take_fd, .target_fd = -1, .inner_is_target = true, .container = port->target};

    if (inet_address_peer(take_fd, &client)) {
        if (relay_engine_can_appear_as(port->engine, &client, &port->target))
            ends.target_fd = target_connect(port, &client);
        /* The client's address and port may be in use towards this very target. */
        if (ends.target_fd < 0)
            ends.target_fd = target_connect(port, NULL);
    }
    if (ends.target_fd < 0) {
        tcp_options_set_abortive(take_fd);
        fd_close(take_fd);
        return;
    }
    tcp_relay_start(port->engine, &port->relays, ends);
}

/*
 * SO_REUSEADDR is on exactly while the port listens. Accepted connections inherit it, and only with
 * it on both sides does a later listen() pass over them and over their TIME_WAIT. Off while nobody
 * listens: else another process that sets it could bind the port.
 */
static void port_set_reuse(int fd, int on)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

/*
 * shutdown(2) keeps a port that was named to bind(2), but gives back one that the kernel chose.
 * Such a port is bound again at once, by its number, and then stays; for others this changes
 * nothing.
 */
static void port_shut(struct tcp_port *port, size_t index)
{
    const struct inet_address *bound = &port->bound[index];

    (void)shutdown(port->fds[index], SHUT_RDWR);
    (void)bind(port->fds[index], &bound->any, inet_address_length(bound));
}

static void port_stop_listening(struct tcp_port *port)
{
    for (size_t i = 0; i < port->n_fds; i++) {
        acceptor_free(steal(port->acceptors[i]));
        if (port->listening)
            port_shut(port, i);
        port_set_reuse(port->fds[i], 0);
    }
    port->listening = false;
}

/* False: somebody else listens there (possible only when the reservation was not exclusive). */
static bool port_listen(struct tcp_port *port)
{
    struct acceptor_options options = {
        .admits = port_admits, .accepted = port_accepted, .owner = port};

    port->listening = true;
    for (size_t i = 0; i < port->n_fds; i++) {
        tcp_options_set(port->fds[i]);
        port_set_reuse(port->fds[i], 1);
        if (listen(port->fds[i], SOMAXCONN) < 0) {
            port_stop_listening(port);
            return false;
        }
        options.listen_fd = port->fds[i];
        port->acceptors[i] = acceptor_new(port->engine->loop, &options);
    }
    return true;
}

static bool target_listens(const struct tcp_port *port)
{
    bool listens = false;

    if (port->diag_fd < 0 || port->target.any.sa_family == AF_UNSPEC)
        return false;
    /* A kernel that cannot tell (no inet_diag): open at once, as if nobody had asked. */
    return listen_probe(port->diag_fd, &port->target, &listens, NULL) < 0 || listens;
}

/* Re-reads whether the container listens, and looks again later unless it does. */
static void port_probe(void *owner)
{
    struct tcp_port *port = owner;
    bool listens = port->open && target_listens(port);

    if (listens && (port->listening || port_listen(port)))
        return;
    if (port->listening)
        port_stop_listening(port);
    if (!port->open || port->diag_fd < 0)
        return;
    timer_arm_at(port->probe, loop_now_ms(port->engine->loop) + port->pause_ms);
    port->pause_ms *= 2;
    if (port->pause_ms > NET_PROBE_LAST_MS)
        port->pause_ms = NET_PROBE_LAST_MS;
}

static void port_probe_afresh(struct tcp_port *port)
{
    timer_arm_at(port->probe, NEVER);
    port->pause_ms = NET_PROBE_FIRST_MS;
    port_probe(port);
}

static void port_unreachable(void *owner)
{
    port_probe_afresh(owner);
}

struct tcp_port *tcp_port_new(struct relay_engine *engine)
{
    struct tcp_port *port = memory_new(struct tcp_port);

    port->engine = engine;
    port->diag_fd = -1;
    port->relays.unreachable = port_unreachable;
    port->relays.owner = port;
    port->probe = timer_new(engine->loop, port_probe, port);
    return port;
}

static void port_close_sockets(struct tcp_port *port)
{
    port_stop_listening(port);
    for (size_t i = 0; i < port->n_fds; i++)
        fd_close(port->fds[i]);
    port->n_fds = 0;
}

void tcp_port_free(struct tcp_port *port)
{
    if (!port)
        return;
    tcp_relay_set_abort(&port->relays, NULL);
    port_close_sockets(port);
    timer_free(port->probe);
    free(port);
}

static bool is_same_socket(int a_fd, int b_fd)
{
    struct stat a, b;

    return fstat(a_fd, &a) == 0 && fstat(b_fd, &b) == 0 && a.st_ino == b.st_ino;
}

static bool has_sockets(const struct tcp_port *port, const int *fds, size_t n_fds)
{
    if (port->n_fds != n_fds)
        return false;
    for (size_t i = 0; i < n_fds; i++)
        if (!is_same_socket(port->fds[i], fds[i]))
            return false;
    return true;
}

/* A new supervisor sends the sockets that it took back from us: clients wait in their queues. */
void tcp_port_set_sockets(struct tcp_port *port, const int *take_fds, size_t n_fds)
{
    if (has_sockets(port, take_fds, n_fds)) {
        for (size_t i = 0; i < n_fds; i++)
            fd_close(take_fds[i]);
        return;
    }
    port_close_sockets(port);
    for (size_t i = 0; i < n_fds && i < PORT_SOCKETS; i++) {
        (void)inet_address_local(take_fds[i], &port->bound[i]);
        port->fds[port->n_fds++] = take_fds[i];
    }
    port_probe_afresh(port);
}

void tcp_port_set_target(struct tcp_port *port, const struct inet_address *target, int diag_fd)
{
    if (inet_address_equal(&port->target, target) && port->diag_fd == diag_fd)
        return;
    port->target = *target;
    port->diag_fd = diag_fd;
    port_probe_afresh(port);
}

void tcp_port_set_open(struct tcp_port *port, bool open)
{
    if (port->open == open)
        return;
    port->open = open;
    port_probe_afresh(port);
}

void tcp_port_abort(struct tcp_port *port, const struct inet_address *container)
{
    tcp_relay_set_abort(&port->relays, container);
    relay_engine_close_now(port->engine, container);
}

bool tcp_port_is_listening(const struct tcp_port *port)
{
    return port->listening;
}

size_t tcp_port_connections(const struct tcp_port *port)
{
    return port->relays.count;
}
