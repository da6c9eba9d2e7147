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
#include "net/network_v6.h"
#include "net/prefix_list.h"
#include "net/station.h"

struct shared_network;

/* A subnet of IPv4. */
struct network_pool {
    struct ipv4_prefix subnet;
    uint32_t gateway; /* of those in it; may be in another subnet of the network */
};

struct network {
    char *name;
    struct ipv4_prefix subnet;
    uint32_t gateway;
    struct network_pool *pools; /* after the first */
    size_t n_pools, pools_capacity;
    char gateway_text[IPV4_TEXT_SIZE];
    bool no_ipv4; /* the subnet above only numbers the containers */
    struct network_v6 v6;
    bool internal, isolated;
    bool kernel_uplink;
    uint32_t router; /* the bridge's own address: the gateway, unless that is the host's */
    char *parent; /* of a network of stations, which has no bridge: the host's interface; or NULL */
    struct station station;
    int parent_ifindex; /* 0 until it was found */
    int mtu;
    int bridge_ifindex; /* 0 until the bridge exists */
    int uplink_ifindex; /* of the host's end of the uplink; 0: there is none */
    struct ipam *ipam;
    struct shared_network *shared; /* the project's part in one of the machine's, or NULL; then the
                                      gateway is the project's own address there */
};

/* Its IPv4 subnets, from 0 to network->n_pools. */
struct network_pool network_pool_at(const struct network *network, size_t index);
/* The subnet that the address is in, of those of the network. */
struct network_pool network_pool_of(const struct network *network, uint32_t address);
/* Which of all its addresses it is, counted through its subnets. */
uint32_t network_number_of(const struct network *network, uint32_t address);
bool network_contains(const struct network *network, uint32_t address);
/* Adds all its IPv4 subnets. */
void network_add_subnets(const struct network *network, struct prefix_list *list);

/* The instance's address, or on a network without IPv4 its number; `wanted` as for ipam_claim(). */
MUST_CHECK int network_claim(struct network *network, const char *instance, uint32_t wanted,
                             uint32_t *ret_address, struct error *err);

/* The instance's IPv6 address, `number` being its place in the IPv4 subnet; as for
 * network_v6_claim(). */
MUST_CHECK int network_claim6(struct network *network, const char *instance, const char *wanted,
                              uint32_t number, struct in6_addr *ret_address, struct error *err);

struct network_place {
    const char *project;
    struct address_book *book;       /* what was chosen before, or NULL */
    const struct prefix_list *taken; /* subnets of other networks that it must not overlap */
    struct network *const *others;   /* those of the project; for IPv6 */
    size_t n_others;
};

/* Checks the specification and settles what it leaves open. Nothing is made. In the host's network
 * namespace: a subnet is chosen beside its routes. */
MUST_CHECK int network_new(const struct network_spec *spec, const struct network_place *place,
                           struct network **ret_network, struct error *err);
/* Whether it is what there is already. */
bool network_is_same(const struct network *a, const struct network *b);
void network_free(struct network *network);
DEFINE_SCOPED(struct network *, network_free)

#endif
