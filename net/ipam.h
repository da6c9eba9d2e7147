/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which instance has which address on one network, and which subnet a network has. Pure
 * bookkeeping.
 *
 * The first choice follows from the names alone, so that it is the same on every machine; what was
 * chosen once is remembered and chosen again. A remembered address of an instance that nobody has
 * asked for since is given away only when nothing else is left.
 */
#ifndef YAWL_NET_IPAM_H
#define YAWL_NET_IPAM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/ipv4.h"

struct ipam;

struct ipam_spec {
    const char *network; /* for messages and for the choice; borrowed until ipam_free() */
    struct ipv4_prefix subnet;
    struct ipv4_prefix range; /* inside the subnet; automatic addresses come from here */
    uint32_t gateway;         /* inside the subnet; never handed out */
};

/* A further subnet, whose automatic addresses are given away when those before it have none. */
struct ipam_pool {
    struct ipv4_prefix subnet, range;
    uint32_t gateway;
};

struct ipam *ipam_new(const struct ipam_spec *spec);
void ipam_free(struct ipam *ipam);
DEFINE_SCOPED(struct ipam *, ipam_free)

/* Before anything is remembered or claimed. */
void ipam_add_pool(struct ipam *ipam, const struct ipam_pool *pool);

/* Never handed out, neither by itself nor on request. */
MUST_CHECK int ipam_reserve(struct ipam *ipam, uint32_t address, struct error *err);

/* What an earlier time knew. One that does not fit any more is left out. */
void ipam_remember(struct ipam *ipam, const char *instance, uint32_t address);

/* The instance's address. wanted: the one the user asked for, or 0. A wanted address that another
 * instance merely remembers is taken from it; one that was claimed is not: claim the wanted ones
 * first. */
MUST_CHECK int ipam_claim(struct ipam *ipam, const char *instance, uint32_t wanted,
                          uint32_t *ret_address, struct error *err);

/* The address that the instance has claimed; `wanted` as above. False when it has none that fits.
 */
bool ipam_has_claimed(const struct ipam *ipam, const char *instance, uint32_t wanted,
                      uint32_t *ret_address);

/* Forgets all instances whose name does not begin so. */
void ipam_keep_only(struct ipam *ipam, const char *prefix);

/* Puts it in front of the names of all instances. */
void ipam_add_prefix(struct ipam *ipam, const char *prefix);

/* Whether something was given or taken away since the last call. */
bool ipam_take_changed(struct ipam *ipam);

/* Everything remembered, for keeping: false beyond the last. */
bool ipam_entry(const struct ipam *ipam, size_t index, const char **ret_instance,
                uint32_t *ret_address);

/* A /24 for a network without a subnet of its own, out of the private ranges: the choice that
 * follows from the names, or the next one that overlaps nothing in `avoid`. When everything does,
 * the first choice: subnets are private to the project, and the only harm is that its containers
 * cannot reach that same range outside. */
struct ipv4_prefix ipam_choose_subnet(const char *project, const char *network,
                                      const struct ipv4_prefix *avoid, size_t n_avoid);

#endif
