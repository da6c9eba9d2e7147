/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/units.h"
#include "orchestrator/plan/plan_build.h"
#include "orchestrator/plan/plan_endpoint_options.h"
#include "orchestrator/plan/plan_network_options.h"

enum { NAME_PORT = 53 };

/* Its ports that have names are found by those, as records of SRV. */
static void endpoint_services(struct plan_build *build, struct endpoint_spec *endpoint)
{
    const struct service *service = build->service;
    size_t n_names = endpoint->names.count;

    for (size_t i = 0; i < service->n_ports; i++) {
        const struct service_port *port = &service->ports[i];

        for (size_t j = 0; j < n_names && port->name; j++)
            string_list_add(build->arena, &endpoint->names,
                            arena_printf(build->arena, "_%s._%s.%s=%u", port->name, port->protocol,
                                         endpoint->names.items[j], port->target));
    }
}

/* What others on the network find it by. */
static void endpoint_names(struct plan_build *build, const struct service_network *network,
                           struct endpoint_spec *endpoint)
{
    struct plan_instance *instance = build->instance;

    bool by_service = !build->owner && (!build->oneoff || build->oneoff->use_aliases);

    if (by_service)
        string_list_add(build->arena, &endpoint->names, instance->service);
    string_list_add(build->arena, &endpoint->names, instance->name);
    if (instance->container.hostname)
        string_list_add(build->arena, &endpoint->names, instance->container.hostname);
    for (size_t i = 0; by_service && i < network->aliases.count; i++)
        string_list_add(build->arena, &endpoint->names,
                        arena_strdup(build->arena, network->aliases.items[i]));
    endpoint_services(build, endpoint);
}

/* The service's own address belongs to the network with the highest priority, which comes first. */
static const char *endpoint_mac(struct plan_build *build, size_t index)
{
    const struct service *service = build->service;
    const struct service_network *network = &service->networks[index];
    const char *common = index == 0 ? service->mac_address : NULL;

    if (common && network->mac_address && !string_eq(common, network->mac_address))
        plan_build_error(build, network->at, "mac_address",
                         "'%s' is not '%s', which network '%s' says", common, network->mac_address,
                         network->network);
    if ((common || network->mac_address) && build->scale > 1)
        plan_build_error(build, network->at, "networks",
                         "a fixed hardware address allows one container, scale is %lld",
                         (long long)build->scale);
    return common ? common : network->mac_address;
}

static const char *endpoint_interface(struct plan_build *build, size_t index)
{
    const struct service_network *network = &build->service->networks[index];
    const char *prefix =
        plan_network_options_prefix(project_find_network(build->project, network->network));
    const char *name = network->interface_name ? network->interface_name
                                               : plan_endpoint_options_interface(network);

    for (size_t i = 0; i < index; i++)
        if (name && string_eq(build->instance->endpoints[i].interface_name, name))
            plan_build_error(build, network->at, "networks",
                             "interface name '%s' is in use for network '%s'", name,
                             build->instance->endpoints[i].network);
    if (name || !prefix)
        return arena_strdup(build->arena, name);
    return arena_printf(build->arena, "%s%zu", prefix, index);
}

static int64_t endpoint_limit(struct plan_build *build, const char *direction, const char *text)
{
    int64_t bits = 0;

    if (text && !bit_rate_parse(text, &bits))
        plan_build_error(build, build->service->at, "x-bandwidth",
                         "%s '%s' is no rate: give 500kbit, 10mbit or 1gbit", direction, text);
    return bits;
}

/* "53", "53/udp", "50-60": whether that is, or has, the port of name servers. */
static bool has_name_port(const char *text)
{
    size_t length = strcspn(text, "/-");
    unsigned first = 0, last = 0;

    if (!string_to_port(text, length, &first))
        return false;
    last = first;
    if (text[length] == '-' &&
        !string_to_port(text + length + 1, strcspn(text + length + 1, "/"), &last))
        return false;
    return first <= NAME_PORT && NAME_PORT <= last;
}

static bool list_has_name_port(const struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (has_name_port(list->items[i]))
            return true;
    return false;
}

/* By what the service and its image say of their ports. */
static bool serves_names(const struct plan_build *build)
{
    const struct service *service = build->service;

    for (size_t i = 0; i < service->n_ports; i++)
        if (service->ports[i].target == NAME_PORT)
            return true;
    return list_has_name_port(&service->expose) ||
           list_has_name_port(&build->image->config->exposed_ports);
}

