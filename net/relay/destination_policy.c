/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/destination_policy.h"

/* Blocks that are never a stranger's, whatever the routing tables say. */
static bool is_reserved(struct in_addr address)
{
    uint32_t host = ntohl(address.s_addr);

    return host >> 24 == 0 ||      /* "this host": connect(2) takes it for loopback */
           host >> 24 == 127 ||    /* loopback */
           host >> 16 == 0xa9fe || /* 169.254/16, link-local */
           host >> 28 >= 14;       /* 224/4 multicast, 240/4 reserved, broadcast */
}

bool destination_is_allowed(const struct relay_engine *engine, const struct published_ports *ports,
                            bool udp, const struct inet_address *destination)
{
    if (!inet_address_is_v4(destination) || inet_address_port(destination) == 0 ||
        is_reserved(destination->v4.sin_addr) || network_table_of(engine->networks, destination))
        return false;
    switch (route_lookup_kind(engine->lookup, destination)) {
    case ROUTE_REMOTE:
        return true;
    case ROUTE_LOCAL:
        return published_ports_include(ports, udp, destination);
    case ROUTE_OTHER:
    case ROUTE_NONE:
        break;
    }
    return false;
}

bool source_is_allowed(const struct relay_engine *engine, const struct inet_address *source)
{
    const struct known_network *network = network_table_of(engine->networks, source);

    return network && !network->internal;
}
