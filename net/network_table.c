/* SPDX-License-Identifier: Apache-2.0 */
#include "net/network_table.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "net/net_limits.h"

struct network_table {
    struct known_network *networks;
    size_t count, capacity;
};

struct network_table *network_table_new(void)
{
    return memory_new(struct network_table);
}

static void network_done(struct known_network *network)
{
    free(network->more);
    free(network->name);
}

void network_table_free(struct network_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        network_done(&table->networks[i]);
    free(table->networks);
    free(table);
}

static struct known_network *table_find(const struct network_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (string_eq(table->networks[i].name, name))
            return &table->networks[i];
    return NULL;
}

static int subnets_parse(struct string_list texts, struct known_network *network, struct error *err)
{
    scoped(free) struct inet_subnet *subnets =
        memory_resize(NULL, texts.count + 1, sizeof(*subnets));

    for (size_t i = 0; i < texts.count; i++)
        if (inet_subnet_parse(texts.items[i], &subnets[i], err) < 0)
            return -1;
    network->more = steal(subnets);
    network->n_more = texts.count;
    return 0;
}

int network_table_set(struct network_table *table, const struct told_network *told,
                      struct error *err)
{
    struct known_network *network = table_find(table, told->name);
    struct known_network wanted = {.internal = told->internal,
                                   .no_ipv4 = told->no_ipv4,
                                   .bypasses_router = told->bypasses_router};

    if (inet_subnet_parse(told->subnet, &wanted.subnet, err) < 0)
        return -1;
    wanted.has_ipv6 = told->subnet6 != NULL;
    if (told->subnet6 && inet_subnet_parse(told->subnet6, &wanted.subnet6, err) < 0)
        return -1;
    if (!network && table->count >= NET_LIMIT_NETWORKS)
        return error_set(err, "more than %d networks", NET_LIMIT_NETWORKS);
    if (subnets_parse(told->more_subnets, &wanted, err) < 0)
        return -1;
    if (network) {
        free(network->more);
    } else {
        memory_grow(table->networks, table->count, table->capacity);
        network = &table->networks[table->count++];
        network->name = memory_strdup(told->name);
    }
    wanted.name = network->name;
    *network = wanted;
    return 0;
}

static const char *subnet_text(const struct inet_subnet *subnet, struct arena *arena)
{
    bool v4 = inet_address_is_v4(&subnet->base);
    char base[INET6_ADDRSTRLEN];

    (void)inet_ntop(subnet->base.any.sa_family,
                    v4 ? (const void *)&subnet->base.v4.sin_addr
                       : (const void *)&subnet->base.v6.sin6_addr,
                    base, sizeof(base));
    return arena_printf(arena, "%s/%u", base, subnet->length);
}

static struct string_list more_texts(const struct known_network *network, struct arena *arena)
{
    struct string_list list = {0};

    for (size_t i = 0; i < network->n_more; i++)
        string_list_add(arena, &list, subnet_text(&network->more[i], arena));
    return list;
}

void network_table_report(const struct network_table *table, struct arena *arena,
                          struct net_report *report)
{
    report->networks = arena_new_array(arena, struct report_network, table->count);
    for (size_t i = 0; i < table->count; i++) {
        const struct known_network *network = &table->networks[i];

        report->networks[report->n_networks++] = (struct report_network){
            .name = arena_strdup(arena, network->name),
            .subnet = network->no_ipv4 ? NULL : subnet_text(&network->subnet, arena),
            .subnet6 = network->has_ipv6 ? subnet_text(&network->subnet6, arena) : NULL,
            .more_subnets = more_texts(network, arena),
            .internal = network->internal};
    }
}

void network_table_mark(struct network_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        table->networks[i].marked = true;
}

void network_table_sweep(struct network_table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->networks[i].marked)
            network_done(&table->networks[i]);
        else
            table->networks[kept++] = table->networks[i];
    }
    table->count = kept;
}

const struct known_network *network_table_find(const struct network_table *table, const char *name)
{
    return table_find(table, name);
}

static bool is_in_more(const struct known_network *network, const struct inet_address *address)
{
    for (size_t i = 0; i < network->n_more; i++)
        if (inet_subnet_contains(&network->more[i], address))
            return true;
    return false;
}

const struct known_network *network_table_of(const struct network_table *table,
                                             const struct inet_address *address)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct known_network *network = &table->networks[i];

        if ((!network->no_ipv4 && inet_subnet_contains(&network->subnet, address)) ||
            (network->has_ipv6 && inet_subnet_contains(&network->subnet6, address)) ||
            is_in_more(network, address))
            return network;
    }
    return NULL;
}
