/* SPDX-License-Identifier: Apache-2.0 */
#include "net/endpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/text.h"
#include "net/bandwidth.h"
#include "net/bridge.h"
#include "net/link.h"
#include "net/name_hash.h"
#include "net/netns.h"
#include "net/network_spec.h"

/* Above whatever fallback devices (tunl0, sit0 ...) modules of the host add to each new namespace.
 */
enum { FIRST_IFINDEX = 100, LINK_LOCAL_LENGTH = 16, LINK_LOCAL_LENGTH6 = 64 };

/*
 * New namespaces inherit the host's IPv4 values, so what matters is said explicitly. rp_filter 2:
 * with several networks a strict filter drops what comes in by one interface and would go out by
 * another. Ports below 1024 and ping need no privilege: nobody else shares this namespace.
 */
static const struct netns_setting container_settings[] = {
    {"ipv4/ip_forward", "0"},
    {"ipv4/conf/all/rp_filter", "2"},
    {"ipv4/conf/all/route_localnet", "0"},
    {"ipv4/conf/default/route_localnet", "0"},
    {"ipv4/conf/all/accept_redirects", "0"},
    {"ipv4/conf/default/accept_redirects", "0"},
};

/*
 * For what is created from now on. IPv6 stays off in a container without a network that has it, but
 * not on lo: programs expect ::1. Addresses and routes are ours to give, not a router
 * advertisement's.
 */
static const struct netns_setting without_ipv6[] = {{"ipv6/conf/default/disable_ipv6", "1"}};
static const struct netns_setting with_ipv6[] = {
    {"ipv6/conf/default/disable_ipv6", "0"},
    {"ipv6/conf/default/accept_ra", "0"},
    {"ipv6/conf/default/autoconf", "0"},
    {"ipv6/conf/default/accept_redirects", "0"},
};

/* The router's end: unique among living namespaces, the same for the same namespace, so that a
 * repetition finds it. */
static int port_name(int netns_fd, const char *network, char ret_name[INTERFACE_NAME_SIZE],
                     struct error *err)
{
    struct stat status;
    char inode[24];

    if (fstat(netns_fd, &status) < 0)
        return error_sys(err, "look at network namespace");
    (void)snprintf(inode, sizeof(inode), "%ju", (uintmax_t)status.st_ino);
    (void)snprintf(ret_name, INTERFACE_NAME_SIZE, "v%012" PRIx64,
                   name_hash(inode, network) & 0xffffffffffff);
    return 0;
}

static void peer_name(const struct endpoint *endpoint, size_t index,
                      char ret_name[INTERFACE_NAME_SIZE])
{
    if (endpoint->interface_name)
        (void)snprintf(ret_name, INTERFACE_NAME_SIZE, "%s", endpoint->interface_name);
    else
        (void)snprintf(ret_name, INTERFACE_NAME_SIZE, "eth%u", (unsigned)index);
}

/* Isolated ports of a bridge reach the bridge itself, so the router, and not each other. Only a
 * device that is a port already takes the setting. */
static void batch_isolate(struct netlink_batch *batch, const char *name)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message =
        netlink_batch_add(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
    struct nlattr *info, *data;

    netlink_batch_describe(batch, "isolate interface '%s'", name);
    netlink_put_string(message, IFLA_IFNAME, name);
    info = netlink_nest(message, IFLA_LINKINFO);
    netlink_put_string(message, IFLA_INFO_SLAVE_KIND, "bridge");
    data = netlink_nest(message, IFLA_INFO_SLAVE_DATA);
    netlink_put_u8(message, IFLA_BRPORT_ISOLATED, 1);
    netlink_nest_end(message, data);
    netlink_nest_end(message, info);
}

/* As many queues as veth uses. It would make one for each processor, take back all but one, and
 * wait at both ends until no processor looks at those: the longest part of a start. */
