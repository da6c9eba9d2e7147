/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's router namespace: the home of its bridges, of the rules between them and of the
 * worker's inner sockets. It lives as long as someone holds a descriptor of it or a socket inside.
 */
#ifndef YAWL_NET_ROUTER_H
#define YAWL_NET_ROUTER_H

#include "common/cleanup.h"
#include "common/error.h"
#include "net/netlink.h"
#include "net/router_rules.h"

struct router;

/* Makes the namespace, or takes over the one of take_netns_fd when that is not negative (closed on
 * error too), and sets what is the same for all projects: parameters, lo, policy routing. Rules are
 * not touched. */
MUST_CHECK int router_open(int take_netns_fd, struct router **ret_router, struct error *err);
void router_free(struct router *router);
DEFINE_SCOPED(struct router *, router_free)

/* Borrowed. */
int router_netns_fd(const struct router *router);
/* An rtnetlink socket of the namespace. Borrowed. */
struct netlink *router_links(struct router *router);

MUST_CHECK int router_set_rules(struct router *router, const struct router_network *networks,
                                size_t count, struct error *err);

#endif
