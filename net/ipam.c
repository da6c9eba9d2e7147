/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ipam.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/name_hash.h"

struct holder {
    char *instance; /* NULL: reserved */
    uint32_t address;
    bool claimed; /* asked for since ipam_new() */
};

struct ipam {
    const char *network;
    struct ipam_pool *pools; /* one at least */
    size_t n_pools, pools_capacity;
    struct holder *holders;
    size_t count, capacity;
    bool changed;
};

struct ipam *ipam_new(const struct ipam_spec *spec)
{
    struct ipam *ipam = memory_new(struct ipam);

    ipam->network = spec->network;
    ipam_add_pool(ipam, &(struct ipam_pool){spec->subnet, spec->range, spec->gateway});
    return ipam;
}

void ipam_add_pool(struct ipam *ipam, const struct ipam_pool *pool)
{
    memory_grow(ipam->pools, ipam->n_pools, ipam->pools_capacity);
    ipam->pools[ipam->n_pools++] = *pool;
}

void ipam_free(struct ipam *ipam)
{
    if (!ipam)
        return;
    for (size_t i = 0; i < ipam->count; i++)
        free(ipam->holders[i].instance);
    free(ipam->holders);
    free(ipam->pools);
    free(ipam);
}

static struct holder *holder_of_address(struct ipam *ipam, uint32_t address)
{
    for (size_t i = 0; i < ipam->count; i++)
        if (ipam->holders[i].address == address)
            return &ipam->holders[i];
    return NULL;
}

static struct holder *holder_of_instance(struct ipam *ipam, const char *instance)
{
    for (size_t i = 0; i < ipam->count; i++)
        if (ipam->holders[i].instance && strcmp(ipam->holders[i].instance, instance) == 0)
            return &ipam->holders[i];
    return NULL;
}

static struct holder *ipam_add(struct ipam *ipam, const char *instance, uint32_t address)
{
    memory_grow(ipam->holders, ipam->count, ipam->capacity);
    ipam->holders[ipam->count] =
        (struct holder){instance ? memory_strdup(instance) : NULL, address, false};
    return &ipam->holders[ipam->count++];
}

static void ipam_drop(struct ipam *ipam, struct holder *holder)
{
    free(holder->instance);
    *holder = ipam->holders[--ipam->count];
}

/* The pool whose subnet the address is in, or NULL. */
static const struct ipam_pool *pool_of(const struct ipam *ipam, uint32_t address)
{
    for (size_t i = 0; i < ipam->n_pools; i++)
        if (ipv4_prefix_contains(ipam->pools[i].subnet, address))
            return &ipam->pools[i];
    return NULL;
}

/* Whether it may be given away without being asked for. */
static bool is_automatic(const struct ipam *ipam, uint32_t address)
{
    const struct ipam_pool *pool = pool_of(ipam, address);

    return pool && ipv4_prefix_contains(pool->range, address);
}

/* Inside a subnet, and neither its own address nor its broadcast address (/31 and /32 have none)
 * nor the gateway. */
static bool is_usable(const struct ipam *ipam, uint32_t address)
{
    const struct ipam_pool *pool = pool_of(ipam, address);

    if (!pool || address == pool->gateway)
        return false;
    return pool->subnet.length > 30 ||
           (address != pool->subnet.address && address != ipv4_prefix_last(pool->subnet));
}

/* "10.89.0.0/24", or all of them: "10.89.0.0/24, 10.90.0.0/24". */
static const char *list_subnets(const struct ipam *ipam, bool ranges, struct text *text)
{
    char prefix[IPV4_PREFIX_TEXT_SIZE];

    for (size_t i = 0; i < ipam->n_pools; i++)
        text_appendf(
            text, "%s%s", i > 0 ? ", " : "",
            ipv4_prefix_format(ranges ? ipam->pools[i].range : ipam->pools[i].subnet, prefix));
    return text_get(text);
}

