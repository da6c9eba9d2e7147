/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One network of the project as the supervisor holds it: its specification in numbers, its
 * addresses, its bridge.
 */
#ifndef YAWL_NET_NETWORK_H
#define YAWL_NET_NETWORK_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/address_book.h"
#include "net/ipam.h"
#include "net/network_spec.h"
#include "net/prefix_list.h"

struct network {
    char *name;
    struct ipv4_prefix subnet;
    uint32_t gateway;
    char gateway_text[IPV4_TEXT_SIZE];
    bool internal, isolated;
    int mtu;
    int bridge_ifindex; /* 0 until the bridge exists */
    struct ipam *ipam;
};

struct network_place {
    const char *project;
    struct address_book *book;       /* what was chosen before, or NULL */
    const struct prefix_list *taken; /* subnets of the project's other networks */
};

/* Checks the specification and settles what it leaves open. Nothing is made. In the host's network
 * namespace: a subnet is chosen beside its routes. */
MUST_CHECK int network_new(const struct network_spec *spec, const struct network_place *place,
                           struct network **ret_network, struct error *err);
void network_free(struct network *network);
DEFINE_SCOPED(struct network *, network_free)

#endif
