/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network_v6.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/name_hash.h"

enum { LOCAL_PREFIX = 0xfd, LOCAL_LENGTH = 64, SUBNET_LENGTH_MAX = 126 };

struct v6_holder {
    char *instance; /* NULL: nobody may have it */
    struct in6_addr address;
};

void network_v6_done(struct network_v6 *v6)
{
    for (size_t i = 0; i < v6->n_holders; i++)
        free(v6->holders[i].instance);
    free(v6->holders);
    free(v6->pools);
}

static void v6_add_holder(struct network_v6 *v6, const char *instance,
                          const struct in6_addr *address)
{
    memory_grow(v6->holders, v6->n_holders, v6->capacity);
    v6->holders[v6->n_holders++] =
        (struct v6_holder){instance ? memory_strdup(instance) : NULL, *address};
}

/* A unique local prefix (RFC 4193) that follows from the names: the same on every machine. */
static struct ipv6_prefix local_subnet(const char *project, const char *network)
{
    struct ipv6_prefix subnet = {.length = LOCAL_LENGTH};
    uint64_t hash = name_hash(project, network);

    subnet.address.s6_addr[0] = LOCAL_PREFIX;
    for (int i = 1; i < LOCAL_LENGTH / 8; i++)
        subnet.address.s6_addr[i] = (uint8_t)(hash >> (8 * i));
    return subnet;
}

static int v6_settle_subnet(const char *subnet, struct ipv6_prefix *ret_subnet, struct error *err)
{
    if (!ipv6_prefix_parse(subnet, ret_subnet))
        return error_set(err, "subnet '%s' is not an IPv6 subnet", subnet);
    if (ret_subnet->length == 0 || ret_subnet->length > SUBNET_LENGTH_MAX)
        return error_set(err, "subnet '%s' has no room for containers", subnet);
    return 0;
}

static int v6_settle_gateway(struct network_v6 *v6, const char *gateway, struct v6_pool *pool,
                             struct error *err)
{
    char text[IPV6_PREFIX_TEXT_SIZE];

    pool->gateway = ipv6_plus(&pool->subnet.address, 1);
    if (gateway && !ipv6_parse(gateway, &pool->gateway))
        return error_set(err, "gateway '%s' is not an IPv6 address", gateway);
    if (!ipv6_prefix_contains(&pool->subnet, &pool->gateway) ||
        ipv6_equal(&pool->gateway, &pool->subnet.address))
        return error_set(err, "gateway '%s' is not usable in subnet %s", gateway,
                         ipv6_prefix_format(&pool->subnet, text));
    v6_add_holder(v6, NULL, &pool->gateway);
    return 0;
}

static int v6_settle_first_pool(struct network_v6 *v6, const char *project,
                                const struct network_spec *spec, struct error *err)
{
    struct v6_pool pool = {.subnet = local_subnet(project, spec->name)};

    if ((spec->subnet6 && v6_settle_subnet(spec->subnet6, &pool.subnet, err) < 0) ||
        v6_settle_gateway(v6, spec->gateway6, &pool, err) < 0)
        return -1;
    v6->subnet = pool.subnet;
    v6->gateway = pool.gateway;
    return 0;
}

static int v6_reserve_all(struct network_v6 *v6, struct string_list reserved, struct error *err)
{
    struct in6_addr address;

    for (size_t i = 0; i < reserved.count; i++) {
        if (!ipv6_parse(reserved.items[i], &address))
            return error_set(err, "reserved address '%s' is not an IPv6 address",
                             reserved.items[i]);
        v6_add_holder(v6, NULL, &address);
    }
    return 0;
}

struct v6_pool network_v6_pool_at(const struct network_v6 *v6, size_t index)
{
    return index == 0 ? (struct v6_pool){v6->subnet, v6->gateway} : v6->pools[index - 1];
}