static void put_queues(struct nl_msg *message)
{
    netlink_put_u32(message, IFLA_NUM_TX_QUEUES, 1);
    netlink_put_u32(message, IFLA_NUM_RX_QUEUES, 1);
}

/* The peer cannot be born up: veth refuses before it is linked to its mate (ENOTCONN). */
static int batch_add_veth(struct netlink_batch *batch, const struct endpoint *endpoint,
                          size_t index, int netns_fd, struct error *err)
{
    struct ifinfomsg outer = {.ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct ifinfomsg inner = {.ifi_family = AF_UNSPEC};
    char outer_name[INTERFACE_NAME_SIZE], inner_name[INTERFACE_NAME_SIZE];
    struct nlattr *info, *data, *peer;
    struct nl_msg *message;

    if (port_name(netns_fd, endpoint->network, outer_name, err) < 0)
        return -1;
    peer_name(endpoint, index, inner_name);
    message = netlink_batch_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &outer,
                                sizeof(outer));
    netlink_batch_describe(batch, "create interface '%s' on network '%s'", inner_name,
                           endpoint->network);
    netlink_batch_tolerate(batch, EEXIST);
    netlink_put_string(message, IFLA_IFNAME, outer_name);
    netlink_put_u32(message, IFLA_MTU, (uint32_t)endpoint->mtu);
    netlink_put_u32(message, IFLA_MASTER, (uint32_t)endpoint->bridge_ifindex);
    put_queues(message);
    info = netlink_nest(message, IFLA_LINKINFO);
    netlink_put_string(message, IFLA_INFO_KIND, "veth");
    data = netlink_nest(message, IFLA_INFO_DATA);
    peer = netlink_nest(message, VETH_INFO_PEER);
    netlink_append(message, &inner, sizeof(inner));
    netlink_put_string(message, IFLA_IFNAME, inner_name);
    netlink_put(message, IFLA_ADDRESS, endpoint->mac, MAC_SIZE);
    netlink_put_u32(message, IFLA_MTU, (uint32_t)endpoint->mtu);
    netlink_put_u32(message, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    put_queues(message);
    netlink_nest_end(message, peer);
    netlink_nest_end(message, data);
    netlink_nest_end(message, info);
    if (endpoint->isolated)
        batch_isolate(batch, outer_name);
    return 0;
}

static void batch_link_local(struct netlink_batch *batch, const struct endpoint *endpoint,
                             int ifindex)
{
    for (size_t i = 0; i < endpoint->n_link_local; i++)
        link_batch_address(batch, ifindex, endpoint->link_local[i], LINK_LOCAL_LENGTH);
    for (size_t i = 0; i < endpoint->n_link_local6; i++)
        link_batch_address6(batch, ifindex, &endpoint->link_local6[i], LINK_LOCAL_LENGTH6);
}

static void batch_routes(struct netlink_batch *batch, const struct endpoint *endpoint, int ifindex)
{
    struct ipv4_prefix everything = {0, 0}, host = {0, 32};
    const struct ipv6_prefix everything6 = {0};

    for (size_t i = 0; i < endpoint->n_on_link; i++)
        link_batch_route(batch, ifindex, endpoint->on_link[i], 0);
    for (size_t i = 0; i < endpoint->n_on_link6; i++)
        link_batch_route6(batch, ifindex, &endpoint->on_link6[i], NULL);
    if (endpoint->has_gateway6)
        link_batch_route6(batch, ifindex, &everything6,
                          endpoint->is_routed ? NULL : &endpoint->gateway6);
    if (endpoint->gateway)
        link_batch_route(batch, ifindex, everything, endpoint->is_routed ? 0 : endpoint->gateway);
    if (endpoint->host_gateway && ipv4_parse(HOST_GATEWAY_ADDRESS, &host.address))
        link_batch_route(batch, ifindex, host, endpoint->host_gateway);
}

/* The interfaces are asked for their indexes: the kernel honours a wish for a peer's only with one
 * for the other end's, which would have to be unique in the router. */
static int configure_inside(struct netlink *inside, const struct endpoint *endpoints, size_t count,
                            struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    char name[INTERFACE_NAME_SIZE];
    int ifindex;

    link_batch_up(batch, LOOPBACK_IFINDEX, false);
    for (size_t i = 0; i < count; i++) {
        peer_name(&endpoints[i], i, name);
        if (link_find(inside, name, &ifindex, err) < 0)
            return -1;
        link_batch_up(batch, ifindex, true);
        if (endpoints[i].prefix_length)
            link_batch_address(batch, ifindex, endpoints[i].address, endpoints[i].prefix_length);
        if (endpoints[i].prefix_length6)
            link_batch_address6(batch, ifindex, &endpoints[i].address6,
                                endpoints[i].prefix_length6);
        batch_link_local(batch, &endpoints[i], ifindex);
        batch_routes(batch, &endpoints[i], ifindex);
        if (endpoints[i].egress_bits > 0)
            bandwidth_batch_limit(batch, ifindex, endpoints[i].egress_bits);
        link_batch_settle(batch, ifindex, NULL);
    }
    return netlink_send(inside, batch, NULL, err);
}

/* Once lo is up the container may have run, with parameters of its own choice. */
static int is_furnished(bool *ret_furnished, struct error *err)
{
    scoped_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};

    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return error_sys(err, "look at interface 'lo'");
    *ret_furnished = request.ifr_flags & IFF_UP;
    return 0;
}