int ipam_reserve(struct ipam *ipam, uint32_t address, struct error *err)
{
    struct holder *holder = holder_of_address(ipam, address);
    scoped_text struct text subnets = {0};
    char text[IPV4_TEXT_SIZE];

    if (!pool_of(ipam, address))
        return error_set(err, "reserved address %s of network '%s' is not in its subnet %s",
                         ipv4_format(address, text), ipam->network,
                         list_subnets(ipam, false, &subnets));
    if (holder && holder->instance)
        ipam_drop(ipam, holder);
    if (!holder || holder->instance)
        (void)ipam_add(ipam, NULL, address);
    return 0;
}

void ipam_remember(struct ipam *ipam, const char *instance, uint32_t address)
{
    if (is_usable(ipam, address) && !holder_of_address(ipam, address) &&
        !holder_of_instance(ipam, instance))
        (void)ipam_add(ipam, instance, address);
}

/* The instance's own address goes on standing when it is the wanted one or an automatic one that
 * still fits. */
static int claim_wanted(struct ipam *ipam, const char *instance, uint32_t wanted, struct error *err)
{
    const struct ipam_pool *pool = pool_of(ipam, wanted);
    struct holder *holder = holder_of_address(ipam, wanted);
    scoped_text struct text subnets = {0};
    char text[IPV4_TEXT_SIZE];

    (void)ipv4_format(wanted, text);
    if (!pool)
        return error_set(err, "address %s of '%s' is not in subnet %s of network '%s'", text,
                         instance, list_subnets(ipam, false, &subnets), ipam->network);
    if (wanted == pool->gateway)
        return error_set(err, "address %s of '%s' is the gateway of network '%s'", text, instance,
                         ipam->network);
    if (!is_usable(ipam, wanted) || (holder && !holder->instance))
        return error_set(err, "address %s of '%s' is reserved in network '%s'", text, instance,
                         ipam->network);
    if (holder && strcmp(holder->instance, instance) == 0)
        return 0;
    if (holder && holder->claimed)
        return error_set(err, "address %s of '%s' is taken by '%s' in network '%s'", text, instance,
                         holder->instance, ipam->network);
    if (holder)
        ipam_drop(ipam, holder);
    holder = holder_of_instance(ipam, instance);
    if (holder)
        ipam_drop(ipam, holder);
    (void)ipam_add(ipam, instance, wanted);
    return 0;
}

/* The first free address of a pool, from the one that the names ask for, upwards and around.
 * forced: also those that are only remembered. 0 when there is none. */
static uint32_t find_in_pool(struct ipam *ipam, const struct ipam_pool *pool, const char *instance,
                             bool forced)
{
    uint64_t size = (uint64_t)ipv4_prefix_last(pool->range) - pool->range.address + 1;
    uint64_t start = name_hash(ipam->network, instance) % size;

    /* Each refusal is a holder, the gateway or an end of the subnet: no need to walk a /8. */
    for (uint64_t i = 0; i < size && i < (uint64_t)ipam->count + 4; i++) {
        uint32_t address = pool->range.address + (uint32_t)((start + i) % size);
        struct holder *holder = holder_of_address(ipam, address);

        if (is_usable(ipam, address) &&
            (!holder || (forced && holder->instance && !holder->claimed)))
            return address;
    }
    return 0;
}

static uint32_t find_free(struct ipam *ipam, const char *instance, bool forced)
{
    uint32_t address = 0;

    for (size_t i = 0; i < ipam->n_pools && !address; i++)
        address = find_in_pool(ipam, &ipam->pools[i], instance, forced);
    return address;
}

static int claim_any(struct ipam *ipam, const char *instance, struct error *err)
{
    struct holder *holder = holder_of_instance(ipam, instance);
    scoped_text struct text ranges = {0};
    uint32_t address;

    if (holder && is_automatic(ipam, holder->address))
        return 0;
    if (holder)
        ipam_drop(ipam, holder);
    address = find_free(ipam, instance, false);
    if (!address)
        address = find_free(ipam, instance, true);
    if (!address)
        return error_set(err, "network '%s' has no free address for '%s': all of %s are taken",
                         ipam->network, instance, list_subnets(ipam, true, &ranges));
    holder = holder_of_address(ipam, address);
    if (holder)
        ipam_drop(ipam, holder);
    (void)ipam_add(ipam, instance, address);
    return 0;
}

