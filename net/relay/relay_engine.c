/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/relay_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/net_limits.h"
#include "net/relay/tcp_options.h"

struct lingering {
    int fd;
    struct inet_address local, peer;
};

/* How many relays the descriptors of this process suffice for. */
static size_t relays_affordable(void)
{
    struct rlimit files = {0};
    size_t relays;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur <= NET_FDS_RESERVED * 2)
        return NET_FDS_RESERVED / NET_FDS_PER_RELAY;
    relays = (size_t)(files.rlim_cur - NET_FDS_RESERVED) / NET_FDS_PER_RELAY;
    return relays < NET_LIMIT_RELAYS ? relays : NET_LIMIT_RELAYS;
}

static void engine_forget(struct relay_engine *engine, size_t index)
{
    fd_close(engine->lingering[index].fd);
    engine->lingering[index] = engine->lingering[--engine->n_lingering];
}

static void engine_arm(struct relay_engine *engine)
{
    timer_arm_at(engine->sweep,
                 engine->n_lingering > 0 ? loop_now_ms(engine->loop) + NET_SWEEP_MS : NEVER);
}

static void engine_sweep(void *owner)
{
    struct relay_engine *engine = owner;

    for (size_t i = engine->n_lingering; i-- > 0;)
        if (tcp_options_is_closed(engine->lingering[i].fd))
            engine_forget(engine, i);
    engine_arm(engine);
}

int relay_engine_new(struct loop *loop, struct socket_factory *factory,
                     const struct network_table *networks, struct relay_engine **ret_engine,
                     struct error *err)
{
    scoped(relay_engine_free) struct relay_engine *engine = memory_new(struct relay_engine);

    if (route_lookup_new(&engine->lookup, err) < 0)
        return -1;
    engine->loop = loop;
    engine->factory = factory;
    engine->networks = networks;
    engine->host = host_gateway_new();
    engine->pipes = pipe_pool_new();
    engine->max_relays = relays_affordable();
    engine->sweep = timer_new(loop, engine_sweep, engine);
    *ret_engine = steal(engine);
    return 0;
}

void relay_engine_free(struct relay_engine *engine)
{
    if (!engine)
        return;
    relay_engine_close_now(engine, NULL);
    timer_free(engine->sweep);
    pipe_pool_free(engine->pipes);
    host_gateway_free(engine->host);
    route_lookup_free(engine->lookup);
    free(engine->lingering);
    free(engine);
}

void relay_engine_close_later(struct relay_engine *engine, int take_fd)
{
    struct lingering entry = {.fd = take_fd};

    if (tcp_options_is_closed(take_fd) || !inet_address_local(take_fd, &entry.local) ||
        !inet_address_peer(take_fd, &entry.peer)) {
        fd_close(take_fd);
        return;
    }
    memory_grow(engine->lingering, engine->n_lingering, engine->lingering_capacity);
    engine->lingering[engine->n_lingering++] = entry;
    if (engine->n_lingering == 1)
        engine_arm(engine);
}

void relay_engine_close_now(struct relay_engine *engine, const struct inet_address *address)
{
    for (size_t i = engine->n_lingering; i-- > 0;)
        if (!address || inet_address_same_host(&engine->lingering[i].peer, address))
            engine_forget(engine, i);
}

int relay_engine_socket(struct relay_engine *engine, int family, int type)
{
    static const int off = 0;
    scoped_fd int fd = socket_factory_take(engine->factory, family, type);
    int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int option = family == AF_INET6 ? IPV6_TRANSPARENT : IP_TRANSPARENT;

    if (fd < 0 || setsockopt(fd, level, option, &off, sizeof(off)) < 0)
        return -1;
    return steal_fd(&fd);
}

int relay_engine_socket_as(struct relay_engine *engine, int type,
                           const struct inet_address *address)
{
    scoped_fd int fd = socket_factory_take(engine->factory, address->any.sa_family, type);

    if (fd < 0 || bind(fd, &address->any, inet_address_length(address)) < 0)
        return -1;
    return steal_fd(&fd);
}

/* Containers have a default route of IPv6 only where the host has one (net/member.c). */
static bool has_way_back(const struct relay_engine *engine, const struct inet_address *client)
{
    struct inet_address world = inet_address_any(AF_INET6, 0);

    world.v6.sin6_addr = (struct in6_addr){.s6_addr = {0x20, [15] = 1}};
    return client->v6.sin6_scope_id == 0 &&
           route_lookup_kind(engine->lookup, &world) == ROUTE_REMOTE;
}

bool relay_engine_can_appear_as(struct relay_engine *engine, const struct inet_address *client,
                                const struct inet_address *target)
{
    const struct known_network *network = network_table_of(engine->networks, target);

    return network && !network->internal && !network->bypasses_router &&
           client->any.sa_family == target->any.sa_family &&
           (inet_address_is_v4(client) || has_way_back(engine, client)) &&
           !inet_address_is_loopback(client) && !network_table_of(engine->networks, client) &&
           route_lookup_kind(engine->lookup, client) == ROUTE_REMOTE;
}
