/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bridges of a shared network meet: a bridge without addresses in a namespace of its own,
 * held by a small process that ends with the last port. Projects' routers plug in by a veth each.
 *
 * A hub keeps nothing that matters. One that was killed is made anew by whoever looks next, and all
 * plug in again; connections live on.
 */
#ifndef YAWL_NET_HUB_H
#define YAWL_NET_HUB_H

#include <stdbool.h>

#include "common/error.h"
#include "net/netlink.h"

/* The hidden first argument by which the program finds that it is to hold a hub. */
#define ROLE_HUB "internal-network"

struct hub {
    int netns_fd; /* -1: none */
    int pidfd;    /* of its holder: readable when that has ended */
};

/* Finds the network's hub by the record "hub" in its run directory, or makes it. Under the lock of
 * the registry, in the host's network namespace. */
MUST_CHECK int hub_open(int dir_fd, const char *network, struct hub *ret_hub, struct error *err);
/* Also reaps a holder that was our child and has ended. */
void hub_close(struct hub *hub);
bool hub_is_alive(const struct hub *hub);

/* A project's end. */
struct hub_plug {
    const char *network;
    struct netlink *router; /* an rtnetlink socket of the router namespace */
    int router_fd;
    int bridge_ifindex;
    uint32_t address; /* the router's on the network */
    int mtu;
    bool isolated; /* from the router's other ports that are */
};

/* Joins the project's bridge and the hub; what is joined stays. Under the lock. */
MUST_CHECK int hub_plug_in(const struct hub *hub, const struct hub_plug *plug, struct error *err);

/* The holder: until the hub has no port any more. Descriptors are inherited. */
int hub_main(const char *network, int netns_fd, int dir_fd);

#endif