static int furnish(bool ipv6, struct error *err)
{
    if (netns_set(container_settings, ARRAY_LENGTH(container_settings), err) < 0)
        return -1;
    return ipv6 ? netns_set(with_ipv6, ARRAY_LENGTH(with_ipv6), err)
                : netns_set(without_ipv6, ARRAY_LENGTH(without_ipv6), err);
}

struct preparation {
    bool ipv6;
    bool furnished;         /* out: it was already */
    struct netlink *inside; /* out */
};

/* Sets the parameters of a fresh namespace and opens a socket for the second batch, in one visit.
 */
static int prepare_inside(void *owner, struct error *err)
{
    struct preparation *preparation = owner;

    if (is_furnished(&preparation->furnished, err) < 0)
        return -1;
    if (!preparation->furnished && furnish(preparation->ipv6, err) < 0)
        return -1;
    return netlink_open(NETLINK_ROUTE, &preparation->inside, err);
}

/* "ipv4/conf/IFNAME/log_martians=1", for whatever name the interface has. */
static int setting_apply(const char *text, const char *interface, struct error *err)
{
    static const char place[] = "IFNAME";
    const char *before = strstr(text, place);
    const char *equals = strchr(text, '=');
    scoped_text struct text path = {0};
    struct netns_setting setting;

    if (!before || !equals || equals < before)
        return error_set(err, "'%s' is no parameter of an interface", text);
    text_append_bytes(&path, text, (size_t)(before - text));
    text_append(&path, interface);
    before += strlen(place);
    text_append_bytes(&path, before, (size_t)(equals - before));
    setting = (struct netns_setting){text_get(&path), equals + 1};
    return netns_set(&setting, 1, err);
}

struct interfaces {
    const struct endpoint *endpoints;
    size_t count;
};

static int apply_settings(void *owner, struct error *err)
{
    const struct interfaces *interfaces = owner;
    char name[INTERFACE_NAME_SIZE];

    for (size_t i = 0; i < interfaces->count; i++) {
        const struct string_list *settings = &interfaces->endpoints[i].settings;

        peer_name(&interfaces->endpoints[i], i, name);
        for (size_t j = 0; j < settings->count; j++)
            if (setting_apply(settings->items[j], name, err) < 0)
                return -1;
    }
    return 0;
}

/* A second visit, for those who ask for it: the interfaces have to be there. */
static int settle_inside(int netns_fd, const struct endpoint *endpoints, size_t count,
                         struct error *err)
{
    struct interfaces interfaces = {endpoints, count};
    bool asked = false;