/* whose: for the message. */
static int v6_check_subnet(const struct network_v6 *v6, const struct ipv6_prefix *subnet,
                           const char *whose, struct error *err)
{
    char text[IPV6_PREFIX_TEXT_SIZE], other[IPV6_PREFIX_TEXT_SIZE];

    for (size_t i = 0; i <= v6->n_pools; i++) {
        const struct v6_pool pool = network_v6_pool_at(v6, i);

        if (ipv6_prefix_overlaps(&pool.subnet, subnet))
            return error_set(err, "subnet %s overlaps %s of %s", ipv6_prefix_format(subnet, text),
                             ipv6_prefix_format(&pool.subnet, other), whose);
    }
    return 0;
}

int network_v6_keep_apart(const struct network_v6 *v6, const struct network_v6 *other,
                          struct error *err)
{
    for (size_t i = 0; i <= v6->n_pools && v6->on && other->on; i++) {
        const struct v6_pool pool = network_v6_pool_at(v6, i);

        if (v6_check_subnet(other, &pool.subnet, "another network", err) < 0)
            return -1;
    }
    return 0;
}

/* Nothing automatic is in it: the first never lacks room. */
static int v6_add_pool(struct network_v6 *v6, const struct pool_spec *spec, struct error *err)
{
    struct v6_pool pool;

    if (v6_settle_subnet(spec->subnet, &pool.subnet, err) < 0 ||
        v6_check_subnet(v6, &pool.subnet, "the same network", err) < 0)
        return -1;
    if (v6_settle_gateway(v6, spec->gateway, &pool, err) < 0)
        return -1;
    memory_grow(v6->pools, v6->n_pools, v6->pools_capacity);
    v6->pools[v6->n_pools++] = pool;
    return v6_reserve_all(v6, spec->reserved, err);
}

struct v6_pool network_v6_pool_of(const struct network_v6 *v6, const struct in6_addr *address)
{
    for (size_t i = 0; i < v6->n_pools; i++)
        if (ipv6_prefix_contains(&v6->pools[i].subnet, address))
            return v6->pools[i];
    return network_v6_pool_at(v6, 0);
}

/* Where there is room, automatic addresses keep out of the block that people choose theirs from:
 * in a /64 beside an IPv4 /24 they begin at ::100. */
static int v6_settle_first(struct network_v6 *v6, const char *ip_range, struct ipv4_prefix numbers,
                           struct error *err)
{
    struct ipv6_prefix range = v6->subnet;
    unsigned bits = 32 - numbers.length;
    char text[IPV6_PREFIX_TEXT_SIZE];

    if (ip_range && !ipv6_prefix_parse(ip_range, &range))
        return error_set(err, "ip_range '%s' is not an IPv6 subnet", ip_range);
    if (range.length < v6->subnet.length || !ipv6_prefix_contains(&v6->subnet, &range.address))
        return error_set(err, "ip_range '%s' is not in subnet %s", ip_range,
                         ipv6_prefix_format(&v6->subnet, text));
    if (128 - range.length < bits)
        return error_set(err, "%s has less room than the network has IPv4 addresses (a /%u)",
                         ipv6_prefix_format(&range, text), numbers.length);
    v6->first = ip_range || 128 - range.length == bits
                    ? range.address
                    : ipv6_plus(&range.address, (uint64_t)1 << bits);
    return 0;
}

