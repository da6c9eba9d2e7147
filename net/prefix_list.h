/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing list of subnets, such as those that the host has routes to.
 */
#ifndef YAWL_NET_PREFIX_LIST_H
#define YAWL_NET_PREFIX_LIST_H

#include <stddef.h>

#include "common/error.h"
#include "net/ipv4.h"

/* A list that grows; `free(list.items)` ends it. */
struct prefix_list {
    struct ipv4_prefix *items;
    size_t count, capacity;
};

void prefix_list_add(struct prefix_list *list, struct ipv4_prefix prefix);

/* Adds the destinations of the host's specific IPv4 routes, of all tables: the default route and
 * the two halves of the internet that VPNs set in its place say nothing about a subnet. In the
 * calling thread's network namespace. */
MUST_CHECK int prefix_list_add_host_routes(struct prefix_list *list, struct error *err);

#endif