static void network_endpoints(struct plan_build *build)
{
    const struct service *service = build->service;
    struct plan_instance *instance = build->instance;

    instance->endpoints = arena_new_array(build->arena, struct endpoint_spec, service->n_networks);
    for (size_t i = 0; i < service->n_networks; i++) {
        const struct service_network *network = &service->networks[i];
        struct endpoint_spec *endpoint = &instance->endpoints[instance->n_endpoints++];

        if ((network->ipv4_address || network->ipv6_address || network->link_local_ips.count) &&
            build->scale > 1)
            plan_build_error(build, network->at, "networks",
                             "a fixed address allows one container, scale is %lld",
                             (long long)build->scale);
        *endpoint = (struct endpoint_spec){
            .network = arena_strdup(build->arena, network->network),
            .ipv4_address = arena_strdup(build->arena, network->ipv4_address),
            .ipv6_address = arena_strdup(build->arena, network->ipv6_address),
            .mac_address = arena_strdup(build->arena, endpoint_mac(build, i)),
            .interface_name = endpoint_interface(build, i),
            .link_local = string_list_copy(build->arena, network->link_local_ips),
            .egress_bits = endpoint_limit(build, "egress", service->egress),
            .ingress_bits = endpoint_limit(build, "ingress", service->ingress),
            .gw_priority = network->gw_priority,
            .serves_names = serves_names(build),
        };
        endpoint_names(build, network, endpoint);
        plan_endpoint_options_apply(build, network, endpoint);
    }
}

/* "8080" or "8000-9000"; absent means a free port. */
static bool published_parse(const char *text, struct port_spec *port)
{
    char first[8] = "";
    size_t length = text ? strcspn(text, "-") : 0;
    unsigned long long low = 0, high = 0;

    if (!text || !*text)
        return true;
    if (length >= sizeof(first))
        return false;
    memcpy(first, text, length);
    if (!string_to_u64(first, 65535, &low))
        return false;
    if (text[length] == '-' && (!string_to_u64(text + length + 1, 65535, &high) || high < low))
        return false;
    port->host_port = (uint16_t)low;
    port->host_port_end = (uint16_t)high;
    return true;
}

/* Of the host, for ports that name none: what a network of the service says. */
static const char *host_binding(const struct plan_build *build)
{
    const char *binding = NULL;

    for (size_t i = 0; i < build->service->n_networks && !binding; i++)
        binding = plan_network_options_binding(
            project_find_network(build->project, build->service->networks[i].network));
    return binding;
}

/* Ports lead to what has a bridge. */
static bool is_station_alone(const struct plan_build *build)
{
    const struct service *service = build->service;

    for (size_t i = 0; i < service->n_networks; i++)
        if (!plan_network_options_is_station(
                project_find_network(build->project, service->networks[i].network)))
            return false;
    return service->n_networks > 0;
}

static void network_ports(struct plan_build *build)
{
    const struct service *service = build->service;
    struct plan_instance *instance = build->instance;

    if (service->n_ports > 0 && instance->container.host_network) {
        plan_build_error(build, service->ports[0].at, "ports",
                         "with 'network_mode: host' a container uses the host's ports directly: "
                         "remove 'ports'");
        return;
    }
    if (service->n_ports > 0 && instance->network_of) {
        plan_build_error(build, service->ports[0].at, "ports",
                         "the network is that of '%s': publish ports there", instance->network_of);
        return;
    }
    if (service->n_ports > 0 && is_station_alone(build)) {
        diagnostics_warning(build->diagnostics, service->ports[0].at,
                            arena_printf(build->arena, "services.%s.ports", service->name),
                            "nothing is published: the service is on the host's own network alone "
                            "(macvlan, ipvlan), where it has addresses of its own");
        return;
    }
    instance->ports = arena_new_array(build->arena, struct port_spec, service->n_ports);
    for (size_t i = 0; i < service->n_ports; i++) {
        const struct service_port *wanted = &service->ports[i];
        struct port_spec *port = &instance->ports[instance->n_ports++];

        port->host_ip =
            arena_strdup(build->arena, wanted->host_ip ? wanted->host_ip : host_binding(build));
        port->container_port = (uint16_t)wanted->target;
        port->udp = string_eq(wanted->protocol, "udp");
        if (wanted->protocol && !port->udp && !string_eq(wanted->protocol, "tcp"))
            plan_build_error(build, wanted->at, "ports", "protocol '%s' is not supported",
                             wanted->protocol);
        if (wanted->target == 0 || wanted->target > 65535)
            plan_build_error(build, wanted->at, "ports", "container port %u is not in 1-65535",
                             wanted->target);
        if (!published_parse(wanted->published, port))
            plan_build_error(build, wanted->at, "ports", "host port '%s' is not in 1-65535",
                             wanted->published);
        if (port->host_port != 0 && port->host_port_end == 0 && build->scale > 1)
            plan_build_error(build, wanted->at, "ports",
                             "one host port for %lld containers: give a range such as '%u-%u:%u'",
                             (long long)build->scale, port->host_port,
                             (unsigned)(port->host_port + build->scale - 1), wanted->target);
    }
}

