/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's interfaces: veth pairs whose one end is a port of a bridge in the router namespace,
 * and whose other end is born inside the container's namespace.
 *
 * The peer is never moved: creating a pair in one namespace and moving an end costs 19 ms of the
 * kernel's grace periods, creating it in place 0.6 ms. All of a container's interfaces are made by
 * one message batch in the router's namespace and one in its own.
 */
#ifndef YAWL_NET_ENDPOINT_H
#define YAWL_NET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"
#include "net/ipv4.h"
#include "net/ipv6.h"
#include "net/netlink.h"
#include "net/station.h"

struct endpoint {
    const char *network;
    const char *interface_name; /* inside; NULL: "eth" and the number of the endpoint */
    bool isolated;              /* from the bridge's other isolated ports */
    int bridge_ifindex;         /* in the router; or: */
    int parent_ifindex; /* in the host's namespace, of the station; 0: it is a bridge's port */
    struct station station;
    uint32_t address;
    unsigned prefix_length; /* 0: without IPv4 */
    struct in6_addr address6;
    unsigned prefix_length6; /* 0: without IPv6 */
    uint8_t mac[MAC_SIZE];
    int mtu;
    int64_t egress_bits, ingress_bits; /* a second; 0: no limit */
    uint32_t gateway; /* of the default route, on at most one endpoint; 0: none here */
    bool is_routed;   /* the default route has no gateway: it is the interface alone */
    uint32_t
        host_gateway; /* that HOST_GATEWAY_ADDRESS is behind; 0: where the default route leads */
    struct in6_addr gateway6;
    bool has_gateway6;
    struct ipv4_prefix *on_link; /* other subnets that are reached without a router */
    size_t n_on_link;
    struct ipv6_prefix *on_link6;
    size_t n_on_link6;
    uint32_t *link_local; /* more addresses, that reach no further than the bridge */
    size_t n_link_local;
    struct in6_addr *link_local6;
    size_t n_link_local6;
    struct string_list settings; /* as in struct endpoint_spec; of a fresh namespace only */
};

/* Furnishes the container's network namespace: lo, eth0 ... in the order given, addresses, default
 * route and the namespace's parameters. What is there stays. router: an rtnetlink socket of the
 * router namespace. */
MUST_CHECK int endpoints_make(struct netlink *router, int netns_fd,
                              const struct endpoint *endpoints, size_t count, struct error *err);

/* One interface with its address in a namespace that is somebody else's: nothing but that is
 * touched. */
MUST_CHECK int endpoint_make_bare(struct netlink *router, int netns_fd,
                                  const struct endpoint *endpoint, struct error *err);

#endif
