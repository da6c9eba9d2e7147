/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of containers that are further stations of an interface of the host's, for root: by
 * macvlan each with a MAC address of its own, by ipvlan all with the host's. Nothing of them is in
 * the router namespace.
 */
#ifndef YAWL_NET_STATION_H
#define YAWL_NET_STATION_H

#include <stdbool.h>

#include "common/error.h"
#include "net/netlink.h"
#include "net/network_spec.h"

struct endpoint;

/* Which kind. */
struct station {
    bool ipvlan;
    int mode;  /* MACVLAN_MODE_* or IPVLAN_MODE_* */
    int flags; /* IPVLAN_F_* */
};

/* From the specification of a network with a parent. */
MUST_CHECK int station_parse(const struct network_spec *spec, struct station *ret_station,
                             struct error *err);
bool station_is_same(const struct station *a, const struct station *b);
/* Whether the host routes for it (ipvlan above l2): then there is no gateway, and nobody asks who
 * has an address. */
bool station_is_routed(const struct station *station);

/* Sets *ret_ifindex to that of the host's interface. Fails when the kernel has no such stations. In
 * the host's network namespace. */
MUST_CHECK int station_find_parent(const struct station *station, const char *parent,
                                   int *ret_ifindex, struct error *err);

/* Makes the interface, down, in the container's namespace, unless one of the name is there.
 * Likewise. inside: an rtnetlink socket of the container's namespace. */
MUST_CHECK int station_make(const struct endpoint *endpoint, const char *name, int netns_fd,
                            struct netlink *inside, struct error *err);

#endif
