/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#include "net/ipv4.h"

enum { AWAIT_FIRST_US = 50, AWAIT_LAST_US = 200 * 1000 };

void link_batch_address(struct netlink_batch *batch, int ifindex, uint32_t address,
                        unsigned prefix_length)
{
    struct ifaddrmsg header = {
        .ifa_family = AF_INET,
        .ifa_prefixlen = (uint8_t)prefix_length,
        .ifa_scope = RT_SCOPE_UNIVERSE,
        .ifa_index = (uint32_t)ifindex,
    };
    struct ipv4_prefix subnet = {address & ipv4_mask(prefix_length), prefix_length};
    char text[IPV4_TEXT_SIZE];
    struct nl_msg *message;

    message = netlink_batch_add(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header,
                                sizeof(header));
    netlink_batch_describe(batch, "add address %s/%u", ipv4_format(address, text), prefix_length);
    netlink_batch_tolerate(batch, EEXIST);
    netlink_put_be32(message, IFA_LOCAL, address);
    netlink_put_be32(message, IFA_ADDRESS, address);
    if (prefix_length <= 30)
        netlink_put_be32(message, IFA_BROADCAST, ipv4_prefix_last(subnet));
    netlink_put_u32(message, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
}

void link_batch_address6(struct netlink_batch *batch, int ifindex, const struct in6_addr *address,
                         unsigned prefix_length)
{
    struct ifaddrmsg header = {
        .ifa_family = AF_INET6,
        .ifa_prefixlen = (uint8_t)prefix_length,
        .ifa_scope = RT_SCOPE_UNIVERSE,
        .ifa_index = (uint32_t)ifindex,
    };
    char text[IPV6_TEXT_SIZE];
    struct nl_msg *message;

    message = netlink_batch_add(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header,
                                sizeof(header));
    netlink_batch_describe(batch, "add address %s/%u", ipv6_format(address, text), prefix_length);
    netlink_batch_tolerate(batch, EEXIST);
    netlink_put(message, IFA_LOCAL, address, sizeof(*address));
    netlink_put_u32(message, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
}

static void take_route_type(void *owner, struct nlmsghdr *message)
{
    if (message->nlmsg_type == RTM_NEWROUTE && nlmsg_datalen(message) >= (int)sizeof(struct rtmsg))
        *(int *)owner = ((struct rtmsg *)nlmsg_data(message))->rtm_type;
}

int link_await_address6(struct netlink *netlink, int ifindex, const struct in6_addr *address,
                        struct error *err)
{
    struct rtmsg header = {.rtm_family = AF_INET6, .rtm_dst_len = 128};
    int type = RTN_UNSPEC;
    struct netlink_visitor visitor = {take_route_type, &type};
    char text[IPV6_TEXT_SIZE];

    for (int pause_us = AWAIT_FIRST_US; pause_us <= AWAIT_LAST_US; pause_us *= 2) {
        scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
        struct nl_msg *message =
            netlink_batch_add(batch, RTM_GETROUTE, NLM_F_ACK, &header, sizeof(header));

        netlink_put(message, RTA_DST, address, sizeof(*address));
        netlink_put_u32(message, RTA_OIF, (uint32_t)ifindex); /* a link-local one is many's */
        netlink_batch_describe(batch, "find address %s", ipv6_format(address, text));
        netlink_batch_tolerate(batch, ENETUNREACH);
        if (netlink_send(netlink, batch, &visitor, err) < 0)
            return -1;
        if (type == RTN_LOCAL)
            return 0;
        (void)usleep((useconds_t)pause_us);
    }
    return 0;
}

void link_batch_up(struct netlink_batch *batch, int ifindex, bool bare)
{
    struct ifinfomsg header = {
        .ifi_family = AF_UNSPEC,
        .ifi_index = ifindex,
        .ifi_flags = IFF_UP,
        .ifi_change = IFF_UP,
    };
    struct nl_msg *message =
        netlink_batch_add(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
    struct nlattr *families, *family;

    netlink_batch_describe(batch, "bring up interface %d", ifindex);
    if (!bare)
        return;
    families = netlink_nest(message, IFLA_AF_SPEC);
    family = netlink_nest(message, AF_INET6);
    netlink_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    netlink_nest_end(message, family);
    netlink_nest_end(message, families);
}

void link_batch_settle(struct netlink_batch *batch, int ifindex, const char *name)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
    struct nl_msg *message =
        netlink_batch_add(batch, RTM_GETLINK, NLM_F_ACK, &header, sizeof(header));

    netlink_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    if (ifindex == 0) {
        netlink_put_string(message, IFLA_IFNAME, name);
        netlink_batch_describe(batch, "find interface '%s'", name);
    } else {
        netlink_batch_describe(batch, "find interface %d", ifindex);
    }
}

void link_batch_route(struct netlink_batch *batch, int ifindex, struct ipv4_prefix subnet,
                      uint32_t gateway)
{
    struct rtmsg header = {
        .rtm_family = AF_INET,
        .rtm_dst_len = (uint8_t)subnet.length,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
        .rtm_type = RTN_UNICAST,
    };
    char text[IPV4_TEXT_SIZE], to[IPV4_PREFIX_TEXT_SIZE];
    struct nl_msg *message;

    message = netlink_batch_add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK,
                                &header, sizeof(header));
    netlink_batch_describe(batch, "add route to %s by %s", ipv4_prefix_format(subnet, to),
                           ipv4_format(gateway, text));
    if (subnet.length)
        netlink_put_be32(message, RTA_DST, subnet.address);
    if (gateway)
        netlink_put_be32(message, RTA_GATEWAY, gateway);
    netlink_put_u32(message, RTA_OIF, (uint32_t)ifindex);
}

void link_batch_route6(struct netlink_batch *batch, int ifindex, const struct ipv6_prefix *subnet,
                       const struct in6_addr *gateway)
{
    struct rtmsg header = {
        .rtm_family = AF_INET6,
        .rtm_dst_len = (uint8_t)subnet->length,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_UNICAST,
    };
    char text[IPV6_TEXT_SIZE], to[IPV6_PREFIX_TEXT_SIZE];
    struct nl_msg *message;

    message = netlink_batch_add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK,
                                &header, sizeof(header));
    netlink_batch_describe(batch, "add route to %s by %s", ipv6_prefix_format(subnet, to),
                           gateway ? ipv6_format(gateway, text) : "the link");
    if (subnet->length)
        netlink_put(message, RTA_DST, &subnet->address, sizeof(subnet->address));
    if (gateway)
        netlink_put(message, RTA_GATEWAY, gateway, sizeof(*gateway));
    netlink_put_u32(message, RTA_OIF, (uint32_t)ifindex);
}

static void take_ifindex(void *owner, struct nlmsghdr *message)
{
    if (message->nlmsg_type == RTM_NEWLINK &&
        nlmsg_datalen(message) >= (int)sizeof(struct ifinfomsg))
        *(int *)owner = ((struct ifinfomsg *)nlmsg_data(message))->ifi_index;
}

int link_find(struct netlink *netlink, const char *name, int *ret_ifindex, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    int ifindex = 0;
    struct netlink_visitor visitor = {take_ifindex, &ifindex};

    link_batch_settle(batch, 0, name);
    if (netlink_send(netlink, batch, &visitor, err) < 0)
        return -1;
    if (ifindex == 0)
        return error_set(err, "find interface '%s': the kernel did not tell its index", name);
    *ret_ifindex = ifindex;
    return 0;
}

int link_remove(struct netlink *netlink, int ifindex, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};

    (void)netlink_batch_add(batch, RTM_DELLINK, NLM_F_ACK, &header, sizeof(header));
    netlink_batch_describe(batch, "remove interface %d", ifindex);
    netlink_batch_tolerate(batch, ENODEV);
    return netlink_send(netlink, batch, NULL, err);
}
