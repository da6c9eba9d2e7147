/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of containers that are further stations of an interface of the host's (macvlan), for
 * root. Nothing of them is in the router namespace.
 */
#ifndef YAWL_NET_MACVLAN_H
#define YAWL_NET_MACVLAN_H

#include <stdbool.h>

#include "common/error.h"
#include "net/endpoint.h"

/* "bridge", "private", "vepa", "passthru"; false for anything else. */
bool macvlan_mode_parse(const char *text, int *ret_mode);

/* Sets *ret_ifindex to that of the host's interface. In the host's network namespace. */
MUST_CHECK int macvlan_find_parent(const char *parent, int *ret_ifindex, struct error *err);

/* Makes the interface, down, in the container's namespace, unless one of the name is there.
 * Likewise. inside: an rtnetlink socket of the container's namespace. */
MUST_CHECK int macvlan_make(const struct endpoint *endpoint, const char *name, int netns_fd,
                            struct netlink *inside, struct error *err);

#endif
