/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/network_create.h"

#include <string.h>

#include "orchestrator/plan/plan_network_options.h"

struct create {
    struct string_list subnets, gateways, ranges, reserved, options, labels;
    const char *driver;
    bool internal, attachable, ipv4, ipv6;
};

/* One of each family, as they come. */
static int pick(const struct string_list *list, const char *option, const char **ret_v4,
                const char **ret_v6, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char **place = strchr(list->items[i], ':') ? ret_v6 : ret_v4;

        if (*place)
            return error_set(err, "--%s: one of each family, not '%s' beside '%s'", option,
                             list->items[i], *place);
        *place = list->items[i];
    }
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
        string_list_add(arena, strchr(equals, ':') ? &spec->reserved6 : &spec->reserved,
                        equals + 1);
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
    if (pick(&create->subnets, "subnet", &spec->subnet, &spec->subnet6, err) < 0 ||
        pick(&create->gateways, "gateway", &spec->gateway, &spec->gateway6, err) < 0 ||
        pick(&create->ranges, "ip-range", &spec->ip_range, &spec->ip_range6, err) < 0 ||
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
