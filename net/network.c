/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/shared_network.h"

enum { MTU_DEFAULT = 1500, MTU_MIN = 68, MTU_MAX = 65535, SUBNET_LENGTH_MAX = 30 };

void network_free(struct network *network)
{
    if (!network)
        return;
    network_v6_done(&network->v6);
    shared_network_free(network->shared);
    ipam_free(network->ipam);
    free(network->parent);
    free(network->name);
    free(network);
}

static const struct ipv4_prefix *overlap(const struct prefix_list *list, struct ipv4_prefix subnet)
{
    for (size_t i = 0; i < list->count; i++)
        if (ipv4_prefix_overlaps(list->items[i], subnet))
            return &list->items[i];
    return NULL;
}

/* The remembered one goes on standing whatever routes the host has got since. */
static int choose_subnet(const struct network_spec *spec, const struct network_place *place,
                         struct ipv4_prefix *ret_subnet, struct error *err)
{
    struct prefix_list avoid = {0};
    int result;

    if (place->book && address_book_subnet(place->book, spec->name, ret_subnet) &&
        !overlap(place->taken, *ret_subnet))
        return 0;
    for (size_t i = 0; i < place->taken->count; i++)
        prefix_list_add(&avoid, place->taken->items[i]);
    result = prefix_list_add_host_routes(&avoid, err);
    if (result == 0)
        *ret_subnet = ipam_choose_subnet(place->project, spec->name, avoid.items, avoid.count);
    free(avoid.items);
    return result;
}

static int settle_subnet(const struct network_spec *spec, const struct network_place *place,
                         struct ipv4_prefix *ret_subnet, struct error *err)
{
    char own[IPV4_PREFIX_TEXT_SIZE], other[IPV4_PREFIX_TEXT_SIZE];
    const struct ipv4_prefix *obstacle;

    if (!spec->subnet)
        return choose_subnet(spec, place, ret_subnet, err);
    if (!ipv4_prefix_parse(spec->subnet, ret_subnet))
        return error_set(err, "subnet '%s' is not an IPv4 subnet", spec->subnet);
    if (ret_subnet->length > SUBNET_LENGTH_MAX || ret_subnet->length == 0)
        return error_set(err, "subnet '%s' has no room for containers", spec->subnet);
    obstacle = overlap(place->taken, *ret_subnet);
    if (obstacle)
        return error_set(err, "subnet %s overlaps %s of another network",
                         ipv4_prefix_format(*ret_subnet, own),
                         ipv4_prefix_format(*obstacle, other));
    return 0;
}

static int settle_gateway(const struct network_spec *spec, struct network *network,
                          struct error *err)
{
    char text[IPV4_PREFIX_TEXT_SIZE];

    network->gateway = network->subnet.address + 1;
    if (spec->gateway && !ipv4_parse(spec->gateway, &network->gateway))
        return error_set(err, "gateway '%s' is not an IPv4 address", spec->gateway);
    if (!ipv4_prefix_contains(network->subnet, network->gateway) ||
        network->gateway == network->subnet.address ||
        network->gateway == ipv4_prefix_last(network->subnet))
        return error_set(err, "gateway '%s' is not usable in subnet %s", spec->gateway,
                         ipv4_prefix_format(network->subnet, text));
    (void)ipv4_format(network->gateway, network->gateway_text);
    return 0;
}

static int settle_addresses(const struct network_spec *spec, struct network *network,
                            struct error *err)
{
    struct ipam_spec ipam = {network->name, network->subnet, network->subnet, network->gateway};
    char text[IPV4_PREFIX_TEXT_SIZE];
    uint32_t address;

    if (spec->ip_range && !ipv4_prefix_parse(spec->ip_range, &ipam.range))
        return error_set(err, "ip_range '%s' is not an IPv4 subnet", spec->ip_range);
    if (ipam.range.length < network->subnet.length ||
        !ipv4_prefix_contains(network->subnet, ipam.range.address))
        return error_set(err, "ip_range '%s' is not in subnet %s", spec->ip_range,
                         ipv4_prefix_format(network->subnet, text));
    network->ipam = ipam_new(&ipam);
    for (size_t i = 0; i < spec->reserved.count; i++) {
        if (!ipv4_parse(spec->reserved.items[i], &address))
            return error_set(err, "reserved address '%s' is not an IPv4 address",
                             spec->reserved.items[i]);
        if (ipam_reserve(network->ipam, address, err) < 0)
            return -1;
    }
    return 0;
}

