/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's networks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "net/bridge.h"
#include "net/link.h"
#include "net/net_state.h"
#include "net/station.h"

struct network *net_find_network(const struct net *net, const char *name)
{
    for (size_t i = 0; i < net->n_networks; i++)
        if (strcmp(net->networks[i]->name, name) == 0)
            return net->networks[i];
    return NULL;
}

struct network *net_network_of(const struct net *net, uint32_t address)
{
    for (size_t i = 0; i < net->n_networks; i++)
        if (!net->networks[i]->no_ipv4 && network_contains(net->networks[i], address))
            return net->networks[i];
    return NULL;
}

/* The specification in numbers, beside the other networks. */
int net_resolve_network(struct net *net, const struct network_spec *spec,
                        struct network **ret_network, struct error *err)
{
    struct prefix_list taken = {0};
    struct network_place place = {net->project, spec->shared_name ? NULL : net->addresses, &taken,
                                  net->networks, net->n_networks};
    int result;

    for (size_t i = 0; i < net->n_networks; i++)
        if (strcmp(net->networks[i]->name, spec->name) != 0)
            network_add_subnets(net->networks[i], &taken);
    result = network_new(spec, &place, ret_network, err);
    free(taken.items);
    return result;
}

int net_make_bridge(struct net *net, struct network *network, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct network_pool *pools = arena_new_array(arena, struct network_pool, 1 + network->n_pools);
    char name[INTERFACE_NAME_SIZE];
    struct bridge_spec bridge = {
        .name = name,
        .router = network->router,
        .mtu = network->mtu,
        .pools = pools,
        .n_pools = network->no_ipv4 ? 0 : 1 + network->n_pools,
        .v6 = network->v6.on ? &network->v6 : NULL,
    };

    for (size_t i = 0; i <= network->n_pools; i++)
        pools[i] = network_pool_at(network, i);
    if (network->kernel_uplink)
        pools[0].gateway = network->router; /* the gateway's is the host's */
    bridge_name(network->name, name);
    return bridge_make(router_links(net->router), &bridge, &network->bridge_ifindex, err);
}

/* All subnets but the first of each family, as texts in the arena. */
static struct string_list pool_texts(const struct network *network, struct arena *arena)
{
    char text[IPV6_PREFIX_TEXT_SIZE];
    struct string_list list = {0};

    for (size_t i = 0; i < network->n_pools && !network->no_ipv4; i++)
        string_list_add(arena, &list,
                        arena_strdup(arena, ipv4_prefix_format(network->pools[i].subnet, text)));
    for (size_t i = 0; i < network->v6.n_pools; i++)
        string_list_add(
            arena, &list,
            arena_strdup(arena, ipv6_prefix_format(&network->v6.pools[i].subnet, text)));
    return list;
}

static void tell_network(struct net *net, const struct network *network)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char subnet[IPV4_PREFIX_TEXT_SIZE], subnet6[IPV6_PREFIX_TEXT_SIZE];
    struct worker_message message = {
        .op = WORKER_NETWORK,
        .network = network->name,
        .gateway = network->gateway_text,
        .subnet = ipv4_prefix_format(network->subnet, subnet),
        .subnet6 = network->v6.on ? ipv6_prefix_format(&network->v6.subnet, subnet6) : NULL,
        .more_subnets = pool_texts(network, arena),
        .internal = network->internal,
        .no_ipv4 = network->no_ipv4,
        .bypasses_router = network->kernel_uplink || network->parent,
    };

    net_tell(net, net_key_of(arena, "network", network->name), &message);
}

static void keep_addresses(struct net *net, const struct network *network)
{
    address_book_keep(net->addresses, network->name, network->subnet, network->ipam);
}

int net_network_differs(struct net *net, const struct network_spec *spec, bool *ret_differs,
                        struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct network_spec shared;
    bool is_shared;
    scoped(network_free) struct network *network = NULL;
    const struct network *known = net_find_network(net, spec->name);

    if (net_is_shared(net, spec, arena, &is_shared, &shared, err) < 0)
        return -1;
    if (is_shared)
        return net_shared_differs(net, &shared, known, ret_differs, err);
    if (net_resolve_network(net, spec, &network, err) < 0)
        return -1;
    *ret_differs = known && (known->shared || !network_is_same(known, network));
    return 0;
}

static bool network_is_used(const struct net *net, const char *name)
{
    for (size_t i = 0; i < net->n_members; i++)
        for (size_t j = 0; j < net->members[i]->count; j++)
            if (strcmp(net->members[i]->entries[j].network, name) == 0)
                return true;
    return false;
}

