/* SPDX-License-Identifier: Apache-2.0 */
#include "net/bridge.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "net/link.h"
#include "net/name_hash.h"
#include "net/network.h"

bool bridge_is_interface_name(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length >= INTERFACE_NAME_SIZE || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0)
        return false;
    for (; *text; text++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *text))
            return false;
    return true;
}

void bridge_name(const char *network, char ret_name[INTERFACE_NAME_SIZE])
{
    if (strlen(network) <= INTERFACE_NAME_SIZE - 1 - strlen("br-") &&
        bridge_is_interface_name(network))
        (void)snprintf(ret_name, INTERFACE_NAME_SIZE, "br-%s", network);
    else
        (void)snprintf(ret_name, INTERFACE_NAME_SIZE, "br-%012" PRIx64,
                       name_hash("bridge", network) & 0xffffffffffff);
}

/* IFLA_ADDRESS is set from the start: a bridge without one takes its lowest port's and changes it
 * as ports come and go, and the containers' neighbour tables go stale. */
void bridge_batch_add(struct netlink_batch *batch, const struct bridge_spec *spec)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    uint8_t mac[MAC_SIZE];
    struct nlattr *info, *data;
    struct nl_msg *message;

    message = netlink_batch_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &header,
                                sizeof(header));
    netlink_batch_describe(batch, "create bridge '%s'", spec->name);
    netlink_batch_tolerate(batch, EEXIST);
    ipv4_mac(spec->router, mac);
    netlink_put_string(message, IFLA_IFNAME, spec->name);
    netlink_put(message, IFLA_ADDRESS, mac, sizeof(mac));
    netlink_put_u32(message, IFLA_MTU, (uint32_t)spec->mtu);
    info = netlink_nest(message, IFLA_LINKINFO);
    netlink_put_string(message, IFLA_INFO_KIND, "bridge");
    data = netlink_nest(message, IFLA_INFO_DATA);
    netlink_put_u32(message, IFLA_BR_STP_STATE, 0);
    netlink_put_u32(message, IFLA_BR_FORWARD_DELAY, 0);
    netlink_put_u8(message, IFLA_BR_MCAST_SNOOPING, 0);
    netlink_nest_end(message, data);
    netlink_nest_end(message, info);
}

enum { LINK_LOCAL_LENGTH = 64 };

/* Who looks for a neighbour in the name of a foreign client asks with a link-local address, or not
 * at all. On a shared network there are several routers: it follows from the router's number. */
static struct in6_addr link_local_of(uint32_t router)
{
    struct in6_addr address = {.s6_addr = {0xfe, 0x80}};

    for (int i = 0; i < 4; i++)
        address.s6_addr[12 + i] = (uint8_t)(router >> (24 - 8 * i));
    return address;
}

static void batch_pool(struct netlink_batch *batch, int ifindex, struct network_pool pool)
{
    if (ipv4_prefix_contains(pool.subnet, pool.gateway))
        link_batch_address(batch, ifindex, pool.gateway, pool.subnet.length);
    else
        link_batch_route(batch, ifindex, pool.subnet, 0);
}

static void batch_pool6(struct netlink_batch *batch, int ifindex, struct v6_pool pool)
{
    if (ipv6_prefix_contains(&pool.subnet, &pool.gateway))
        link_batch_address6(batch, ifindex, &pool.gateway, pool.subnet.length);
    else
        link_batch_route6(batch, ifindex, &pool.subnet, NULL);
}

int bridge_make(struct netlink *router, const struct bridge_spec *spec, int *ret_ifindex,
                struct error *err)
{
    const struct in6_addr link_local = link_local_of(spec->router);
    scoped(netlink_batch_free) struct netlink_batch *batch = netlink_batch_new();
    int ifindex;

    bridge_batch_add(batch, spec);
    if (netlink_send(router, batch, NULL, err) < 0 ||
        link_find(router, spec->name, &ifindex, err) < 0)
        return -1;
    link_batch_up(batch, ifindex, true);
    for (size_t i = 0; i < spec->n_pools; i++)
        batch_pool(batch, ifindex, spec->pools[i]);
    if (spec->v6) {
        for (size_t i = 0; i <= spec->v6->n_pools; i++)
            batch_pool6(batch, ifindex, network_v6_pool_at(spec->v6, i));
        link_batch_address6(batch, ifindex, &link_local, LINK_LOCAL_LENGTH);
    }
    if (netlink_send(router, batch, NULL, err) < 0)
        return error_wrap(err, "bridge '%s'", spec->name);
    if (spec->v6 && (link_await_address6(router, ifindex, &spec->v6->gateway, err) < 0 ||
                     link_await_address6(router, ifindex, &link_local, err) < 0))
        return error_wrap(err, "bridge '%s'", spec->name);
    *ret_ifindex = ifindex;
    return 0;
}
