/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uplink of networks that the host's kernel routes, for root: an interface of the host on the
 * network, which has the gateway's address, and one table of rules in the host's namespace.
 *
 * Nothing of it outlives the project: the interface's other end is in the router namespace, and
 * goes with that; the table belongs to a socket, and goes with the last who holds that: us, and the
 * keeper, so that it outlasts us. Others can neither change nor flush it.
 */
#ifndef YAWL_NET_UPLINK_H
#define YAWL_NET_UPLINK_H

#include "common/cleanup.h"
#include "common/error.h"
#include "net/netlink.h"
#include "net/network.h"
#include "net/uplink_rules.h"

struct uplink;

/* take_fd: the socket of one that was before (uplink_fd()), with its table; -1: there was none. */
struct uplink *uplink_new(const char *project, int take_fd);
/* The table stays with who else holds the socket. */
void uplink_free(struct uplink *uplink);
DEFINE_SCOPED(struct uplink *, uplink_free)

/* Makes the host's interface, or finds it, and sets network->uplink_ifindex. The network has its
 * bridge. Fails when the host does not forward, has the subnet already or is not ours. In the
 * host's network namespace. router: an rtnetlink socket of the router namespace. */
MUST_CHECK int uplink_plug_in(struct netlink *router, struct network *network, const char *project,
                              struct error *err);
/* Nothing when it has none. Likewise. */
MUST_CHECK int uplink_unplug(const struct network *network, struct error *err);

/* The socket that the table belongs to; -1: there is no table yet. Borrowed, and the same for ever.
 */
int uplink_fd(const struct uplink *uplink);
/* The table goes, whoever holds the socket. */
void uplink_remove_rules(struct uplink *uplink);

/* The networks are not what they were. */
void uplink_change(struct uplink *uplink);
/* port: NULL when it is closed or none of ours. */
void uplink_set_port(struct uplink *uplink, const char *key, const struct uplink_port *port);
/* Loads the rules when something has changed since. */
MUST_CHECK int uplink_refresh(struct uplink *uplink, struct network *const *networks, size_t count,
                              struct error *err);

#endif
