/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host's routing tables say about an address, asked by rtnetlink from the host's
 * namespace.
 */
#ifndef YAWL_NET_RELAY_ROUTE_LOOKUP_H
#define YAWL_NET_RELAY_ROUTE_LOOKUP_H

#include <netinet/in.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/inet_address.h"

enum route_kind {
    ROUTE_REMOTE, /* another machine's */
    ROUTE_LOCAL,  /* one of the host's own */
    ROUTE_OTHER,  /* broadcast, multicast, blackhole */
    ROUTE_NONE,   /* nothing leads there, or the kernel did not answer */
};

struct route_lookup;

MUST_CHECK int route_lookup_new(struct route_lookup **ret_lookup, struct error *err);
void route_lookup_free(struct route_lookup *lookup);
DEFINE_SCOPED(struct route_lookup *, route_lookup_free)

/* The kernel answers within the call: some microseconds. */
enum route_kind route_lookup_kind(struct route_lookup *lookup, const struct inet_address *address);

/* The address that the host itself goes out with: that of its default route, or without one the
 * first that is not confined to the machine or a link. False when there is none. IPv4. */
bool route_lookup_own(struct route_lookup *lookup, struct in_addr *ret_address);

#endif
