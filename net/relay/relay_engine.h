/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all relays of a worker share: the loop, the socket factory, pipes, the budget of
 * descriptors, and the sockets that are being closed.
 */
#ifndef YAWL_NET_RELAY_RELAY_ENGINE_H
#define YAWL_NET_RELAY_RELAY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/loop.h"
#include "net/network_table.h"
#include "net/relay/host_gateway.h"
#include "net/relay/pipe_pool.h"
#include "net/relay/route_lookup.h"
#include "net/relay/socket_factory.h"

struct lingering;

struct relay_engine {
    struct loop *loop;                    /* borrowed */
    struct socket_factory *factory;       /* borrowed */
    const struct network_table *networks; /* borrowed */
    struct route_lookup *lookup;
    struct host_gateway *host;
    struct pipe_pool *pipes;
    size_t n_relays, max_relays;
    struct lingering *lingering; /* sockets of the router namespace until their peer has all */
    size_t n_lingering, lingering_capacity;
    struct timer *sweep;
};

MUST_CHECK int relay_engine_new(struct loop *loop, struct socket_factory *factory,
                                const struct network_table *networks,
                                struct relay_engine **ret_engine, struct error *err);
/* Every relay must have ended before. */
void relay_engine_free(struct relay_engine *engine);
DEFINE_SCOPED(struct relay_engine *, relay_engine_free)

/*
 * Closes a TCP socket of the router namespace whose both directions are shut, once the last bytes
 * are acknowledged: its close() sends a reset until then.
 */
void relay_engine_close_later(struct relay_engine *engine, int take_fd);
/* Resets those that wait for this address, because the container is gone; NULL: all. */
void relay_engine_close_now(struct relay_engine *engine, const struct inet_address *address);

/* A socket of the router namespace, AF_INET or AF_INET6, whose source will be the gateway; not
 * connected. -1 with errno. */
int relay_engine_socket(struct relay_engine *engine, int family, int type);
/* One that is bound to a foreign address and port, and appears as that. -1 with errno. */
int relay_engine_socket_as(struct relay_engine *engine, int type,
                           const struct inet_address *address);

/* Whether a container at `target` would see a client at `client` as such: not when it is the host
 * itself, when its address also occurs in the project, or when the container's network has no way
 * back. */
bool relay_engine_can_appear_as(struct relay_engine *engine, const struct inet_address *client,
                                const struct inet_address *target);

#endif
