/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nftables ruleset of the router namespace: what containers reach, and how.
 */
#ifndef YAWL_NET_ROUTER_RULES_H
#define YAWL_NET_ROUTER_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "net/ipv4.h"
#include "net/ipv6.h"
#include "net/netlink.h"

struct router_network {
    int bridge_ifindex;
    const struct ipv4_prefix *subnets;
    size_t n_subnets;
    const struct ipv6_prefix *subnets6;
    size_t n_subnets6;
    bool internal;
};

/* Replaces the whole ruleset in one transaction. netfilter: a NETLINK_NETFILTER socket of the
 * namespace. */
MUST_CHECK int router_rules_load(struct netlink *netfilter, const struct router_network *networks,
                                 size_t count, struct error *err);

#endif
