/* SPDX-License-Identifier: Apache-2.0 */
#include "net/prefix_list.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

#include "common/memory.h"
#include "net/netlink.h"

enum { SPECIFIC_LENGTH = 2 };

void prefix_list_add(struct prefix_list *list, struct ipv4_prefix prefix)
{
    memory_grow(list->items, list->count, list->capacity);
    list->items[list->count++] = prefix;
}

static void take_route(void *owner, struct nlmsghdr *message)
{
    struct nlattr *attributes[RTA_MAX + 1];
    const struct rtmsg *route;

    if (message->nlmsg_type != RTM_NEWROUTE ||
        nlmsg_parse(message, sizeof(*route), attributes, RTA_MAX, NULL) < 0)
        return;
    route = nlmsg_data(message);
    if (route->rtm_family != AF_INET || route->rtm_dst_len < SPECIFIC_LENGTH ||
        route->rtm_dst_len > 32 || !attributes[RTA_DST])
        return;
    prefix_list_add(owner, (struct ipv4_prefix){ntohl(nla_get_u32(attributes[RTA_DST])) &
                                                    ipv4_mask(route->rtm_dst_len),
                                                route->rtm_dst_len});
}

int prefix_list_add_host_routes(struct prefix_list *list, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *netlink = NULL;
    struct netlink_visitor visitor = {take_route, list};
    struct rtmsg header = {.rtm_family = AF_INET};

    if (netlink_open(NETLINK_ROUTE, &netlink, err) < 0)
        return -1;
    (void)netlink_batch_add(batch, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
    netlink_batch_describe(batch, "list routes");
    return netlink_send(netlink, batch, &visitor, err);
}
