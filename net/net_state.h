/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside net/: a project's network, shared by the files that are net.h.
 */
#ifndef YAWL_NET_NET_STATE_H
#define YAWL_NET_NET_STATE_H

#include <stdbool.h>

#include "net/address_book.h"
#include "net/member.h"
#include "net/neighbours.h"
#include "net/net.h"
#include "net/network.h"
#include "net/port_book.h"
#include "net/router.h"
#include "net/shared_registry.h"
#include "net/uplink.h"
#include "net/worker_client.h"

struct net {
    char *project;
    struct router *router;
    struct address_book *addresses;
    struct port_book *ports;
    struct worker_client *worker;
    struct uplink *uplink; /* of the networks that the kernel routes */
    struct network **networks;
    size_t n_networks, networks_capacity;
    bool rules_stale; /* a network came since the rules were loaded */
    struct member **members;
    size_t n_members, members_capacity;
    struct shared_registry *registry; /* of shared networks, or NULL: nothing is shared */
    struct neighbours *neighbours;    /* who else is on them */
    int events_fd, pages_fd;          /* epoll of: inotify of their pages, and hubs' pidfds */
    bool shared_stale;                /* the others' pages are to be read, hubs to be looked at */
};

/* -- net.c */

/* Tells the worker something that has no descriptors. */
void net_tell(struct net *net, const char *key, const struct worker_message *message);
/* "KIND NAME". */
const char *net_key_of(struct arena *arena, const char *kind, const char *name);

/* -- net_networks.c */

struct network *net_find_network(const struct net *net, const char *name);
/* The network whose IPv4 subnet has the address, or NULL. */
struct network *net_network_of(const struct net *net, uint32_t address);
/* The specification in numbers, beside the other networks. */
MUST_CHECK int net_resolve_network(struct net *net, const struct network_spec *spec,
                                   struct network **ret_network, struct error *err);
MUST_CHECK int net_make_bridge(struct net *net, struct network *network, struct error *err);
/* One that has its bridge becomes the project's. */
void net_put_network(struct net *net, struct network *take_network);
/* Makes room for another network of the name; EBUSY while somebody is on it. */
MUST_CHECK int net_remove_network(struct net *net, const char *name, struct error *err);
/* All rules at once, before a container can send anything. */
MUST_CHECK int net_refresh_rules(struct net *net, struct error *err);

/* -- net_shared.c */

MUST_CHECK int net_shared_open(struct net *net, const struct net_options *options,
                               struct error *err);
void net_shared_close(struct net *net);
/* Whether it is a network that several projects use. *ret_spec is the specification with its name
 * for them, in the arena. */
MUST_CHECK int net_is_shared(const struct net *net, const struct network_spec *spec,
                             struct arena *arena, bool *ret_shared, struct network_spec *ret_spec,
                             struct error *err);
/* Such a one is joined. */
MUST_CHECK int net_add_shared(struct net *net, const struct network_spec *spec, struct error *err);
/* As net_network_differs(); known: what the project has under the name, or NULL. */
MUST_CHECK int net_shared_differs(struct net *net, const struct network_spec *spec,
                                  const struct network *known, bool *ret_differs,
                                  struct error *err);
/* Something of what we have there has changed. */
void net_shared_change(struct net *net);
/* What we have is told to the others, and what they have to the worker. */
MUST_CHECK int net_exchange(struct net *net, struct error *err);
/* Leaves them all, for good. */
void net_leave_shared(struct net *net);

#endif
