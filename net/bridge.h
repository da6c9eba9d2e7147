/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bridge per network, inside the router namespace: static MAC, no spanning tree, no multicast
 * snooping, the gateway's address.
 */
#ifndef YAWL_NET_BRIDGE_H
#define YAWL_NET_BRIDGE_H

#include <stdbool.h>

#include "common/error.h"
#include "net/ipv4.h"
#include "net/netlink.h"
#include "net/network_v6.h"

struct network_pool;

enum { INTERFACE_NAME_SIZE = 16 };

struct bridge_spec {
    const char *name; /* of the interface */
    uint32_t router;  /* what its MAC and link-local address follow from */
    int mtu;
    const struct network_pool *pools; /* all subnets of IPv4. It has their gateways' addresses; a
                                         subnet whose gateway is in another is on its link. */
    size_t n_pools;
    const struct network_v6 *v6; /* likewise; or NULL */
};

/* Letters, digits, '.', '_' and '-', as many as fit. */
bool bridge_is_interface_name(const char *text);

/* The interface's name for a network: "br-front", or with a hash in place of a name that does not
 * fit. */
void bridge_name(const char *network, char ret_name[INTERFACE_NAME_SIZE]);

/* Adds the message that makes the bridge; one that is there is no error. */
void bridge_batch_add(struct netlink_batch *batch, const struct bridge_spec *spec);

/* Makes the bridge, or finds it, and brings it up. router: an rtnetlink socket of the router
 * namespace. */
MUST_CHECK int bridge_make(struct netlink *router, const struct bridge_spec *spec, int *ret_ifindex,
                           struct error *err);

#endif
