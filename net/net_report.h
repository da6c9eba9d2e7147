/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is of a project's network, as its worker knows it: the answer to WORKER_REPORT, and
 * how to ask for it. Plain data in one arena.
 *
 * The answer is one JSON text, in as many messages as it takes, and then the end of the connection.
 */
#ifndef YAWL_NET_NET_REPORT_H
#define YAWL_NET_NET_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/codec.h"
#include "common/error.h"

struct report_network {
    const char *name, *subnet, *subnet6; /* a subnet is NULL where there is none */
    struct string_list more_subnets;
    bool internal;
};

/* An instance's place on one network. */
struct report_member {
    const char *instance, *network;
    const char *address, *address6; /* NULL: none of that family */
    struct string_list names;       /* that lead here, for who is on the network too */
    int rank;                       /* enum name_rank */
};

struct report_port {
    const char *instance;
    struct string_list host; /* "0.0.0.0:8080", "[::]:8080" */
    const char *target;      /* "10.89.0.2:80", or NULL: not known yet */
    bool udp;
    bool open;       /* the service is to be reached */
    bool listening;  /* and can be: UDP as soon as it is open */
    int connections; /* or flows, under way */
};

struct net_report {
    struct report_network *networks;
    size_t n_networks;
    struct report_member *members;
    size_t n_members;
    struct report_port *ports;
    size_t n_ports;
    int outbound_connections, outbound_flows, outbound_pings;
    bool may_ping; /* the system permits it: net.ipv4.ping_group_range */
};

extern const struct codec_field net_report_codec[];

/* Asks the worker of the project with this run directory. *ret_report is in the arena, and NULL
 * when there is no worker. Waits for the answer, seconds at most. */
MUST_CHECK int net_report_ask(int run_dir_fd, struct arena *arena, struct net_report **ret_report,
                              struct error *err);

#endif
