/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What UDP and pings of containers have in common on their way outside: the sockets by which the
 * router hands them over, one for each family, and the flows that came of them.
 */
#ifndef YAWL_NET_RELAY_OUTBOUND_FLOWS_H
#define YAWL_NET_RELAY_OUTBOUND_FLOWS_H

#include "net/relay/destination_policy.h"
#include "net/relay/flow_table.h"
#include "net/relay/published_ports.h"
#include "net/relay/relay_engine.h"

struct outbound_router {
    struct outbound_flows *outbound;
    int fd; /* the factory's; -1: there is no such family */
    struct fd_watch *watch;
};

struct outbound_flows {
    struct relay_engine *engine;         /* borrowed */
    const struct published_ports *ports; /* borrowed */
    enum outbound_kind kind;
    struct outbound_router ipv4, ipv6;
    struct flow_table *table; /* keys: {container, where it wants to go} */
};

struct outbound_flows_options {
    struct relay_engine *engine;
    const struct published_ports *ports;
    enum outbound_kind kind;
    int ipv4_fd, ipv6_fd; /* borrowed */
    size_t max_flows, max_per_source;
    void (*ready)(void *router);         /* something has come; struct outbound_router */
    void (*end)(struct flow *take_flow); /* see flow_table.h */
};

struct outbound_flows *outbound_flows_new(const struct outbound_flows_options *options);
void outbound_flows_free(struct outbound_flows *outbound);
DEFINE_SCOPED(struct outbound_flows *, outbound_flows_free)

/* The container at this address is gone. */
void outbound_flows_abort(struct outbound_flows *outbound, const struct inet_address *container);
size_t outbound_flows_count(const struct outbound_flows *outbound);

enum outbound_admission {
    OUTBOUND_ADMITTED,
    OUTBOUND_FORBIDDEN, /* see destination_policy.h */
    OUTBOUND_FULL,      /* too many flows, of this container or of all */
};

/* Whether there may be a flow of this key, and where to. There is room for it then, and others may
 * have ended for that. */
enum outbound_admission outbound_flows_admit(struct outbound_flows *outbound,
                                             const struct flow_key *key,
                                             struct inet_address *ret_destination);

#endif
