/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor tells the net worker: one JSON message each over a SOCK_SEQPACKET socket,
 * descriptors beside it. The worker holds the last thing it was told about each key; it answers
 * nothing but WORKER_REPORT.
 *
 * A supervisor that (re)connects sends WORKER_SYNC_BEGIN, then everything, then WORKER_SYNC_END:
 * what was not mentioned in between is dropped, what was keeps its sockets and live connections.
 * Messages that repeat a known key without descriptors keep the old descriptors; descriptors that
 * come again for a port may be the same sockets.
 */
#ifndef YAWL_NET_WORKER_PROTOCOL_H
#define YAWL_NET_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"

/*
 * What the router namespace promises the worker; net/router.c sets it up before the worker hears of
 * it.
 *
 * Outbound TCP and UDP of networks that are not internal arrives at sockets that the worker binds
 * in the router namespace to 0.0.0.0 and [::], port ROUTER_TPROXY_PORT, with IP_TRANSPARENT (TCP:
 * getsockname() of an accepted socket is the original destination; UDP: IP_RECVORIGDSTADDR). The
 * namespace has no default route, and a connection straight to that port of a gateway address never
 * gets through. Packets for any IP_TRANSPARENT socket, so also replies to a relay socket that is
 * bound to a foreign client's address, are marked ROUTER_FWMARK and delivered locally by
 * ROUTER_TABLE. Sockets without IP_TRANSPARENT (source: the gateway address) just work.
 *
 * Echo requests of those networks to the outside are delivered locally too, where a raw socket sees
 * them. The kernel would answer them in the stranger's name: only replies that are marked
 * ROUTER_ECHO_MARK leave with an address that is not the project's.
 */
enum { ROUTER_TPROXY_PORT = 1, ROUTER_FWMARK = 1, ROUTER_ECHO_MARK = 2, ROUTER_TABLE = 100 };

enum worker_op {
    WORKER_ROUTER =
        1, /* fds: router network namespace. First message ever; a repetition is ignored */
    WORKER_SYNC_BEGIN,
    WORKER_SYNC_END,
    WORKER_NETWORK,       /* network, gateway, subnet, subnet6, more_subnets, internal, no_ipv4,
                             bypasses_router */
    WORKER_ENDPOINT,      /* instance; fds, 3 or none: DNS UDP socket, DNS TCP listener,
                             NETLINK_SOCK_DIAG      socket, all born in the container's namespace; names:
                             `entries` */
    WORKER_ENDPOINT_GONE, /* instance */
    WORKER_RANK,          /* instance, rank (enum name_rank) */
    WORKER_DECLARED,      /* names */
    WORKER_PORT, /* key, instance, address, port, udp, open; fds: bound host sockets, 1 or 2 (v4,
                    v6) */
    WORKER_PORT_GONE, /* key */
    WORKER_QUIT,
    WORKER_REPORT, /* from anybody: answered with net/net_report.h's text; who asks is no supervisor
                    */
    WORKER_FENCE,  /* fds: one, closed when all that was told before has been applied */
};

/* One place of an instance on one network. */
struct worker_entry {
    const char *network;
    const char *address;      /* IPv4, or NULL */
    const char *address6;     /* IPv6, or NULL; one of them is there */
    struct string_list names; /* that resolve to it, for askers on the same network */
};

struct worker_message {
    int op;
    const char *project;
    const char *network, *gateway, *subnet, *subnet6;
    struct string_list more_subnets; /* after those, of either family */
    bool internal, no_ipv4;
    bool bypasses_router; /* answers to foreign addresses do not come by the router */
    const char *instance;
    int rank;
    struct worker_entry *entries;
    size_t n_entries;
    struct string_list names;
    struct string_list dns_servers; /* of this instance; empty: the host's */
    struct string_list links;       /* of this instance: "alias=name" */
    int host_access;                /* of this instance: enum host_access */
    const char *key;                /* of a port: "tcp:0.0.0.0:8080" */
    const char *address;            /* a port's target in the container; 0.0.0.0: not known yet */
    int port;
    int host_port;
    bool udp, open;
};

extern const struct codec_field worker_message_codec[];

#endif
