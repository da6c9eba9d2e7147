/* SPDX-License-Identifier: Apache-2.0 */
#include "net/device_move.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/link.h"

enum { ADDRESSES_MAX = 64 };

struct device_address {
    int family;
    unsigned prefix_length;
    struct in6_addr bytes; /* of an IPv4 address, in network order, the first four */
    bool has_broadcast;
    uint32_t broadcast; /* in network order */
};

/* What is read of the old namespace. */
struct device_addresses {
    int ifindex;
    size_t count;
    bool too_many;
    struct device_address items[ADDRESSES_MAX];
};

/* Newer kernels tell all flags in an attribute; the header has room for eight. */
static uint32_t flags_of(struct nlmsghdr *message, const struct ifaddrmsg *header)
{
    struct nlattr *flags = nlmsg_find_attr(message, sizeof(*header), IFA_FLAGS);

    return flags ? nla_get_u32(flags) : header->ifa_flags;
}

static void take_address(void *owner, struct nlmsghdr *message)
{
    struct device_addresses *found = owner;
    const struct ifaddrmsg *header = nlmsg_data(message);
    struct device_address *address = &found->items[found->count];
    struct nlattr *bytes, *broadcast;

    if (message->nlmsg_type != RTM_NEWADDR || nlmsg_datalen(message) < (int)sizeof(*header) ||
        (header->ifa_family != AF_INET && header->ifa_family != AF_INET6) ||
        (int)header->ifa_index != found->ifindex || header->ifa_scope != RT_SCOPE_UNIVERSE ||
        !(flags_of(message, header) & IFA_F_PERMANENT))
        return;
    /* Of a point-to-point connection, IFA_ADDRESS is the other end's. */
    bytes = nlmsg_find_attr(message, sizeof(*header), IFA_LOCAL);
    if (!bytes)
        bytes = nlmsg_find_attr(message, sizeof(*header), IFA_ADDRESS);
    if (!bytes || nla_len(bytes) > (int)sizeof(address->bytes))
        return;
    found->too_many = found->count == ADDRESSES_MAX;
    if (found->too_many)
        return;
    *address = (struct device_address){.family = header->ifa_family,
                                       .prefix_length = header->ifa_prefixlen};
    memcpy(&address->bytes, nla_data(bytes), (size_t)nla_len(bytes));
    broadcast = nlmsg_find_attr(message, sizeof(*header), IFA_BROADCAST);
    address->has_broadcast = broadcast && nla_len(broadcast) == sizeof(address->broadcast);
    if (address->has_broadcast)
        memcpy(&address->broadcast, nla_data(broadcast), sizeof(address->broadcast));
    found->count++;
}

static int read_addresses(struct netlink *outside, struct device_addresses *found,
                          struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
    struct netlink_visitor visitor = {take_address, found};

    (void)netlink_batch_add(batch, RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header));
    netlink_batch_describe(batch, "read the addresses");
    if (netlink_send(outside, batch, &visitor, err) < 0)
        return -1;
    return found->too_many ? error_set(err, "it has more than %d addresses", ADDRESSES_MAX) : 0;
}

static int check_name(struct netlink *inside, const char *name, struct error *err)
{
    struct error absent = {0};
    int ifindex;

    if (link_find(inside, name, &ifindex, &absent) == 0)
        return error_set(err, "there is a device '%s' already", name);
    if (absent.number != ENODEV) {
        if (err)
            *err = absent;
        return -1;
    }
    return 0;
}

static int push_out(struct netlink *outside, int ifindex, int netns_fd, const char *new_name,
                    struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
    struct nl_msg *message =
        netlink_batch_add(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));

    netlink_batch_describe(batch, "move it to the network namespace");
    netlink_put_u32(message, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    netlink_put_string(message, IFLA_IFNAME, new_name);
    return netlink_send(outside, batch, NULL, err);
}

/* As it was, also without a broadcast address. */
static void batch_add_address(struct netlink_batch *batch, int ifindex,
                              const struct device_address *address)
{
    struct ifaddrmsg header = {
        .ifa_family = (uint8_t)address->family,
        .ifa_prefixlen = (uint8_t)address->prefix_length,
        .ifa_scope = RT_SCOPE_UNIVERSE,
        .ifa_index = (uint32_t)ifindex,
    };
    size_t size = address->family == AF_INET ? sizeof(uint32_t) : sizeof(address->bytes);
    struct nl_msg *message = netlink_batch_add(
        batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header, sizeof(header));

    netlink_batch_describe(batch, "add its addresses again");
    netlink_batch_tolerate(batch, EEXIST);
    netlink_put(message, IFA_LOCAL, &address->bytes, size);
    netlink_put(message, IFA_ADDRESS, &address->bytes, size);
    if (address->has_broadcast)
        netlink_put(message, IFA_BROADCAST, &address->broadcast, sizeof(address->broadcast));
    netlink_put_u32(message, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
}

static int furnish(struct netlink *inside, const char *name, const struct device_addresses *found,
                   struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    int ifindex;

    if (link_find(inside, name, &ifindex, err) < 0)
        return -1;
    for (size_t i = 0; i < found->count; i++)
        batch_add_address(batch, ifindex, &found->items[i]);
    link_batch_up(batch, ifindex, false);
    return netlink_send(inside, batch, NULL, err);
}

static int move(const char *name, int netns_fd, const char *new_name, struct error *err)
{
    scoped(netlink_free) struct netlink *outside = NULL;
    scoped(netlink_free) struct netlink *inside = NULL;
    struct device_addresses found = {0};

    if (netlink_open(NETLINK_ROUTE, &outside, err) < 0 ||
        netlink_open_in(netns_fd, NETLINK_ROUTE, &inside, err) < 0 ||
        link_find(outside, name, &found.ifindex, err) < 0 ||
        read_addresses(outside, &found, err) < 0 || check_name(inside, new_name, err) < 0 ||
        push_out(outside, found.ifindex, netns_fd, new_name, err) < 0)
        return -1;
    return furnish(inside, new_name, &found, err);
}

int device_move(const char *name, int netns_fd, const char *new_name, struct error *err)
{
    return move(name, netns_fd, new_name, err) < 0 ? error_wrap(err, "give away device '%s'", name)
                                                   : 0;
}