    for (size_t i = 0; i < count; i++)
        asked = asked || endpoints[i].settings.count > 0;
    return asked ? netns_run(netns_fd, apply_settings, &interfaces, err) : 0;
}

static int batch_limit_ingress(struct netlink *router, struct netlink_batch *batch,
                               const char *name, int64_t bits, struct error *err)
{
    int ifindex;

    if (bits <= 0)
        return 0;
    if (link_find(router, name, &ifindex, err) < 0)
        return -1;
    bandwidth_batch_limit(batch, ifindex, bits);
    return 0;
}

/* The first packet may follow at once. The bridge comes last: its own carrier follows from its
 * ports'. */
static int settle_router(struct netlink *router, int netns_fd, const struct endpoint *endpoints,
                         size_t count, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    char name[INTERFACE_NAME_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (endpoints[i].parent_ifindex)
            continue;
        if (port_name(netns_fd, endpoints[i].network, name, err) < 0 ||
            batch_limit_ingress(router, batch, name, endpoints[i].ingress_bits, err) < 0)
            return -1;
        link_batch_settle(batch, 0, name);
        link_batch_settle(batch, endpoints[i].bridge_ifindex, NULL);
    }
    return netlink_send(router, batch, NULL, err);
}

static int await_inside(struct netlink *inside, const struct endpoint *endpoints, size_t count,
                        struct error *err)
{
    char name[INTERFACE_NAME_SIZE];
    int ifindex;

    for (size_t i = 0; i < count; i++) {
        if (endpoints[i].prefix_length6 == 0)
            continue;
        peer_name(&endpoints[i], i, name);
        if (link_find(inside, name, &ifindex, err) < 0 ||
            link_await_address6(inside, ifindex, &endpoints[i].address6, err) < 0)
            return -1;
    }
    return 0;
}

static int make_stations(struct netlink *inside, int netns_fd, const struct endpoint *endpoints,
                         size_t count, struct error *err)
{
    char name[INTERFACE_NAME_SIZE];

    for (size_t i = 0; i < count; i++) {
        peer_name(&endpoints[i], i, name);
        if (endpoints[i].parent_ifindex &&
            station_make(&endpoints[i], name, netns_fd, inside, err) < 0)
            return -1;
    }
    return 0;
}

int endpoints_make(struct netlink *router, int netns_fd, const struct endpoint *endpoints,
                   size_t count, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *inside = NULL;
    struct preparation preparation = {0};
    int result;

    for (size_t i = 0; i < count; i++)
        preparation.ipv6 =
            preparation.ipv6 || endpoints[i].prefix_length6 || endpoints[i].n_link_local6;
    result = netns_run(netns_fd, prepare_inside, &preparation, err);
    inside = preparation.inside;
    if (result < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (endpoints[i].parent_ifindex == 0 &&
            batch_add_veth(batch, &endpoints[i], i, netns_fd, err) < 0)
            return -1;
    if (netlink_send(router, batch, NULL, err) < 0 ||
        make_stations(inside, netns_fd, endpoints, count, err) < 0)
        return -1;
    if (configure_inside(inside, endpoints, count, err) < 0)
        return -1;
    if (!preparation.furnished && settle_inside(netns_fd, endpoints, count, err) < 0)
        return -1;
    if (settle_router(router, netns_fd, endpoints, count, err) < 0)
        return -1;
    return await_inside(inside, endpoints, count, err);
}

int endpoint_make_bare(struct netlink *router, int netns_fd, const struct endpoint *endpoint,
                       struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *inside = NULL;

    if (netlink_open_in(netns_fd, NETLINK_ROUTE, &inside, err) < 0 ||
        batch_add_veth(batch, endpoint, 0, netns_fd, err) < 0 ||
        netlink_send(router, batch, NULL, err) < 0 ||
        configure_inside(inside, endpoint, 1, err) < 0)
        return -1;
    return settle_router(router, netns_fd, endpoint, 1, err);
}
