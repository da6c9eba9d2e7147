/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's handshake is complete before the outer connection is even tried. What fails
 * outside is therefore a reset inside; the listener hands SO_LINGER 0 down, so closing is
 * resetting.
 */
#include "net/relay/outbound_tcp.h"

#include <errno.h>
#include <stdlib.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/acceptor.h"
#include "net/relay/destination_policy.h"
#include "net/relay/tcp_options.h"
#include "net/relay/tcp_relay.h"

struct outbound_tcp {
    struct relay_engine *engine;
    const struct published_ports *ports;
    struct acceptor *acceptors[2]; /* of each family that there is */
    struct tcp_relay_set relays;
};

static bool outbound_admits(void *owner)
{
    const struct outbound_tcp *outbound = owner;

    return outbound->engine->n_relays < outbound->engine->max_relays &&
           outbound->relays.count < outbound->engine->max_relays / 2 + 1;
}

/* A connection to the destination under way, or -1. */
static int destination_connect(const struct inet_address *destination)
{
    scoped_fd int fd =
        socket(destination->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    tcp_options_set(fd);
    if (connect(fd, &destination->any, inet_address_length(destination)) < 0 &&
        errno != EINPROGRESS)
        return -1;
    return steal_fd(&fd);
}

static void outbound_accepted(void *owner, int take_fd)
{
    struct outbound_tcp *outbound = owner;
    struct tcp_relay_ends ends = {.client_fd = take_fd, .target_fd = -1};
    struct outbound_flow_ends flow = {.kind = OUTBOUND_TCP};
    struct inet_address destination;

    /* The local address of a connection that TPROXY delivers is where the container meant to go. */
    if (inet_address_peer(take_fd, &flow.container) && inet_address_local(take_fd, &flow.meant) &&
        destination_settle(outbound->engine, outbound->ports, &flow, &destination))
        ends.target_fd = destination_connect(&destination);
    ends.container = flow.container;
    if (ends.target_fd >= 0)
        tcp_relay_start(outbound->engine, &outbound->relays, ends);
    else
        fd_close(take_fd);
}

struct outbound_tcp *outbound_tcp_new(struct relay_engine *engine,
                                      const struct published_ports *ports)
{
    struct outbound_tcp *outbound = memory_new(struct outbound_tcp);
    struct acceptor_options options = {
        .admits = outbound_admits, .accepted = outbound_accepted, .owner = outbound};
    static const int families[] = {AF_INET, AF_INET6};

    outbound->engine = engine;
    outbound->ports = ports;
    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        options.listen_fd = socket_factory_outbound_fd(engine->factory, families[i], SOCK_STREAM);
        if (options.listen_fd >= 0)
            outbound->acceptors[i] = acceptor_new(engine->loop, &options);
    }
    return outbound;
}

void outbound_tcp_free(struct outbound_tcp *outbound)
{
    if (!outbound)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(outbound->acceptors); i++)
        acceptor_free(outbound->acceptors[i]);
    tcp_relay_set_abort(&outbound->relays, NULL);
    free(outbound);
}

void outbound_tcp_abort(struct outbound_tcp *outbound, const struct inet_address *container)
{
    tcp_relay_set_abort(&outbound->relays, container);
}

size_t outbound_tcp_count(const struct outbound_tcp *outbound)
{
    return outbound->relays.count;
}
