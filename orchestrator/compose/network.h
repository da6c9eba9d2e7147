/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of a Compose file, decoded. Borrows from the project's nodes.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_NETWORK_H
#define YAWL_ORCHESTRATOR_COMPOSE_NETWORK_H

#include <stdbool.h>

#include "common/arena.h"
#include "orchestrator/compose/value.h"

/* One config of ipam; what is not said is NULL. */
struct ip_pool {
    const char *subnet, *gateway, *ip_range;
    struct string_list aux_addresses;
};

struct network {
    const char *key, *name;
    const char *driver;
    bool external, internal;
    bool enable_ipv4, enable_ipv6; /* the first is true unless said otherwise */
    struct ip_pool pool, pool6;    /* the first of each family */
    struct ip_pool *more_pools;    /* those after them */
    size_t n_more_pools;
    struct pair_list driver_opts, labels;
    const char *uplink; /* `x-uplink`: "kernel", or NULL: the relay */
    struct position at;
};

#endif
