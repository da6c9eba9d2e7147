/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds on everything that containers, clients, name servers and the supervisor's messages
 * control in the net worker, and the times it waits.
 */
#ifndef YAWL_NET_NET_LIMITS_H
#define YAWL_NET_NET_LIMITS_H

enum {
    /* What a supervisor may tell. */
    NET_LIMIT_NETWORKS = 256,
    NET_LIMIT_SUBNETS = 128,        /* of one network, after the first of each family */
    NET_LIMIT_ENDPOINTS = 4096,     /* instances of one project */
    NET_LIMIT_ENTRIES = 64,         /* networks of one instance */
    NET_LIMIT_NAMES = 256,          /* of one instance on one network */
    NET_LIMIT_DECLARED = 64 * 1024, /* declared names of the project */
    NET_LIMIT_PORTS = 16 * 1024,

    /* Descriptors. One relay takes two sockets and, while bytes are under way, two pipes. */
    NET_FDS_PER_RELAY = 6,
    NET_FDS_RESERVED = 256,
    NET_LIMIT_RELAYS = 64 * 1024,
    NET_IDLE_PIPES = 64,
    NET_SOCKET_STOCK = 32, /* sockets of each kind kept ready in the router namespace */

    /* Work in one go, so that one busy descriptor does not starve the others. */
    NET_ACCEPTS_PER_WAKE = 64,
    NET_DATAGRAMS_PER_WAKE = 64,
    NET_PIPE_BYTES = 256 * 1024,
    NET_COPY_BYTES = 4096, /* from there on a relay splices */
    NET_DATAGRAM_BYTES = 65536,

    /* Ports that open when the service listens. */
    NET_PROBE_FIRST_MS = 5,
    NET_PROBE_LAST_MS = 200,
    NET_PROBE_REPLIES = 64, /* netlink buffers read for one question */

    /* Relays. */
    NET_ACCEPT_RETRY_MS = 50, /* after the system ran out of descriptors or memory */
    NET_SWEEP_MS = 100,       /* how often sockets that are being closed are looked at */
    NET_CHECK_MS = 1000,      /* how often a side is looked at that nothing is waited for from */
    NET_KEEPALIVE_S = 120,

    /* UDP and echo flows. */
    NET_LIMIT_PORT_FLOWS = 4096,     /* of one published port */
    NET_LIMIT_OUTBOUND_FLOWS = 8192, /* of the project */
    NET_LIMIT_SOURCE_FLOWS = 1024,   /* outbound, of one container's address */
    NET_LIMIT_ECHO_FLOWS = 512,      /* pings under way, of the project */
    NET_LIMIT_SOURCE_ECHO = 128,     /* of one container's address */
    NET_FLOW_NEW_MS = 30 * 1000,     /* idle, before the first reply */
    NET_FLOW_IDLE_MS = 60 * 1000,

    /* DNS. */
    NET_LIMIT_RESOLV_CONF_BYTES = 64 * 1024,
    NET_LIMIT_NAME_SERVERS = 8,
    NET_LIMIT_SEARCH_DOMAINS = 32,
    NET_DNS_UDP_BYTES = 4096, /* the largest UDP answer, if the asker takes it */
    NET_DNS_TCP_BYTES = 65535,
    NET_LIMIT_DNS_TCP = 16,            /* connections of one endpoint */
    NET_LIMIT_DNS_ENDPOINT_ASKS = 256, /* forwarded and unanswered, of one endpoint */
    NET_LIMIT_DNS_ASKS = 4096,         /* of the project */
    NET_DNS_TCP_IDLE_MS = 10 * 1000,
    NET_DNS_TRY_MS = 2000, /* for one name server */
    NET_DNS_TRIES = 3,
    NET_DNS_DEAD_MS = 30 * 1000, /* a silent name server is asked last for so long */
};

#endif