static int settle_v6(const struct network_spec *spec, const struct network_place *place,
                     struct network *network, struct error *err)
{
    char own[IPV6_PREFIX_TEXT_SIZE], other[IPV6_PREFIX_TEXT_SIZE];

    if (network_v6_init(&network->v6, place->project, spec, network->subnet, err) < 0)
        return -1;
    for (size_t i = 0; i < place->n_others && network->v6.on; i++) {
        const struct network_v6 *v6 = &place->others[i]->v6;

        if (v6->on && strcmp(place->others[i]->name, spec->name) != 0 &&
            ipv6_prefix_overlaps(&v6->subnet, &network->v6.subnet))
            return error_set(err, "subnet %s overlaps %s of another network",
                             ipv6_prefix_format(&network->v6.subnet, own),
                             ipv6_prefix_format(&v6->subnet, other));
    }
    return 0;
}

bool network_is_same(const struct network *a, const struct network *b)
{
    return a->subnet.address == b->subnet.address && a->subnet.length == b->subnet.length &&
           a->gateway == b->gateway && a->internal == b->internal && a->isolated == b->isolated &&
           a->kernel_uplink == b->kernel_uplink && string_eq(a->parent, b->parent) &&
           station_is_same(&a->station, &b->station) && a->mtu == b->mtu &&
           a->no_ipv4 == b->no_ipv4 && network_v6_is_same(&a->v6, &b->v6);
}

int network_claim(struct network *network, const char *instance, uint32_t wanted,
                  uint32_t *ret_address, struct error *err)
{
    return network->shared ? shared_network_claim(network, instance, wanted, ret_address, err)
                           : ipam_claim(network->ipam, instance, wanted, ret_address, err);
}

int network_claim6(struct network *network, const char *instance, const char *wanted,
                   uint32_t number, struct in6_addr *ret_address, struct error *err)
{
    struct shared_claim6 claim = {instance, wanted, number};

    return network->shared
               ? shared_network_claim6(network, &claim, ret_address, err)
               : network_v6_claim(&network->v6, instance, wanted, number, ret_address, err);
}

static int settle_parent(const struct network_spec *spec, struct network *network,
                         struct error *err)
{
    if (!spec->parent)
        return 0;
    if (!spec->subnet || spec->kernel_uplink)
        return error_set(err,
                         "a network of driver '%s' is on a subnet of its parent's: say which, "
                         "and no uplink",
                         spec->ipvlan ? "ipvlan" : "macvlan");
    if (station_parse(spec, &network->station, err) < 0)
        return -1;
    network->parent = memory_strdup(spec->parent);
    return 0;
}

/* With an uplink of the kernel's the gateway is the host's end of it, and the router has an address
 * like a container, whose name no container has. */
static int settle_router(const struct network_spec *spec, struct network *network,
                         struct error *err)
{
    network->router = network->gateway;
    network->kernel_uplink = spec->kernel_uplink;
    if (!spec->kernel_uplink)
        return 0;
    if (spec->internal || spec->no_ipv4)
        return error_set(err,
                         "network '%s': an uplink of the kernel's is for IPv4, and for what "
                         "leads out",
                         spec->name);
    return ipam_claim(network->ipam, "/router", 0, &network->router, err);
}

int network_new(const struct network_spec *spec, const struct network_place *place,
                struct network **ret_network, struct error *err)
{
    scoped(network_free) struct network *network = memory_new(struct network);

    network->name = memory_strdup(spec->name);
    network->internal = spec->internal;
    network->isolated = spec->isolated;
    network->no_ipv4 = spec->no_ipv4;
    if (spec->no_ipv4 && !spec->ipv6)
        return error_set(err, "network '%s' has neither IPv4 nor IPv6", spec->name);
    network->mtu = spec->mtu ? spec->mtu : MTU_DEFAULT;
    if (network->mtu < MTU_MIN || network->mtu > MTU_MAX)
        return error_set(err, "network '%s': MTU %d is not in %d-%d", spec->name, spec->mtu,
                         MTU_MIN, MTU_MAX);
    if (settle_subnet(spec, place, &network->subnet, err) < 0 ||
        settle_gateway(spec, network, err) < 0 || settle_addresses(spec, network, err) < 0 ||
        settle_v6(spec, place, network, err) < 0 || settle_parent(spec, network, err) < 0)
        return error_wrap(err, "network '%s'", spec->name);
    if (place->book)
        address_book_recall(place->book, network->name, network->ipam);
    if (settle_router(spec, network, err) < 0)
        return -1;
    *ret_network = steal(network);
    return 0;
}
