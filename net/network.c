/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/shared_network.h"

enum { MTU_DEFAULT = 1500, MTU_MIN = 68, MTU_MAX = 65535, SUBNET_LENGTH_MAX = 30, POOLS_MAX = 63 };

void network_free(struct network *network)
{
    if (!network)
        return;
    network_v6_done(&network->v6);
    shared_network_free(network->shared);
    ipam_free(network->ipam);
    free(network->pools);
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
static int choose_subnet(const char *name, const struct network_place *place,
                         struct ipv4_prefix *ret_subnet, struct error *err)
{
    struct prefix_list avoid = {0};
    int result;

    if (place->book && address_book_subnet(place->book, name, ret_subnet) &&
        !overlap(place->taken, *ret_subnet))
        return 0;
    for (size_t i = 0; i < place->taken->count; i++)
        prefix_list_add(&avoid, place->taken->items[i]);
    result = prefix_list_add_host_routes(&avoid, err);
    if (result == 0)
        *ret_subnet = ipam_choose_subnet(place->project, name, avoid.items, avoid.count);
    free(avoid.items);
    return result;
}

/* subnet: as the network of this name has it, or NULL: it is to be chosen. */
static int settle_subnet(const char *subnet, const char *name, const struct network_place *place,
                         struct ipv4_prefix *ret_subnet, struct error *err)
{
    char own[IPV4_PREFIX_TEXT_SIZE], other[IPV4_PREFIX_TEXT_SIZE];
    const struct ipv4_prefix *obstacle;

    if (!subnet)
        return choose_subnet(name, place, ret_subnet, err);
    if (!ipv4_prefix_parse(subnet, ret_subnet))
        return error_set(err, "subnet '%s' is not an IPv4 subnet", subnet);
    if (ret_subnet->length > SUBNET_LENGTH_MAX || ret_subnet->length == 0)
        return error_set(err, "subnet '%s' has no room for containers", subnet);
    obstacle = overlap(place->taken, *ret_subnet);
    if (obstacle)
        return error_set(err, "subnet %s overlaps %s of another network",
                         ipv4_prefix_format(*ret_subnet, own),
                         ipv4_prefix_format(*obstacle, other));
    return 0;
}

/* The gateway and the automatic addresses of a subnet: those that were said, or the usual ones. */
static int settle_pool(const char *gateway, const char *ip_range, struct ipam_pool *pool,
                       struct error *err)
{
    char text[IPV4_PREFIX_TEXT_SIZE];

    pool->gateway = pool->subnet.address + 1;
    pool->range = pool->subnet;
    if (gateway && !ipv4_parse(gateway, &pool->gateway))
        return error_set(err, "gateway '%s' is not an IPv4 address", gateway);
    if (!ipv4_prefix_contains(pool->subnet, pool->gateway) ||
        pool->gateway == pool->subnet.address || pool->gateway == ipv4_prefix_last(pool->subnet))
        return error_set(err, "gateway '%s' is not usable in subnet %s", gateway,
                         ipv4_prefix_format(pool->subnet, text));
    if (ip_range && !ipv4_prefix_parse(ip_range, &pool->range))
        return error_set(err, "ip_range '%s' is not an IPv4 subnet", ip_range);
    if (pool->range.length < pool->subnet.length ||
        !ipv4_prefix_contains(pool->subnet, pool->range.address))
        return error_set(err, "ip_range '%s' is not in subnet %s", ip_range,
                         ipv4_prefix_format(pool->subnet, text));
    return 0;
}

static int reserve_all(struct network *network, struct string_list reserved, struct error *err)
{
    uint32_t address;

    for (size_t i = 0; i < reserved.count; i++) {
        if (!ipv4_parse(reserved.items[i], &address))
            return error_set(err, "reserved address '%s' is not an IPv4 address",
                             reserved.items[i]);
        if (ipam_reserve(network->ipam, address, err) < 0)
            return -1;
    }
    return 0;
}

static int settle_addresses(const struct network_spec *spec, struct network *network,
                            struct error *err)
{
    struct ipam_pool pool = {.subnet = network->subnet};

    if (settle_pool(spec->gateway, spec->ip_range, &pool, err) < 0)
        return -1;
    network->gateway = pool.gateway;
    (void)ipv4_format(network->gateway, network->gateway_text);
    network->ipam =
        ipam_new(&(struct ipam_spec){network->name, pool.subnet, pool.range, pool.gateway});
    return reserve_all(network, spec->reserved, err);
}

static int add_pool(const struct pool_spec *spec, const struct network_place *place,
                    struct network *network, struct error *err)
{
    struct prefix_list taken = {0};
    struct network_place beside = *place;
    struct ipam_pool pool = {0};
    int result;

    beside.taken = &taken;
    for (size_t i = 0; i < place->taken->count; i++)
        prefix_list_add(&taken, place->taken->items[i]);
    network_add_subnets(network, &taken);
    result = settle_subnet(spec->subnet, network->name, &beside, &pool.subnet, err);
    free(taken.items);
    if (result < 0 || settle_pool(spec->gateway, spec->ip_range, &pool, err) < 0)
        return -1;
    memory_grow(network->pools, network->n_pools, network->pools_capacity);
    network->pools[network->n_pools++] = (struct network_pool){pool.subnet, pool.gateway};
    ipam_add_pool(network->ipam, &pool);
    return reserve_all(network, spec->reserved, err);
}

/* IPv4; those of IPv6 are network_v6.h's. */
static int settle_pools(const struct network_spec *spec, const struct network_place *place,
                        struct network *network, struct error *err)
{
    if (spec->n_pools > POOLS_MAX)
        return error_set(err, "more than %d subnets", POOLS_MAX + 1);
    for (size_t i = 0; i < spec->n_pools; i++) {
        if (!spec->pools[i].subnet)
            return error_set(err, "a subnet after the first is to be said");
        if (!strchr(spec->pools[i].subnet, ':') &&
            add_pool(&spec->pools[i], place, network, err) < 0)
            return -1;
    }
    if (network->n_pools > 0 && spec->kernel_uplink)
        return error_set(err, "an uplink of the kernel's is for one subnet");
    return 0;
}

struct network_pool network_pool_at(const struct network *network, size_t index)
{
    return index == 0 ? (struct network_pool){network->subnet, network->gateway}
                      : network->pools[index - 1];
}

struct network_pool network_pool_of(const struct network *network, uint32_t address)
{
    for (size_t i = 0; i < network->n_pools; i++)
        if (ipv4_prefix_contains(network->pools[i].subnet, address))
            return network->pools[i];
    return network_pool_at(network, 0);
}

static uint32_t subnet_size(struct ipv4_prefix subnet)
{
    return ipv4_prefix_last(subnet) - subnet.address + 1;
}

uint32_t network_number_of(const struct network *network, uint32_t address)
{
    uint32_t before = subnet_size(network->subnet);

    for (size_t i = 0; i < network->n_pools; i++) {
        if (ipv4_prefix_contains(network->pools[i].subnet, address))
            return before + address - network->pools[i].subnet.address;
        before += subnet_size(network->pools[i].subnet);
    }
    return address - network->subnet.address;
}

bool network_contains(const struct network *network, uint32_t address)
{
    return ipv4_prefix_contains(network_pool_of(network, address).subnet, address);
}

void network_add_subnets(const struct network *network, struct prefix_list *list)
{
    for (size_t i = 0; i <= network->n_pools; i++)
        prefix_list_add(list, network_pool_at(network, i).subnet);
}

/* As long a prefix as has room for the numbers of all. */
static unsigned numbers_length(const struct network *network)
{
    uint64_t count = subnet_size(network->subnet);
    unsigned length = network->subnet.length;

    for (size_t i = 0; i < network->n_pools; i++)
        count += subnet_size(network->pools[i].subnet);
    while (length > 1 && (uint64_t)1 << (32 - length) < count)
        length--;
    return length;
}

static int settle_v6(const struct network_spec *spec, const struct network_place *place,
                     struct network *network, struct error *err)
{
    const struct ipv4_prefix numbers = {network->subnet.address, numbers_length(network)};

    if (network_v6_init(&network->v6, place->project, spec, numbers, err) < 0)
        return -1;
    for (size_t i = 0; i < place->n_others; i++)
        if (strcmp(place->others[i]->name, spec->name) != 0 &&
            network_v6_keep_apart(&network->v6, &place->others[i]->v6, err) < 0)
            return -1;
    return 0;
}

static bool has_same_pools(const struct network *a, const struct network *b)
{
    for (size_t i = 0; i < a->n_pools && i < b->n_pools; i++)
        if (a->pools[i].subnet.address != b->pools[i].subnet.address ||
            a->pools[i].subnet.length != b->pools[i].subnet.length ||
            a->pools[i].gateway != b->pools[i].gateway)
            return false;
    return a->n_pools == b->n_pools;
}

bool network_is_same(const struct network *a, const struct network *b)
{
    return has_same_pools(a, b) && a->subnet.address == b->subnet.address &&
           a->subnet.length == b->subnet.length && a->gateway == b->gateway &&
           a->internal == b->internal && a->isolated == b->isolated &&
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
    if (settle_subnet(spec->subnet, spec->name, place, &network->subnet, err) < 0 ||
        settle_addresses(spec, network, err) < 0 || settle_pools(spec, place, network, err) < 0 ||
        settle_v6(spec, place, network, err) < 0 || settle_parent(spec, network, err) < 0)
        return error_wrap(err, "network '%s'", spec->name);
    if (place->book)
        address_book_recall(place->book, network->name, network->ipam);
    if (settle_router(spec, network, err) < 0)
        return -1;
    *ret_network = steal(network);
    return 0;
}
