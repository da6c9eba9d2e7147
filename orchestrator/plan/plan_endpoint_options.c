/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_endpoint_options.h"

#include <string.h>

#include "common/memory.h"
#include "common/text.h"

#define INTERFACE "com.docker.network.endpoint.ifname"
#define SYSCTLS "com.docker.network.endpoint.sysctls"

const char *plan_endpoint_options_interface(const struct service_network *network)
{
    for (size_t i = 0; i < network->driver_opts.count; i++)
        if (string_eq(network->driver_opts.items[i].name, INTERFACE))
            return network->driver_opts.items[i].value;
    return NULL;
}

/* "ipv4/conf/IFNAME/log_martians=1" of "net.ipv4.conf.IFNAME.log_martians=1", or NULL: other
 * parameters belong to the whole namespace, and to `sysctls`. */
static char *setting_of(struct arena *arena, const char *text, size_t length)
{
    static const char *const families[] = {"ipv4/", "ipv6/", "mpls/"};
    static const char root[] = "net.", place[] = "/IFNAME/";
    size_t name = strcspn(text, "=");
    char *setting, *found;
    bool known = false;

    if (!string_starts_with(text, root) || name >= length ||
        name != strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.IFNAME"))
        return NULL;
    setting = arena_strndup(arena, text + strlen(root), length - strlen(root));
    for (size_t i = 0; i < name - strlen(root); i++)
        if (setting[i] == '.')
            setting[i] = '/';
    for (size_t i = 0; i < ARRAY_LENGTH(families); i++)
        known = known || string_starts_with(setting, families[i]);
    found = known ? strstr(setting, place) : NULL;
    return found && !strstr(setting, "//") ? setting : NULL;
}

static void apply_sysctls(struct plan_build *build, const struct pair *pair,
                          struct endpoint_spec *endpoint)
{
    for (const char *text = pair->value ? pair->value : ""; *text;) {
        size_t length = strcspn(text, ",");
        char *setting = setting_of(build->arena, text, length);

        if (!setting)
            plan_build_error(build, pair->at, "networks",
                             "'%.*s' is no parameter of an interface: give "
                             "net.ipv4.conf.IFNAME.NAME=VALUE",
                             (int)length, text);
        else
            string_list_add(build->arena, &endpoint->settings, setting);
        text += length + (text[length] == ',');
    }
}

void plan_endpoint_options_apply(struct plan_build *build, const struct service_network *network,
                                 struct endpoint_spec *endpoint)
{
    for (size_t i = 0; i < network->driver_opts.count; i++) {
        const struct pair *pair = &network->driver_opts.items[i];
        scoped_text struct text path = {0};

        if (string_eq(pair->name, SYSCTLS)) {
            apply_sysctls(build, pair, endpoint);
        } else if (!string_eq(pair->name, INTERFACE)) {
            text_appendf(&path, "services.%s.networks.%s.driver_opts.%s", build->service->name,
                         network->network, pair->name);
            diagnostics_warning(build->diagnostics, pair->at, text_get(&path),
                                "the option is not known");
        }
    }
}
