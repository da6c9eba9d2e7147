/* SPDX-License-Identifier: Apache-2.0 */
#include "net/macvlan.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/link.h"
#include "net/netns.h"

/* Older kernels look for the name of a new interface in the namespace of who asks. */
#define NAME_AT_BIRTH "yawl-macvlan"

bool macvlan_mode_parse(const char *text, int *ret_mode)
{
    static const struct {
        const char *name;
        int mode;
    } modes[] = {{"bridge", MACVLAN_MODE_BRIDGE},
                 {"private", MACVLAN_MODE_PRIVATE},
                 {"vepa", MACVLAN_MODE_VEPA},
                 {"passthru", MACVLAN_MODE_PASSTHRU}};

    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
        if (string_eq(modes[i].name, text)) {
            *ret_mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

int macvlan_find_parent(const char *parent, int *ret_ifindex, struct error *err)
{
    if (!netns_is_ours())
        return error_set(err, "a macvlan network is for root");
    *ret_ifindex = (int)if_nametoindex(parent);
    if (*ret_ifindex == 0)
        return error_set(err, "there is no interface '%s' on this machine", parent);
    return 0;
}

static void batch_add(struct netlink_batch *batch, const struct endpoint *endpoint, int netns_fd)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message = netlink_batch_add(
        batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header, sizeof(header));
    struct nlattr *info, *data;

    netlink_batch_describe(batch, "create macvlan interface on network '%s'", endpoint->network);
    netlink_put_string(message, IFLA_IFNAME, NAME_AT_BIRTH);
    netlink_put_u32(message, IFLA_LINK, (uint32_t)endpoint->parent_ifindex);
    netlink_put(message, IFLA_ADDRESS, endpoint->mac, MAC_SIZE);
    netlink_put_u32(message, IFLA_MTU, (uint32_t)endpoint->mtu);
    netlink_put_u32(message, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    info = netlink_nest(message, IFLA_LINKINFO);
    netlink_put_string(message, IFLA_INFO_KIND, "macvlan");
    data = netlink_nest(message, IFLA_INFO_DATA);
    netlink_put_u32(message, IFLA_MACVLAN_MODE, (uint32_t)endpoint->macvlan_mode);
    netlink_nest_end(message, data);
    netlink_nest_end(message, info);
}

static int rename_inside(struct netlink *inside, const char *name, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message;

    if (link_find(inside, NAME_AT_BIRTH, &header.ifi_index, err) < 0)
        return -1;
    message = netlink_batch_add(batch, RTM_NEWLINK, NLM_F_ACK, &header, sizeof(header));
    netlink_batch_describe(batch, "name interface '%s'", name);
    netlink_put_string(message, IFLA_IFNAME, name);
    return netlink_send(inside, batch, NULL, err);
}

int macvlan_make(const struct endpoint *endpoint, const char *name, int netns_fd,
                 struct netlink *inside, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    scoped(netlink_free) struct netlink *host = NULL;
    struct error absent = {0};
    int ifindex;

    if (link_find(inside, name, &ifindex, &absent) == 0)
        return 0;
    if (absent.number != ENODEV) {
        *err = absent;
        return -1;
    }
    if (netlink_open(NETLINK_ROUTE, &host, err) < 0)
        return -1;
    batch_add(batch, endpoint, netns_fd);
    if (netlink_send(host, batch, NULL, err) < 0)
        return -1;
    return rename_inside(inside, name, err);
}
