/* SPDX-License-Identifier: Apache-2.0 */
#include "net/station.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/endpoint.h"
#include "net/link.h"
#include "net/netns.h"

/* Older kernels look for the name of a new interface in the namespace of who asks. */
#define NAME_AT_BIRTH "yawl-station"

struct word {
    const char *text;
    int value;
};

static const struct word macvlan_modes[] = {{"bridge", MACVLAN_MODE_BRIDGE},
                                            {"private", MACVLAN_MODE_PRIVATE},
                                            {"vepa", MACVLAN_MODE_VEPA},
                                            {"passthru", MACVLAN_MODE_PASSTHRU}};
static const struct word ipvlan_modes[] = {
    {"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}};
static const struct word ipvlan_flags[] = {
    {"bridge", 0}, {"private", IPVLAN_F_PRIVATE}, {"vepa", IPVLAN_F_VEPA}};

/* text: NULL for the first. The error names all that there are. */
static int word_find(const char *option, const char *text, const struct word *words, size_t count,
                     int *ret_value, struct error *err)
{
    scoped_text struct text list = {0};

    for (size_t i = 0; i < count; i++) {
        if (!text || string_eq(words[i].text, text)) {
            *ret_value = words[i].value;
            return 0;
        }
        text_appendf(&list, "%s'%s'", i == 0 ? "" : i + 1 < count ? ", " : " and ", words[i].text);
    }
    return error_set(err, "%s '%s' is not known; there are %s", option, text, text_get(&list));
}

int station_parse(const struct network_spec *spec, struct station *ret_station, struct error *err)
{
    struct station station = {.ipvlan = spec->ipvlan};
    int result;

    if (spec->ipvlan) {
        result = word_find("ipvlan_mode", spec->ipvlan_mode, ipvlan_modes,
                           ARRAY_LENGTH(ipvlan_modes), &station.mode, err);
        if (result == 0)
            result = word_find("ipvlan_flag", spec->ipvlan_flag, ipvlan_flags,
                               ARRAY_LENGTH(ipvlan_flags), &station.flags, err);
    } else {
        result = word_find("macvlan_mode", spec->macvlan_mode, macvlan_modes,
                           ARRAY_LENGTH(macvlan_modes), &station.mode, err);
    }
    *ret_station = station;
    return result;
}

bool station_is_same(const struct station *a, const struct station *b)
{
    return a->ipvlan == b->ipvlan && a->mode == b->mode && a->flags == b->flags;
}

bool station_is_routed(const struct station *station)
{
    return station->ipvlan && station->mode != IPVLAN_MODE_L2;
}

static const char *station_kind(const struct station *station)
{
    return station->ipvlan ? "ipvlan" : "macvlan";
}

/* An interface that says not whose station it is: a kernel that knows the kind refuses the request
 * for that, and loads what it needs. */
static int kernel_has(struct netlink *host, const char *kind, struct error *err)
{
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct error answer = {0};
    struct nlattr *info;
    struct nl_msg *message = netlink_batch_add(
        batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header, sizeof(header));

    info = netlink_nest(message, IFLA_LINKINFO);
    netlink_put_string(message, IFLA_INFO_KIND, kind);
    netlink_nest_end(message, info);
    if (netlink_send(host, batch, NULL, &answer) < 0 && answer.number == EOPNOTSUPP)
        return error_set(err, "the kernel of this machine has no %s", kind);
    return 0;
}

int station_find_parent(const struct station *station, const char *parent, int *ret_ifindex,
                        struct error *err)
{
    scoped(netlink_free) struct netlink *host = NULL;

    if (!netns_is_ours())
        return error_set(err, "a network of driver '%s' is for root", station_kind(station));
    if (netlink_open(NETLINK_ROUTE, &host, err) < 0 ||
        kernel_has(host, station_kind(station), err) < 0)
        return -1;
    *ret_ifindex = (int)if_nametoindex(parent);
    if (*ret_ifindex == 0)
        return error_set(err, "there is no interface '%s' on this machine", parent);
    return 0;
}

static void put_kind(struct nl_msg *message, const struct station *station)
{
    uint16_t mode = (uint16_t)station->mode, flags = (uint16_t)station->flags;
    struct nlattr *info = netlink_nest(message, IFLA_LINKINFO), *data;

    netlink_put_string(message, IFLA_INFO_KIND, station_kind(station));
    data = netlink_nest(message, IFLA_INFO_DATA);
    if (station->ipvlan) {
        netlink_put(message, IFLA_IPVLAN_MODE, &mode, sizeof(mode));
        netlink_put(message, IFLA_IPVLAN_FLAGS, &flags, sizeof(flags));
    } else {
        netlink_put_u32(message, IFLA_MACVLAN_MODE, (uint32_t)station->mode);
    }
    netlink_nest_end(message, data);
    netlink_nest_end(message, info);
}

static void batch_add(struct netlink_batch *batch, const struct endpoint *endpoint, int netns_fd)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message = netlink_batch_add(
        batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header, sizeof(header));

    netlink_batch_describe(batch, "create %s interface on network '%s'",
                           station_kind(&endpoint->station), endpoint->network);
    netlink_batch_tolerate(batch, EEXIST); /* of one who did not live to name it */
    netlink_put_string(message, IFLA_IFNAME, NAME_AT_BIRTH);
    netlink_put_u32(message, IFLA_LINK, (uint32_t)endpoint->parent_ifindex);
    if (!endpoint->station.ipvlan)
        netlink_put(message, IFLA_ADDRESS, endpoint->mac, MAC_SIZE);
    netlink_put_u32(message, IFLA_MTU, (uint32_t)endpoint->mtu);
    netlink_put_u32(message, IFLA_NET_NS_FD, (uint32_t)netns_fd);
    put_kind(message, &endpoint->station);
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

int station_make(const struct endpoint *endpoint, const char *name, int netns_fd,
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
