/* SPDX-License-Identifier: Apache-2.0 */
#include "net/uplink.h"

#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/bridge.h"
#include "net/endpoint.h"
#include "net/link.h"
#include "net/name_hash.h"
#include "net/netns.h"
#include "net/nftables.h"
#include "net/prefix_list.h"

struct open_port {
    char *key;
    struct uplink_port port;
};

struct uplink {
    char *table;
    struct netlink *netfilter; /* the table's; NULL until there was one */
    struct open_port *ports;
    size_t n_ports, capacity;
    bool stale;
};

struct uplink *uplink_new(const char *project, int take_fd)
{
    struct uplink *uplink = memory_new(struct uplink);
    scoped_text struct text table = {0};

    text_appendf(&table, "yawl-%s", project);
    uplink->table = text_steal(&table);
    if (take_fd >= 0) {
        uplink->netfilter = netlink_adopt(take_fd);
        uplink->stale = true; /* whatever the other has loaded */
    }
    return uplink;
}

void uplink_free(struct uplink *uplink)
{
    if (!uplink)
        return;
    for (size_t i = 0; i < uplink->n_ports; i++)
        free(uplink->ports[i].key);
    free(uplink->ports);
    netlink_free(uplink->netfilter);
    free(uplink->table);
    free(uplink);
}

/* -- the interface */

static int check_host(struct error *err)
{
    scoped_fd int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
    char value = 0;

    if (!netns_is_ours())
        return error_set(err, "an uplink of the kernel's is for root");
    if (fd < 0 || read(fd, &value, 1) != 1)
        return error_sys(err, "read '/proc/sys/net/ipv4/ip_forward'");
    if (value != '1')
        return error_set(err, "an uplink of the kernel's needs a host that forwards: "
                              "sysctl -w net.ipv4.ip_forward=1");
    return 0;
}

/* As long as our interface is not there, no route to the subnet is ours. */
static int check_subnet(const struct network *network, struct error *err)
{
    struct prefix_list routes = {0};
    char own[IPV4_PREFIX_TEXT_SIZE], other[IPV4_PREFIX_TEXT_SIZE];
    int result = prefix_list_add_host_routes(&routes, err);

    for (size_t i = 0; result == 0 && i < routes.count; i++)
        if (ipv4_prefix_overlaps(routes.items[i], network->subnet))
            result = error_set(err, "subnet %s overlaps %s, to which this machine has a route",
                               ipv4_prefix_format(network->subnet, own),
                               ipv4_prefix_format(routes.items[i], other));
    free(routes.items);
    return result;
}

int uplink_plug_in(struct netlink *router, struct network *network, const char *project,
                   struct error *err)
{
    scoped_fd int host_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    char name[INTERFACE_NAME_SIZE];
    struct endpoint endpoint = {
        .network = network->name,
        .interface_name = name,
        .bridge_ifindex = network->bridge_ifindex,
        .address = network->gateway,
        .prefix_length = network->subnet.length,
        .mtu = network->mtu,
    };

    if (host_fd < 0)
        return error_sys(err, "open own network namespace");
    (void)snprintf(name, sizeof(name), "yl%012" PRIx64,
                   name_hash(project, network->name) & 0xffffffffffff);
    ipv4_mac(network->gateway, endpoint.mac);
    if (check_host(err) < 0 || (if_nametoindex(name) == 0 && check_subnet(network, err) < 0) ||
        endpoint_make_bare(router, host_fd, &endpoint, err) < 0)
        return -1;
    network->uplink_ifindex = (int)if_nametoindex(name);
    return 0;
}

int uplink_unplug(const struct network *network, struct error *err)
{
    scoped(netlink_free) struct netlink *host = NULL;

    if (network->uplink_ifindex == 0)
        return 0;
    if (netlink_open(NETLINK_ROUTE, &host, err) < 0)
        return -1;
    return link_remove(host, network->uplink_ifindex, err);
}

/* -- the rules */

int uplink_fd(const struct uplink *uplink)
{
    return uplink->netfilter ? netlink_fd(uplink->netfilter) : -1;
}

void uplink_remove_rules(struct uplink *uplink)
{
    struct error err = {0};

    if (uplink->netfilter && nft_remove_owned(uplink->table, uplink->netfilter, &err) < 0)
        log_debug("remove table '%s': %s", uplink->table, err.text);
}

void uplink_change(struct uplink *uplink)
{
    uplink->stale = true;
}

void uplink_set_port(struct uplink *uplink, const char *key, const struct uplink_port *port)
{
    size_t i = 0;

    while (i < uplink->n_ports && !string_eq(uplink->ports[i].key, key))
        i++;
    if (!port && i == uplink->n_ports)
        return;
    uplink->stale = true;
    if (!port) {
        free(uplink->ports[i].key);
        uplink->ports[i] = uplink->ports[--uplink->n_ports];
        return;
    }
    if (i == uplink->n_ports) {
        memory_grow(uplink->ports, uplink->n_ports, uplink->capacity);
        uplink->ports[uplink->n_ports++].key = memory_strdup(key);
    }
    uplink->ports[i].port = *port;
}

int uplink_refresh(struct uplink *uplink, struct network *const *networks, size_t count,
                   struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct uplink_rules rules = {
        .networks = arena_new_array(arena, struct uplink_network, count + 1),
        .ports = arena_new_array(arena, struct uplink_port, uplink->n_ports + 1),
        .n_ports = uplink->n_ports,
    };

    if (!uplink->stale)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (networks[i]->kernel_uplink)
            rules.networks[rules.n_networks++] =
                (struct uplink_network){networks[i]->uplink_ifindex, networks[i]->subnet};
    for (size_t i = 0; i < uplink->n_ports; i++)
        rules.ports[i] = uplink->ports[i].port;
    if (rules.n_networks == 0) {
        uplink_remove_rules(uplink);
        uplink->stale = false;
        return 0;
    }
    if (!uplink->netfilter && netlink_open(NETLINK_NETFILTER, &uplink->netfilter, err) < 0)
        return -1;
    if (uplink_rules_load(uplink->netfilter, uplink->table, &rules, err) < 0)
        return error_wrap(err, "uplink of the kernel's");
    uplink->stale = false;
    return 0;
}
