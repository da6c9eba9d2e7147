/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's networks as plain data: what should exist. Addresses are in text ("10.89.0.2").
 */
#ifndef YAWL_NET_NETWORK_SPEC_H
#define YAWL_NET_NETWORK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"

/* A further subnet of a network, of either family. */
struct pool_spec {
    const char *subnet, *gateway, *ip_range; /* as in struct network_spec */
    struct string_list reserved;
};

struct network_spec {
    const char *name;        /* key in the project: "default" */
    const char *shared_name; /* of a network that is the machine's: "proxy", see shared_network.h;
                                NULL: the project's own */
    bool external;           /* one that somebody else makes */
    const char
        *subnet; /* "10.89.3.0/24"; NULL: chosen by net from the project's and network's names */
    const char *gateway;         /* NULL: the first address */
    const char *ip_range;        /* NULL: the whole subnet */
    struct string_list reserved; /* aux addresses, never handed out */
    bool no_ipv4;                /* its containers have IPv6 addresses alone */
    bool ipv6;                   /* and for that: */
    const char *subnet6;         /* "fd00:1::/64"; NULL: a local /64 that follows from the names */
    const char *gateway6, *ip_range6;
    struct string_list reserved6;
    struct pool_spec *pools; /* after the first of each family */
    size_t n_pools;
    bool internal;            /* no way out */
    bool kernel_uplink;       /* IPv4 is routed by the host's kernel instead of relayed */
    const char *parent;       /* an interface of the host's, whose network the containers are on by
                                 macvlan or ipvlan; NULL: they have a bridge */
    const char *macvlan_mode; /* "bridge", "private", "vepa", "passthru"; NULL: "bridge" */
    bool ipvlan;              /* and for that: */
    const char *ipvlan_mode;  /* "l2", "l3", "l3s"; NULL: "l2" */
    const char *ipvlan_flag;  /* "bridge", "private", "vepa"; NULL: "bridge" */
    bool isolated;            /* its containers do not reach each other */
    int mtu;                  /* 0: 1500 */
};

/* One container's place on one network. */
struct endpoint_spec {
    const char *network;      /* network_spec.name */
    const char *ipv4_address; /* wanted by the user, or NULL: sticky choice by ipam */
    const char *ipv6_address; /* or NULL: follows from the IPv4 one */
    const char *mac_address;  /* or NULL: derived from the address */
    struct string_list names; /* that resolve to this endpoint on this network: service, container,
                                 aliases; and of its ports that have names, as records of SRV (RFC
                                 2782) tell them: "_http._tcp.web=80" */
    const char *interface_name;        /* or NULL: "eth0" ... in the order of the endpoints */
    struct string_list link_local;     /* more addresses, in 169.254.0.0/16 or fe80::/10 */
    struct string_list settings;       /* "ipv4/conf/IFNAME/log_martians=1": of the interface */
    int64_t egress_bits, ingress_bits; /* a second, out of the container and into it; 0: no limit */
    int gw_priority;
    bool serves_names; /* the instance listens on port 53 itself */
};

/* What of the machine itself an instance may reach, at HOST_GATEWAY_ADDRESS. */
enum host_access {
    HOST_ACCESS_NONE,
    HOST_ACCESS_OWN,      /* what listens on the host's own address, or on all of them */
    HOST_ACCESS_LOOPBACK, /* what listens on 127.0.0.1 */
};

/* Link-local, so that it is nobody's beyond a router: containers have no link but ours. */
#define HOST_GATEWAY_ADDRESS "169.254.1.2"

/* How one instance alone sees the world. */
struct view_spec {
    struct string_list name_servers; /* asked instead of the host's; may be empty */
    struct string_list links;        /* "alias=name": more names for what has names already; with a
                                        '#' at the end of both, "web-#=shop-web-#", for any number */
    int host_access;                 /* enum host_access */
};

/* A published port. Ports are 1-65535; int because that is what the codec speaks. */
struct port_spec {
    const char *host_ip; /* NULL: all addresses, IPv4 and IPv6 */
    int host_port;       /* 0: a free one */
    int host_port_end;   /* last of a range to choose from, or 0 */
    int container_port;
    bool udp;
};

extern const struct codec_field network_spec_codec[];
extern const struct codec_field endpoint_spec_codec[];
extern const struct codec_field port_spec_codec[];

#endif
