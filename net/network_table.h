/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The project's networks as the net worker knows them: which address belongs where, and what may
 * leave.
 */
#ifndef YAWL_NET_NETWORK_TABLE_H
#define YAWL_NET_NETWORK_TABLE_H

#include <stdbool.h>

#include "net/inet_address.h"
#include "net/net_report.h"

struct known_network {
    char *name;
    struct inet_subnet subnet, subnet6;
    struct inet_subnet *more; /* of either family */
    size_t n_more;
    bool has_ipv6, no_ipv4; /* the IPv4 subnet of a network without IPv4 is nobody's */
    bool internal;
    bool bypasses_router; /* answers to foreign addresses do not come by the router */
    bool marked;          /* not mentioned yet in the synchronisation that is under way */
};

struct network_table;

struct network_table *network_table_new(void);
void network_table_free(struct network_table *table);
DEFINE_SCOPED(struct network_table *, network_table_free)

/* A network as it is told. */
struct told_network {
    const char *name;
    const char *subnet;  /* "10.89.3.0/24" */
    const char *subnet6; /* "fd00:1::/64", or NULL */
    struct string_list more_subnets;
    bool internal, no_ipv4, bypasses_router;
};

/* Adds or changes; texts are copied. */
MUST_CHECK int network_table_set(struct network_table *table, const struct told_network *told,
                                 struct error *err);
void network_table_mark(struct network_table *table);
void network_table_sweep(struct network_table *table);

/* Puts the networks into the report, in its arena. */
void network_table_report(const struct network_table *table, struct arena *arena,
                          struct net_report *report);

/* Borrowed until the next change; NULL when there is none. */
const struct known_network *network_table_find(const struct network_table *table, const char *name);
const struct known_network *network_table_of(const struct network_table *table,
                                             const struct inet_address *address);

#endif
