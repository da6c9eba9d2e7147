/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's part in a network that is the machine's (struct network, `shared`): its own address
 * there, the addresses of its containers beside those of other projects, its page for them, and the
 * plug that joins its bridge with theirs.
 *
 * In the book of addresses an instance is "PROJECT/INSTANCE" and a project's router "PROJECT/".
 * What the book says of projects that have a page is taken; the rest is remembered for their
 * return.
 */
#ifndef YAWL_NET_SHARED_NETWORK_H
#define YAWL_NET_SHARED_NETWORK_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/network.h"
#include "net/router.h"
#include "net/shared_registry.h"

struct shared_network;

struct shared_site {
    const struct shared_registry *registry; /* borrowed */
    const char *project;                    /* borrowed */
};

/* Makes `network`, which was made from what shared_registry_resolve() said, the project's part in
 * the machine's network `name`: chooses its own address, writes its page. Under the lock of the
 * registry. */
MUST_CHECK int shared_network_join(struct network *network, const struct shared_site *site,
                                   const char *name, struct error *err);
/* The same for a network of the project's own that is in use: everybody on it keeps the address. */
MUST_CHECK int shared_network_convert(struct network *network, const struct shared_site *site,
                                      const char *name, struct error *err);
/* The page stays. */
void shared_network_free(struct shared_network *shared);
DEFINE_SCOPED(struct shared_network *, shared_network_free)

/* Borrowed. */
const char *shared_network_name(const struct shared_network *shared);

/* Joins the network's bridge, which exists, with the others, unless it is. Under the lock, in the
 * host's network namespace. */
MUST_CHECK int shared_network_plug_in(struct network *network, struct router *router,
                                      struct error *err);
/* Whether what joins the bridges is still there. */
bool shared_network_is_joined(const struct network *network);
/* Readable when it is no more. Borrowed; another one after each plug. */
int shared_network_hub_fd(const struct network *network);

/* As ipam_claim(), for network_claim(). Waits for the lock when the address is new. */
MUST_CHECK int shared_network_claim(struct network *network, const char *instance, uint32_t wanted,
                                    uint32_t *ret_address, struct error *err);

struct shared_claim6 {
    const char *instance;
    const char *wanted; /* or NULL */
    uint32_t number;
};

/* As network_v6_claim(), for network_claim6(). Likewise. */
MUST_CHECK int shared_network_claim6(struct network *network, const struct shared_claim6 *claim,
                                     struct in6_addr *ret_address, struct error *err);

/* What the other projects are to know of ours has changed. */
void shared_network_change(struct network *network);
/* Writes the page, when something has changed since. */
MUST_CHECK int shared_network_write_page(struct network *network, const struct shared_place *places,
                                         size_t n_places, struct error *err);

#endif