int ipam_claim(struct ipam *ipam, const char *instance, uint32_t wanted, uint32_t *ret_address,
               struct error *err)
{
    int result =
        wanted ? claim_wanted(ipam, instance, wanted, err) : claim_any(ipam, instance, err);
    struct holder *holder;

    if (result < 0)
        return -1;
    holder = holder_of_instance(ipam, instance);
    ipam->changed = ipam->changed || !holder->claimed;
    holder->claimed = true;
    *ret_address = holder->address;
    return 0;
}

bool ipam_has_claimed(const struct ipam *ipam, const char *instance, uint32_t wanted,
                      uint32_t *ret_address)
{
    for (size_t i = 0; i < ipam->count; i++) {
        const struct holder *holder = &ipam->holders[i];

        if (!holder->claimed || !string_eq(holder->instance, instance))
            continue;
        *ret_address = holder->address;
        return wanted ? holder->address == wanted : is_automatic(ipam, holder->address);
    }
    return false;
}

void ipam_keep_only(struct ipam *ipam, const char *prefix)
{
    for (size_t i = ipam->count; i-- > 0;)
        if (ipam->holders[i].instance && !string_starts_with(ipam->holders[i].instance, prefix))
            ipam_drop(ipam, &ipam->holders[i]);
}

void ipam_add_prefix(struct ipam *ipam, const char *prefix)
{
    for (size_t i = 0; i < ipam->count; i++) {
        scoped_text struct text name = {0};

        if (!ipam->holders[i].instance)
            continue;
        text_appendf(&name, "%s%s", prefix, ipam->holders[i].instance);
        free(ipam->holders[i].instance);
        ipam->holders[i].instance = text_steal(&name);
    }
}

bool ipam_take_changed(struct ipam *ipam)
{
    bool changed = ipam->changed;

    ipam->changed = false;
    return changed;
}

bool ipam_entry(const struct ipam *ipam, size_t index, const char **ret_instance,
                uint32_t *ret_address)
{
    for (size_t i = 0; i < ipam->count; i++) {
        if (!ipam->holders[i].instance || index-- > 0)
            continue;
        *ret_instance = ipam->holders[i].instance;
        *ret_address = ipam->holders[i].address;
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------------------------------
 * subnets */

/* In the order of preference: a corner of 10/8 that few use, then the whole of the private ranges.
 */
static const struct ipv4_prefix pools[] = {
    {0x0a580000, 13}, /* 10.88.0.0/13 */
    {0xac100000, 12}, /* 172.16.0.0/12 */
    {0xc0a80000, 16}, /* 192.168.0.0/16 */
    {0x0a000000, 8},  /* 10.0.0.0/8 */
};

static bool overlaps_any(struct ipv4_prefix subnet, const struct ipv4_prefix *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ipv4_prefix_overlaps(subnet, others[i]))
            return true;
    return false;
}

static struct ipv4_prefix pool_subnet(struct ipv4_prefix pool, uint64_t number)
{
    uint32_t size = (uint32_t)1 << (24 - pool.length);

    return (struct ipv4_prefix){pool.address + ((uint32_t)(number % size) << 8), 24};
}

struct ipv4_prefix ipam_choose_subnet(const char *project, const char *network,
                                      const struct ipv4_prefix *avoid, size_t n_avoid)
{
    uint64_t first = name_hash(project, network);

    for (size_t i = 0; i < ARRAY_LENGTH(pools); i++) {
        uint64_t size = (uint64_t)1 << (24 - pools[i].length);

        for (uint64_t step = 0; step < size; step++) {
            struct ipv4_prefix subnet = pool_subnet(pools[i], first % size + step);

            if (!overlaps_any(subnet, avoid, n_avoid))
                return subnet;
        }
    }
    return pool_subnet(pools[0], first);
}
