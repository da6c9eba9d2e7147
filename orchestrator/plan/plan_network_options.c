/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_network_options.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"

#define BINDING "com.docker.network.bridge.host_binding_ipv4"
#define PREFIX "com.docker.network.container_iface_prefix"
#define PARENT "parent"
#define MACVLAN_MODE "macvlan_mode"
#define IPVLAN_MODE "ipvlan_mode"
#define IPVLAN_FLAG "ipvlan_flag"

enum option_kind {
    OPTION_MTU,
    OPTION_ICC,       /* whether containers of the network reach each other */
    OPTION_ELSEWHERE, /* read where it matters, or true by itself */
    OPTION_USUAL,     /* has one value that is as we do it */
};

struct option {
    const char *name;
    enum option_kind kind;
    const char *usual; /* of OPTION_USUAL */
};

/* The name of the bridge is seen by nobody: it lies in a namespace of the project's own. */
static const struct option options[] = {
    {"com.docker.network.driver.mtu", OPTION_MTU, NULL},
    {"com.docker.network.bridge.enable_icc", OPTION_ICC, NULL},
    {BINDING, OPTION_ELSEWHERE, NULL},
    {PREFIX, OPTION_ELSEWHERE, NULL},
    {"com.docker.network.bridge.name", OPTION_ELSEWHERE, NULL},
    {PARENT, OPTION_ELSEWHERE, NULL},
    {MACVLAN_MODE, OPTION_ELSEWHERE, NULL},
    {IPVLAN_MODE, OPTION_ELSEWHERE, NULL},
    {IPVLAN_FLAG, OPTION_ELSEWHERE, NULL},
    {"com.docker.network.bridge.enable_ip_masquerade", OPTION_USUAL, "true"},
    {"com.docker.network.bridge.gateway_mode_ipv4", OPTION_USUAL, "nat"},
    {"com.docker.network.bridge.gateway_mode_ipv6", OPTION_USUAL, "nat"},
    {"com.docker.network.bridge.inhibit_ipv4", OPTION_USUAL, "false"},
    {"com.docker.network.bridge.default_bridge", OPTION_USUAL, "false"},
};

static const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        if (string_eq(options[i].name, name))
            return &options[i];
    return NULL;
}

/* As Docker reads it: strconv.ParseBool. False when it is neither. */
static bool truth_parse(const char *text, bool *ret_truth)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

    for (size_t i = 0; i < ARRAY_LENGTH(yes); i++) {
        if (string_eq(text, yes[i]) || string_eq(text, no[i])) {
            *ret_truth = string_eq(text, yes[i]);
            return true;
        }
    }
    return false;
}

/* Words for what is wrong with the value, or NULL. */
static const char *option_apply(const struct option *option, const char *value,
                                struct network_spec *spec)
{
    unsigned long long mtu;
    bool reach;

    if (option->kind == OPTION_MTU) {
        if (!string_to_u64(value, INT32_MAX, &mtu))
            return "is not a number of bytes";
        spec->mtu = (int)mtu;
    } else if (option->kind == OPTION_ICC) {
        if (!truth_parse(value, &reach))
            return "is neither true nor false";
        spec->isolated = !reach;
    }
    return NULL;
}

void plan_network_options_apply(const struct network *network, struct diagnostics *diagnostics,
                                struct network_spec *spec)
{
    for (size_t i = 0; i < network->driver_opts.count; i++) {
        const struct pair *pair = &network->driver_opts.items[i];
        const struct option *option = option_find(pair->name);
        const char *value = pair->value ? pair->value : "";
        scoped_text struct text path = {0};
        const char *fault;

        text_appendf(&path, "networks.%s.driver_opts.%s", network->key, pair->name);
        if (!option) {
            diagnostics_warning(diagnostics, pair->at, text_get(&path), "the option is not known");
            continue;
        }
        fault = option_apply(option, value, spec);
        if (fault)
            diagnostics_error(diagnostics, pair->at, text_get(&path), "'%s' %s", value, fault);
        if (option->kind == OPTION_USUAL && !string_eq(value, option->usual))
            diagnostics_warning(diagnostics, pair->at, text_get(&path),
                                "'%s' has no effect: what leaves the network is relayed", value);
    }
}

static const char *option_value(const struct network *network, const char *name)
{
    for (size_t i = 0; network && i < network->driver_opts.count; i++)
        if (string_eq(network->driver_opts.items[i].name, name))
            return network->driver_opts.items[i].value;
    return NULL;
}

const char *plan_network_options_binding(const struct network *network)
{
    return option_value(network, BINDING);
}

bool plan_network_options_is_station(const struct network *network)
{
    return network &&
           (string_eq(network->driver, "macvlan") || string_eq(network->driver, "ipvlan"));
}

void plan_network_options_station(const struct network *network, struct arena *arena,
                                  struct network_spec *spec)
{
    spec->parent = arena_strdup(arena, option_value(network, PARENT));
    spec->ipvlan = string_eq(network->driver, "ipvlan");
    spec->macvlan_mode = arena_strdup(arena, option_value(network, MACVLAN_MODE));
    spec->ipvlan_mode = arena_strdup(arena, option_value(network, IPVLAN_MODE));
    spec->ipvlan_flag = arena_strdup(arena, option_value(network, IPVLAN_FLAG));
}

const char *plan_network_options_prefix(const struct network *network)
{
    return option_value(network, PREFIX);
}
