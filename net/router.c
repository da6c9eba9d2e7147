/* SPDX-License-Identifier: Apache-2.0 */
#include "net/router.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/link.h"
#include "net/netns.h"
#include "net/worker_protocol.h"

struct router {
    int netns_fd;
    bool has_ipv6; /* the kernel does */
    struct netlink *links, *netfilter;
};

/*
 * New namespaces inherit the host's IPv4 values. Forwarding is on so that the rules can refuse in
 * words what a router that does not forward drops in silence; nothing is ever forwarded. rp_filter
 * 2: an answer may come by another network than the question went. bridge-nf-call-* is 1 by default
 * in each new namespace where the host has br_netfilter: then bridged frames meet these rules, and
 * TPROXY fails without a trace. The worker binds to foreign addresses and ports below 1024 without
 * privilege.
 */
static const struct netns_setting router_settings[] = {
    {"bridge/bridge-nf-call-iptables", "0"},     {"bridge/bridge-nf-call-ip6tables", "0"},
    {"bridge/bridge-nf-call-arptables", "0"},    {"ipv4/conf/all/rp_filter", "2"},
    {"ipv4/conf/default/rp_filter", "2"},        {"ipv4/conf/all/route_localnet", "0"},
    {"ipv4/conf/default/route_localnet", "0"},   {"ipv4/conf/all/accept_redirects", "0"},
    {"ipv4/conf/default/accept_redirects", "0"}, {"ipv4/conf/all/send_redirects", "0"},
    {"ipv4/conf/default/send_redirects", "0"},   {"ipv4/conf/all/arp_ignore", "1"},
    {"ipv4/ip_unprivileged_port_start", "0"},    {"ipv6/conf/all/disable_ipv6", "0"},
    {"ipv6/conf/default/disable_ipv6", "0"},     {"ipv6/conf/default/addr_gen_mode", "1"},
    {"ipv6/conf/all/accept_redirects", "0"},     {"ipv6/conf/default/accept_ra", "0"},
    {"ipv6/conf/all/forwarding", "1"},           {"ipv4/ip_forward", "1"},
};

/* fwmark ROUTER_FWMARK -> table ROUTER_TABLE, in which every address is this machine's. */
static void batch_policy_routing(struct netlink_batch *batch, uint8_t family)
{
    struct fib_rule_hdr rule = {.family = family, .table = ROUTER_TABLE, .action = FR_ACT_TO_TBL};
    struct rtmsg route = {
        .rtm_family = family,
        .rtm_table = ROUTER_TABLE,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = RT_SCOPE_HOST,
        .rtm_type = RTN_LOCAL,
    };
    struct nl_msg *message;

    message = netlink_batch_add(batch, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &rule,
                                sizeof(rule));
    netlink_batch_describe(batch, "add routing rule for mark %d", ROUTER_FWMARK);
    netlink_batch_tolerate(batch, EEXIST);
    netlink_put_u32(message, FRA_PRIORITY, ROUTER_TABLE);
    netlink_put_u32(message, FRA_FWMARK, ROUTER_FWMARK);

    message = netlink_batch_add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK,
                                &route, sizeof(route));
    netlink_batch_describe(batch, "add local route to table %d", ROUTER_TABLE);
    netlink_put_u32(message, RTA_OIF, LOOPBACK_IFINDEX);
}

/* Parameters and sockets, in one visit. */
static int router_open_inside(void *owner, struct error *err)
{
    struct router *router = owner;

    if (netns_set(router_settings, ARRAY_LENGTH(router_settings), err) < 0)
        return -1;
    router->has_ipv6 = access("/proc/sys/net/ipv6", F_OK) == 0;
    if (netlink_open(NETLINK_ROUTE, &router->links, err) < 0)
        return -1;
    return netlink_open(NETLINK_NETFILTER, &router->netfilter, err);
}

int router_open(int take_netns_fd, struct router **ret_router, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(router_free) struct router *router = memory_new(struct router);
    router->netns_fd = take_netns_fd;
    if (router->netns_fd < 0 && netns_create(&router->netns_fd, err) < 0)
        return -1;
    if (netns_run(router->netns_fd, router_open_inside, router, err) < 0)
        return error_wrap(err, "router namespace");
    link_batch_up(batch, LOOPBACK_IFINDEX, false);
    batch_policy_routing(batch, AF_INET);
    if (router->has_ipv6)
        batch_policy_routing(batch, AF_INET6);
    if (netlink_send(router->links, batch, NULL, err) < 0)
        return error_wrap(err, "router namespace");
    *ret_router = steal(router);
    return 0;
}

void router_free(struct router *router)
{
    if (!router)
        return;
    netlink_free(router->links);
    netlink_free(router->netfilter);
    fd_close(router->netns_fd);
    free(router);
}

int router_netns_fd(const struct router *router)
{
    return router->netns_fd;
}

struct netlink *router_links(struct router *router)
{
    return router->links;
}

int router_set_rules(struct router *router, const struct router_network *networks, size_t count,
                     struct error *err)
{
    if (router_rules_load(router->netfilter, networks, count, err) < 0)
        return error_wrap(err, "router namespace");
    return 0;
}