int network_v6_init(struct network_v6 *v6, const char *project, const struct network_spec *spec,
                    struct ipv4_prefix numbers, struct error *err)
{
    if (!spec->ipv6)
        return 0;
    v6->on = true;
    if (v6_settle_first_pool(v6, project, spec, err) < 0 ||
        v6_settle_first(v6, spec->ip_range6, numbers, err) < 0 ||
        v6_reserve_all(v6, spec->reserved6, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_pools; i++)
        if (strchr(spec->pools[i].subnet, ':') && v6_add_pool(v6, &spec->pools[i], err) < 0)
            return -1;
    return 0;
}

struct in6_addr network_v6_of_number(const struct network_v6 *v6, uint32_t number)
{
    return ipv6_plus(&v6->first, number);
}

void network_v6_note(struct network_v6 *v6, const char *instance, const struct in6_addr *address)
{
    v6_add_holder(v6, instance, address);
}

bool network_v6_has_claimed(const struct network_v6 *v6, const char *instance, const char *wanted,
                            uint32_t number, struct in6_addr *ret_address)
{
    struct in6_addr address = network_v6_of_number(v6, number);

    if (wanted && !ipv6_parse(wanted, &address))
        return false;
    for (size_t i = 0; i < v6->n_holders; i++) {
        if (!string_eq(v6->holders[i].instance, instance) ||
            !ipv6_equal(&v6->holders[i].address, &address))
            continue;
        *ret_address = address;
        return true;
    }
    return false;
}

bool network_v6_entry(const struct network_v6 *v6, size_t index, const char **ret_instance,
                      struct in6_addr *ret_address)
{
    for (size_t i = 0; i < v6->n_holders; i++) {
        if (!v6->holders[i].instance || index-- > 0)
            continue;
        *ret_instance = v6->holders[i].instance;
        *ret_address = v6->holders[i].address;
        return true;
    }
    return false;
}

void network_v6_keep_only(struct network_v6 *v6, const char *prefix)
{
    for (size_t i = v6->n_holders; i-- > 0;) {
        char *instance = v6->holders[i].instance;

        if (!instance || string_starts_with(instance, prefix))
            continue;
        free(instance);
        v6->holders[i] = v6->holders[--v6->n_holders];
    }
}

void network_v6_add_prefix(struct network_v6 *v6, const char *prefix)
{
    for (size_t i = 0; i < v6->n_holders; i++) {
        scoped_text struct text name = {0};

        if (!v6->holders[i].instance)
            continue;
        text_appendf(&name, "%s%s", prefix, v6->holders[i].instance);
        free(v6->holders[i].instance);
        v6->holders[i].instance = text_steal(&name);
    }
}

int network_v6_claim(struct network_v6 *v6, const char *instance, const char *wanted,
                     uint32_t number, struct in6_addr *ret_address, struct error *err)
{
    struct in6_addr address = network_v6_of_number(v6, number);
    char text[IPV6_TEXT_SIZE], subnet[IPV6_PREFIX_TEXT_SIZE];
    struct v6_holder *own = NULL;
    struct v6_pool pool;

    if (wanted && !ipv6_parse(wanted, &address))
        return error_set(err, "address '%s' of '%s' is not an IPv6 address", wanted, instance);
    (void)ipv6_format(&address, text);
    pool = network_v6_pool_of(v6, &address);
    if (!ipv6_prefix_contains(&pool.subnet, &address))
        return error_set(err, "address %s of '%s' is not in subnet %s", text, instance,
                         ipv6_prefix_format(&v6->subnet, subnet));
    for (size_t i = 0; i < v6->n_holders; i++) {
        struct v6_holder *holder = &v6->holders[i];

        if (holder->instance && strcmp(holder->instance, instance) == 0)
            own = holder;
        else if (ipv6_equal(&holder->address, &address))
            return error_set(err, "address %s of '%s' is %s%s%s", text, instance,
                             holder->instance ? "taken by '" : "reserved",
                             holder->instance ? holder->instance : "", holder->instance ? "'" : "");
    }
    if (own)
        own->address = address;
    else
        v6_add_holder(v6, instance, &address);
    *ret_address = address;
    return 0;
}

static bool has_same_pools(const struct network_v6 *a, const struct network_v6 *b)
{
    for (size_t i = 0; i < a->n_pools && i < b->n_pools; i++)
        if (!ipv6_equal(&a->pools[i].subnet.address, &b->pools[i].subnet.address) ||
            a->pools[i].subnet.length != b->pools[i].subnet.length ||
            !ipv6_equal(&a->pools[i].gateway, &b->pools[i].gateway))
            return false;
    return a->n_pools == b->n_pools;
}

bool network_v6_is_same(const struct network_v6 *a, const struct network_v6 *b)
{
    return has_same_pools(a, b) && a->on == b->on && a->subnet.length == b->subnet.length &&
           ipv6_equal(&a->subnet.address, &b->subnet.address) &&
           ipv6_equal(&a->gateway, &b->gateway);
}
