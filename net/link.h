/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rtnetlink messages that bridges and endpoints share.
 */
#ifndef YAWL_NET_LINK_H
#define YAWL_NET_LINK_H

#include <stdbool.h>

#include "net/ipv4.h"
#include "net/ipv6.h"
#include "net/netlink.h"

enum { LOOPBACK_IFINDEX = 1 };

/* Adds an address, usable at once (no duplicate address detection). One that is there is no error.
 */
void link_batch_address(struct netlink_batch *batch, int ifindex, uint32_t address,
                        unsigned prefix_length);

void link_batch_address6(struct netlink_batch *batch, int ifindex, const struct in6_addr *address,
                         unsigned prefix_length);

/* Waits until the kernel takes packets for an address of its own. Adding one is only the beginning:
 * the route to it and the group in which neighbours ask for it come later, from a queue of work,
 * also without duplicate address detection; what arrives before is dropped, and asked again only
 * after a second. Microseconds as a rule, and never long: then the first packet is late, no more.
 */
MUST_CHECK int link_await_address6(struct netlink *netlink, int ifindex,
                                   const struct in6_addr *address, struct error *err);

/* Brings the interface up. bare: without a link-local IPv6 address of its own. */
void link_batch_up(struct netlink_batch *batch, int ifindex, bool bare);

/* Asks for the interface (by index, or by name when that is 0). Since Linux 6.8 the kernel finishes
 * a change of carrier before it answers; until that is done it drops what is sent, and the first
 * SYN comes again only a second later. */
void link_batch_settle(struct netlink_batch *batch, int ifindex, const char *name);

/* The route to a subnet (0.0.0.0/0: the default route) by a gateway, or 0: it is on the link
 * itself; an earlier one is replaced. */
void link_batch_route(struct netlink_batch *batch, int ifindex, struct ipv4_prefix subnet,
                      uint32_t gateway);

/* gateway: NULL for the link itself. */
void link_batch_route6(struct netlink_batch *batch, int ifindex, const struct ipv6_prefix *subnet,
                       const struct in6_addr *gateway);

/* A bridge's ports stay, without it; of a pair both ends go. One that is gone is no error. */
MUST_CHECK int link_remove(struct netlink *netlink, int ifindex, struct error *err);

MUST_CHECK int link_find(struct netlink *netlink, const char *name, int *ret_ifindex,
                         struct error *err);

#endif
