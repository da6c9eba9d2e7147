/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in the host's namespace for networks that its kernel routes.
 */
#ifndef YAWL_NET_UPLINK_RULES_H
#define YAWL_NET_UPLINK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "net/ipv4.h"
#include "net/netlink.h"

struct uplink_network {
    int ifindex; /* of the host's interface on it */
    struct ipv4_prefix subnet;
};

/* A published port that is open. */
struct uplink_port {
    uint32_t host_address; /* 0: all of the host's */
    uint16_t host_port;
    uint32_t address; /* of the container */
    uint16_t container_port;
    bool udp;
};

struct uplink_rules {
    struct uplink_network *networks;
    size_t n_networks;
    struct uplink_port *ports;
    size_t n_ports;
};

/* Replaces the table, which belongs to `netfilter`, a NETLINK_NETFILTER socket of the host's
 * namespace. */
MUST_CHECK int uplink_rules_load(struct netlink *netfilter, const char *table,
                                 const struct uplink_rules *rules, struct error *err);

#endif
