/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance that is attached to networks: where, in numbers for the kernel and in words for the
 * worker.
 */
#ifndef YAWL_NET_MEMBER_H
#define YAWL_NET_MEMBER_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "net/endpoint.h"
#include "net/network.h"
#include "net/network_spec.h"
#include "net/worker_protocol.h"

struct member {
    struct arena *arena; /* of everything below */
    const char *instance;
    struct endpoint *endpoints;
    struct worker_entry *entries; /* as many */
    size_t count;
    const char *address; /* that published ports lead to: on the network with the default route;
                            NULL: none */
    struct view_spec view;
    int rank;          /* enum name_rank */
    bool serves_names; /* listens on port 53 itself */
};

struct member_spec {
    const char *instance;
    const struct endpoint_spec *endpoints;
    size_t count;
};

/* The network called `name`, or NULL. */
struct network_lookup {
    struct network *(*find)(void *owner, const char *name);
    void *owner;
};

/* Claims the addresses and copies what is needed. */
MUST_CHECK int member_new(const struct member_spec *spec, const struct network_lookup *lookup,
                          struct member **ret_member, struct error *err);
void member_free(struct member *member);
DEFINE_SCOPED(struct member *, member_free)

struct member_addresses {
    uint32_t v4;        /* on a network without IPv4: the instance's number, no more */
    struct in6_addr v6; /* unset on a network without IPv6 */
};

/* The addresses of (network, instance): the wanted ones or the sticky choice. */
MUST_CHECK int member_claim(struct network *network, const char *instance,
                            const struct endpoint_spec *spec,
                            struct member_addresses *ret_addresses, struct error *err);

#endif
