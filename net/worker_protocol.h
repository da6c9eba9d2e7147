/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor tells the net worker: one JSON message each over a SOCK_SEQPACKET socket, descriptors
 * beside it. The worker holds the last thing it was told about each key; it answers nothing.
 *
 * A supervisor that (re)connects sends WORKER_SYNC_BEGIN, then everything, then WORKER_SYNC_END: what was not
 * mentioned in between is dropped, what was keeps its sockets and live connections. Messages that repeat a known
 * key without descriptors keep the old descriptors.
 */
#ifndef YAWL_NET_WORKER_PROTOCOL_H
#define YAWL_NET_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"

enum worker_op {
    WORKER_ROUTER = 1, /* fds: router network namespace. First message ever; a repetition is ignored */
    WORKER_SYNC_BEGIN,
    WORKER_SYNC_END,
    WORKER_NETWORK,       /* network, gateway, subnet, internal */
    WORKER_ENDPOINT,      /* instance; fds: DNS UDP socket, DNS TCP listener, NETLINK_SOCK_DIAG socket, all
                             born in the container's namespace; names: `entries` */
    WORKER_ENDPOINT_GONE, /* instance */
    WORKER_RANK,          /* instance, rank (enum name_rank) */
    WORKER_DECLARED,      /* names */
    WORKER_PORT,          /* key, instance, address, port, udp, open; fds: bound host sockets, 1 or 2 (v4, v6) */
    WORKER_PORT_GONE,     /* key */
    WORKER_QUIT,
};

/* One place of an instance on one network. */
struct worker_entry {
    const char *network;
    const char *address;      /* IPv4 */
    struct string_list names; /* that resolve to it, for askers on the same network */
};

struct worker_message {
    int op;
    const char *project;
    const char *network, *gateway, *subnet;
    bool internal;
    const char *instance;
    int rank;
    struct worker_entry *entries;
    size_t n_entries;
    struct string_list names;
    struct string_list dns_servers; /* of this instance; empty: the host's */
    const char *key;                /* of a port: "tcp:0.0.0.0:8080" */
    const char *address;            /* a port's target in the container */
    int port;
    int host_port;
    bool udp, open;
};

extern const struct codec_field worker_message_codec[];

#endif
