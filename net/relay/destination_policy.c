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

/* The same for IPv6; fd00:ec2::254 is the metadata service of a cloud, in a range that is otherwise
 * anybody's. */
static bool is_reserved6(const struct in6_addr *address)
{
    static const struct in6_addr metadata = {
        .s6_addr = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}};

    return IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_LOOPBACK(address) ||
           IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_MULTICAST(address) ||
           IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address) ||
           IN6_ARE_ADDR_EQUAL(address, &metadata);
}

static bool is_reachable(const struct relay_engine *engine, const struct published_ports *ports,
                         const struct outbound_flow_ends *ends)
{
    bool reserved = inet_address_is_v4(&ends->meant) ? is_reserved(ends->meant.v4.sin_addr)
                                                     : is_reserved6(&ends->meant.v6.sin6_addr);

    if (reserved || network_table_of(engine->networks, &ends->meant))
        return false;
    switch (route_lookup_kind(engine->lookup, &ends->meant)) {
    case ROUTE_REMOTE:
        return true;
    case ROUTE_LOCAL:
        return ends->kind != OUTBOUND_ECHO &&
               published_ports_include(ports, ends->kind == OUTBOUND_UDP, &ends->meant);
    case ROUTE_OTHER:
    case ROUTE_NONE:
        break;
    }
    return false;
}

bool destination_settle(const struct relay_engine *engine, const struct published_ports *ports,
                        const struct outbound_flow_ends *ends, struct inet_address *ret_destination)
{
    const struct known_network *network = network_table_of(engine->networks, &ends->container);

    if (!network || network->internal)
        return false;
    if (ends->kind != OUTBOUND_ECHO && inet_address_port(&ends->meant) == 0)
        return false;
    *ret_destination = ends->meant;
    if (host_gateway_is(&ends->meant))
        return host_gateway_translate(engine->host, engine->lookup, &ends->container,
                                      ret_destination);
    return is_reachable(engine, ports, ends);
}