/* The machine itself, for containers that ask for it by name: its own address, so that what listens
 * on 127.0.0.1 alone keeps its promise, unless the file says otherwise. */
static void network_host_gateway(struct plan_build *build)
{
    const char *leads_to = build->service->host_gateway;

    build->instance->host_access = leads_to ? HOST_ACCESS_LOOPBACK : HOST_ACCESS_OWN;
    if (leads_to && !string_eq(leads_to, "loopback"))
        plan_build_error(build, build->service->at, "x-host-gateway",
                         "'%s' is not known; there is 'loopback'", leads_to);
}

/* On the host's own network there is no relay in between. */
static const char *host_address(struct plan_build *build, const char *address)
{
    if (!string_eq(address, "host-gateway"))
        return address;
    if (build->instance->container.host_network)
        return "127.0.0.1";
    network_host_gateway(build);
    return HOST_GATEWAY_ADDRESS;
}

static void network_hosts(struct plan_build *build)
{
    const struct string_list *extra = &build->service->extra_hosts;

    for (size_t i = 0; i < extra->count; i++) {
        const char *equals = strchr(extra->items[i], '=');
        const char *address;

        if (!equals)
            continue;
        address = host_address(build, equals + 1);
        string_list_add(build->arena, &build->instance->hosts,
                        arena_printf(build->arena, "%s %.*s", address,
                                     (int)(equals - extra->items[i]), extra->items[i]));
    }
}

static void add_link(struct plan_build *build, const char *alias, const char *name)
{
    string_list_add(build->arena, &build->instance->links,
                    arena_printf(build->arena, "%s=%s", alias, name));
}

/* Each container of the linked service by its number, however many there are. */
static void link_replicas(struct plan_build *build, const char *name)
{
    const struct service *service = project_find_service(build->project, name);
    const char *own = arena_printf(build->arena, "%s-#", name);
    const char *full = arena_printf(build->arena, "%s-%s", build->project->name, own);

    if (!service)
        return;
    if (!service->container_name) {
        add_link(build, own, full);
        return;
    }
    add_link(build, arena_printf(build->arena, "%s-1", name), service->container_name);
    add_link(build, arena_printf(build->arena, "%s-%s-1", build->project->name, name),
             service->container_name);
}

static void network_links(struct plan_build *build)
{
    const struct string_list *links = &build->service->links;
    const struct string_list *foreign = &build->service->external_links;

    for (size_t i = 0; i < links->count; i++) {
        size_t length = strcspn(links->items[i], ":");
        const char *name = arena_strndup(build->arena, links->items[i], length);

        if (links->items[i][length])
            add_link(build, links->items[i] + length + 1, name);
        link_replicas(build, name);
    }
    /* A container of another project, on a network that both use, where its own name is known. */
    for (size_t i = 0; i < foreign->count; i++) {
        size_t length = strcspn(foreign->items[i], ":");

        if (foreign->items[i][length])
            add_link(build, foreign->items[i] + length + 1,
                     arena_strndup(build->arena, foreign->items[i], length));
    }
}

void plan_build_network(struct plan_build *build)
{
    const struct service *service = build->service;
    struct plan_instance *instance = build->instance;

    network_endpoints(build);
    network_ports(build);
    network_hosts(build);
    network_links(build);
    instance->dns = string_list_copy(build->arena, service->dns);
    instance->dns_search = string_list_copy(build->arena, service->dns_search);
    instance->dns_options = string_list_copy(build->arena, service->dns_opt);
}
