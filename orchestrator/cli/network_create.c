/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/network_create.h"

#include <string.h>

#include "net/ipv4.h"
#include "net/ipv6.h"
#include "orchestrator/plan/plan_network_options.h"

struct create {
    struct string_list subnets, gateways, ranges, reserved, options, labels;
    const char *driver;
    bool internal, attachable, ipv4, ipv6;
};

/* The first of each family are the network's own. */
static void pick_subnets(struct arena *arena, const struct string_list *list,
                         struct network_spec *spec)
{
    spec->pools = arena_new_array(arena, struct pool_spec, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const char **first = strchr(list->items[i], ':') ? &spec->subnet6 : &spec->subnet;

        if (*first)
            spec->pools[spec->n_pools++].subnet = list->items[i];
        else
            *first = list->items[i];
    }
}

/* What is said of one subnet. */
struct pool_place {
    const char **gateway, **ip_range;
    struct string_list *reserved;
};

/* Whether an address, or the beginning of a subnet, is in the subnet. */
static bool is_in(const char *text, const char *subnet)
{
    struct ipv4_prefix range, outer;
    struct ipv6_prefix range6, outer6;

    if (ipv4_prefix_parse(subnet, &outer))
        return (ipv4_parse(text, &range.address) || ipv4_prefix_parse(text, &range)) &&
               ipv4_prefix_contains(outer, range.address);
    return ipv6_prefix_parse(subnet, &outer6) &&
           (ipv6_parse(text, &range6.address) || ipv6_prefix_parse(text, &range6)) &&
           ipv6_prefix_contains(&outer6, &range6.address);
}

/* Of the further subnet that the text is in, or else of the first of its family, which says so when
 * it does not fit there. */
static struct pool_place place_of(struct network_spec *spec, const char *text)
{
    for (size_t i = 0; i < spec->n_pools; i++) {
        struct pool_spec *pool = &spec->pools[i];

        if (is_in(text, pool->subnet))
            return (struct pool_place){&pool->gateway, &pool->ip_range, &pool->reserved};
    }
    if (strchr(text, ':'))
        return (struct pool_place){&spec->gateway6, &spec->ip_range6, &spec->reserved6};
    return (struct pool_place){&spec->gateway, &spec->ip_range, &spec->reserved};
}

/* One for each subnet. */
static int put_once(const char **place, const char *option, const char *text, struct error *err)
{
    if (*place)
        return error_set(err, "--%s: one of each subnet, not '%s' beside '%s'", option, text,
                         *place);
    *place = text;
    return 0;
}

static int pick_pools(struct arena *arena, const struct create *create, struct network_spec *spec,
                      struct error *err)
{
    const struct string_list *gateways = &create->gateways, *ranges = &create->ranges;

    pick_subnets(arena, &create->subnets, spec);
    for (size_t i = 0; i < gateways->count; i++)
        if (put_once(place_of(spec, gateways->items[i]).gateway, "gateway", gateways->items[i],
                     err) < 0)
            return -1;
    for (size_t i = 0; i < ranges->count; i++)
        if (put_once(place_of(spec, ranges->items[i]).ip_range, "ip-range", ranges->items[i], err) <
            0)
            return -1;
    return 0;
}

/* "NAME=ADDRESS"; the name says nothing. */
static int pick_reserved(struct arena *arena, const struct string_list *list,
                         struct network_spec *spec, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *equals = strchr(list->items[i], '=');

        if (!equals)
            return error_set(err, "--aux-address: '%s' is not NAME=ADDRESS", list->items[i]);
        string_list_add(arena, place_of(spec, equals + 1).reserved, equals + 1);
    }
    return 0;
}

static int driver_options(struct session *session, const char *name,
                          const struct string_list *options, struct network_spec *spec,
                          struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct network network = {.key = name};

    network.driver_opts.items = arena_new_array(session->arena, struct pair, options->count);
    for (size_t i = 0; i < options->count; i++) {
        const char *equals = strchr(options->items[i], '=');

        if (!equals)
            return error_set(err, "--opt: '%s' is not NAME=VALUE", options->items[i]);
        network.driver_opts.items[network.driver_opts.count++] = (struct pair){
            .name = arena_strndup(session->arena, options->items[i],
                                  (size_t)(equals - options->items[i])),
            .value = equals + 1,
        };
    }
    plan_network_options_apply(&network, diagnostics, spec);
    return session_report(diagnostics, err);
}

static int create_spec(struct session *session, const char *name, const struct create *create,
                       struct network_spec *spec, struct error *err)
{
    *spec = (struct network_spec){
        .no_ipv4 = !create->ipv4, .ipv6 = create->ipv6, .internal = create->internal};
    if (!string_eq(create->driver, "bridge"))
        return error_set(err, "driver '%s' is not supported; there is 'bridge'", create->driver);
    if (pick_pools(session->arena, create, spec, err) < 0 ||
        pick_reserved(session->arena, &create->reserved, spec, err) < 0)
        return -1;
    if (spec->subnet6 && !spec->ipv6)
        return error_set(err, "subnet '%s' needs --ipv6", spec->subnet6);
    return driver_options(session, name, &create->options, spec, err);
}

int network_create_options(struct session *session, struct shared_definition *ret_network,
                           struct error *err)
{
    struct create create = {.driver = "bridge", .ipv4 = true};
    const struct option_row rows[] = {
        {'d', "driver", OPTION_STRING, &create.driver, "DRIVER", "bridge"},
        {0, "subnet", OPTION_LIST, &create.subnets, "SUBNET", "as in 10.89.3.0/24"},
        {0, "gateway", OPTION_LIST, &create.gateways, "ADDRESS", "of the subnet"},
        {0, "ip-range", OPTION_LIST, &create.ranges, "SUBNET", "where addresses are chosen from"},
        {0, "aux-address", OPTION_LIST, &create.reserved, "NAME=ADDRESS", "never given away"},
        {0, "internal", OPTION_FLAG, &create.internal, NULL, "no way out"},
        {0, "ipv4", OPTION_FLAG, &create.ipv4, NULL, "addresses of version 4 (the default)"},
        {0, "ipv6", OPTION_FLAG, &create.ipv6, NULL, "addresses of version 6"},
        {'o', "opt", OPTION_LIST, &create.options, "NAME=VALUE", "driver options"},
        {0, "label", OPTION_LIST, &create.labels, "LABEL", "kept with it"},
        {0, "attachable", OPTION_FLAG, &create.attachable, NULL, "it is in any case"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list names = {0};
    int result = session_options(session, rows, false, &names, err);

    if (result != 0)
        return result;
    if (names.count != 1)
        return error_set(err, "network create: one name, not %zu", names.count);
    *ret_network = (struct shared_definition){.name = names.items[0], .labels = create.labels};
    return create_spec(session, names.items[0], &create, &ret_network->asked, err);
}