/* Makes room for another network of the name. */
int net_remove_network(struct net *net, const char *name, struct error *err)
{
    for (size_t i = 0; i < net->n_networks; i++) {
        struct network *network = net->networks[i];

        if (strcmp(network->name, name) != 0)
            continue;
        if (network_is_used(net, name)) {
            errno = EBUSY;
            return error_sys(err, "network '%s' exists with another definition", name);
        }
        if ((network->bridge_ifindex &&
             link_remove(router_links(net->router), network->bridge_ifindex, err) < 0) ||
            uplink_unplug(network, err) < 0)
            return error_wrap(err, "network '%s'", name);
        network_free(network);
        net->networks[i] = net->networks[--net->n_networks];
        net->rules_stale = true;
        uplink_change(net->uplink);
        return 0;
    }
    return 0;
}

void net_put_network(struct net *net, struct network *take_network)
{
    tell_network(net, take_network);
    memory_grow(net->networks, net->n_networks, net->networks_capacity);
    net->networks[net->n_networks++] = take_network;
    net->rules_stale = true;
    uplink_change(net->uplink);
}

static int make_ways(struct net *net, struct network *network, struct error *err)
{
    if (network->parent)
        return station_find_parent(&network->station, network->parent, &network->parent_ifindex,
                                   err);
    if (net_make_bridge(net, network, err) < 0)
        return -1;
    return network->kernel_uplink
               ? uplink_plug_in(router_links(net->router), network, net->project, err)
               : 0;
}

int net_add_network(struct net *net, const struct network_spec *spec, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct network_spec shared;
    bool is_shared;
    scoped(network_free) struct network *network = NULL;
    const struct network *known = net_find_network(net, spec->name);

    if (net_is_shared(net, spec, arena, &is_shared, &shared, err) < 0)
        return -1;
    if (is_shared)
        return net_add_shared(net, &shared, err);
    if (net_resolve_network(net, spec, &network, err) < 0)
        return -1;
    if (known && !known->shared && network_is_same(known, network))
        return 0;
    if (net_remove_network(net, spec->name, err) < 0)
        return -1;
    if (make_ways(net, network, err) < 0)
        return error_wrap(err, "network '%s'", spec->name);
    keep_addresses(net, network);
    net_put_network(net, steal(network));
    return 0;
}

const char *net_gateway_of(struct net *net, const char *network)
{
    struct network *found = net_find_network(net, network);

    return found ? found->gateway_text : NULL;
}

int net_addresses_of(struct net *net, const char *instance, const struct endpoint_spec *spec,
                     struct arena *arena, struct string_list *ret_addresses, struct error *err)
{
    struct network *network = net_find_network(net, spec->network);
    struct member_addresses addresses;
    char text[IPV6_TEXT_SIZE];

    if (!network)
        return error_set(err, "there is no network '%s'", spec->network);
    if (member_claim(network, instance, spec, &addresses, err) < 0)
        return -1;
    *ret_addresses = (struct string_list){0};
    if (!network->no_ipv4)
        string_list_add(arena, ret_addresses, arena_strdup(arena, ipv4_format(addresses.v4, text)));
    if (network->v6.on)
        string_list_add(arena, ret_addresses,
                        arena_strdup(arena, ipv6_format(&addresses.v6, text)));
    return 0;
}

int net_save_addresses(struct net *net, struct error *err)
{
    for (size_t i = 0; i < net->n_networks; i++)
        if (!net->networks[i]->shared && ipam_take_changed(net->networks[i]->ipam))
            keep_addresses(net, net->networks[i]);
    return address_book_save(net->addresses, err);
}

static struct router_network rules_of(const struct network *network, struct arena *arena)
{
    size_t n_subnets6 = network->v6.on ? 1 + network->v6.n_pools : 0;
    struct ipv4_prefix *subnets = arena_new_array(arena, struct ipv4_prefix, 1 + network->n_pools);
    struct ipv6_prefix *subnets6 = arena_new_array(arena, struct ipv6_prefix, n_subnets6);

    for (size_t i = 0; i <= network->n_pools; i++)
        subnets[i] = network_pool_at(network, i).subnet;
    for (size_t i = 0; i < n_subnets6; i++)
        subnets6[i] = network_v6_pool_at(&network->v6, i).subnet;
    return (struct router_network){.bridge_ifindex = network->bridge_ifindex,
                                   .subnets = subnets,
                                   .n_subnets = 1 + network->n_pools,
                                   .subnets6 = subnets6,
                                   .n_subnets6 = n_subnets6,
                                   .internal = network->internal};
}

int net_refresh_rules(struct net *net, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct router_network *rules;
    size_t count = 0;

    if (uplink_refresh(net->uplink, net->networks, net->n_networks, err) < 0)
        return -1;
    if (!net->rules_stale)
        return 0;
    rules = arena_new_array(arena, struct router_network, net->n_networks);
    for (size_t i = 0; i < net->n_networks; i++)
        if (!net->networks[i]->parent)
            rules[count++] = rules_of(net->networks[i], arena);
    if (router_set_rules(net->router, rules, count, err) < 0)
        return -1;
    net->rules_stale = false;
    return 0;
}
