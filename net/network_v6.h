/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IPv6 side of a network: its subnet, and who has which address.
 *
 * Instances are numbered once, in the IPv4 subnet (ipam.h). An automatic IPv6 address is a fixed
 * beginning plus that number, so that both stay the same alike and nothing more is remembered. A
 * network without IPv4 has an IPv4 subnet for its numbers alone.
 */
#ifndef YAWL_NET_NETWORK_V6_H
#define YAWL_NET_NETWORK_V6_H

#include <stddef.h>

#include "common/error.h"
#include "net/ipv4.h"
#include "net/ipv6.h"
#include "net/network_spec.h"

struct v6_holder;

struct v6_pool {
    struct ipv6_prefix subnet;
    struct in6_addr gateway; /* of those in it; may be in another subnet of the network */
};

struct network_v6 {
    bool on;
    struct v6_pool *pools; /* after the first, for addresses that somebody asks for */
    size_t n_pools, pools_capacity;
    struct ipv6_prefix subnet;
    struct in6_addr gateway;
    struct in6_addr first; /* of the automatic addresses: that of number 0 */
    struct v6_holder *holders;
    size_t n_holders, capacity;
};

/* From the specification, for `numbers`, the IPv4 subnet. Nothing is on when that does not ask for
 * IPv6. A subnet that is left open follows from the names. */
MUST_CHECK int network_v6_init(struct network_v6 *v6, const char *project,
                               const struct network_spec *spec, struct ipv4_prefix numbers,
                               struct error *err);
void network_v6_done(struct network_v6 *v6);

/* Its subnets, from 0 to v6->n_pools. */
struct v6_pool network_v6_pool_at(const struct network_v6 *v6, size_t index);
/* Fails when a subnet of the one overlaps one of the other. */
MUST_CHECK int network_v6_keep_apart(const struct network_v6 *v6, const struct network_v6 *other,
                                     struct error *err);
/* The subnet that the address is in, of those of the network. */
struct v6_pool network_v6_pool_of(const struct network_v6 *v6, const struct in6_addr *address);

/* The instance's address: the wanted one, or the one of its number when that is NULL. One that is
 * another's, the gateway's or reserved is refused. */
MUST_CHECK int network_v6_claim(struct network_v6 *v6, const char *instance, const char *wanted,
                                uint32_t number, struct in6_addr *ret_address, struct error *err);

/* Whether the instance has what it would get. */
bool network_v6_has_claimed(const struct network_v6 *v6, const char *instance, const char *wanted,
                            uint32_t number, struct in6_addr *ret_address);

/* Somebody else's, whom we do not number: it is not given to others. */
void network_v6_note(struct network_v6 *v6, const char *instance, const struct in6_addr *address);
/* The automatic address of a number. */
struct in6_addr network_v6_of_number(const struct network_v6 *v6, uint32_t number);

/* Instances and their addresses one by one: false beyond the last. */
bool network_v6_entry(const struct network_v6 *v6, size_t index, const char **ret_instance,
                      struct in6_addr *ret_address);
/* As ipam_keep_only() and ipam_add_prefix(). */
void network_v6_keep_only(struct network_v6 *v6, const char *prefix);
void network_v6_add_prefix(struct network_v6 *v6, const char *prefix);

bool network_v6_is_same(const struct network_v6 *a, const struct network_v6 *b);

#endif
