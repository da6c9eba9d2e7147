/* SPDX-License-Identifier: Apache-2.0 */
#include "net/member.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/bridge.h"

enum { ENDPOINTS_MAX = 64 };

void member_free(struct member *member)
{
    if (!member)
        return;
    arena_free(member->arena);
    free(member);
}

int member_claim(struct network *network, const char *instance, const struct endpoint_spec *spec,
                 struct member_addresses *ret_addresses, struct error *err)
{
    struct member_addresses addresses = {0};
    uint32_t wanted = 0;

    if (spec->ipv4_address && !ipv4_parse(spec->ipv4_address, &wanted))
        return error_set(err, "address '%s' of '%s' is not an IPv4 address", spec->ipv4_address,
                         instance);
    if (spec->ipv4_address && network->no_ipv4)
        return error_set(err, "address '%s' of '%s': network '%s' has no IPv4", spec->ipv4_address,
                         instance, network->name);
    if (spec->ipv6_address && !network->v6.on)
        return error_set(err, "address '%s' of '%s': network '%s' has no IPv6", spec->ipv6_address,
                         instance, network->name);
    if (network_claim(network, instance, wanted, &addresses.v4, err) < 0 ||
        (network->v6.on &&
         network_claim6(network, instance, spec->ipv6_address,
                        network_number_of(network, addresses.v4), &addresses.v6, err) < 0))
        return -1;
    *ret_addresses = addresses;
    return 0;
}

/* Docker takes whatever is an address here; ours stay on the link, and leave the host's alone. */
static int add_link_local(struct member *member, struct endpoint *endpoint,
                          const struct endpoint_spec *spec, struct error *err)
{
    const struct ipv4_prefix range = {0xa9fe0000, 16};
    const struct ipv6_prefix range6 = {.address.s6_addr = {0xfe, 0x80}, .length = 10};
    size_t count = spec->link_local.count;

    endpoint->link_local = arena_new_array(member->arena, uint32_t, count);
    endpoint->link_local6 = arena_new_array(member->arena, struct in6_addr, count);
    for (size_t i = 0; i < count; i++) {
        const char *text = spec->link_local.items[i];
        struct in6_addr *v6 = &endpoint->link_local6[endpoint->n_link_local6];
        uint32_t *v4 = &endpoint->link_local[endpoint->n_link_local];

        if (strcmp(text, HOST_GATEWAY_ADDRESS) == 0)
            return error_set(err, "link-local address %s stands for the host", text);
        if (ipv4_parse(text, v4) && ipv4_prefix_contains(range, *v4))
            endpoint->n_link_local++;
        else if (ipv6_parse(text, v6) && ipv6_prefix_contains(&range6, v6))
            endpoint->n_link_local6++;
        else
            return error_set(err,
                             "'%s' is no link-local address: those are in 169.254.0.0/16 "
                             "and fe80::/10",
                             text);
    }
    return 0;
}

/* Where a network has several subnets of a family, the others are on the same link. */
static void add_on_link(struct member *member, const struct network *network,
                        struct endpoint *endpoint)
{
    size_t count = 1 + network->n_pools, count6 = 1 + network->v6.n_pools;

    if (!network->no_ipv4 && count > 1) {
        endpoint->on_link = arena_new_array(member->arena, struct ipv4_prefix, count);
        for (size_t i = 0; i < count; i++) {
            struct ipv4_prefix subnet = network_pool_at(network, i).subnet;

            if (!ipv4_prefix_contains(subnet, endpoint->address))
                endpoint->on_link[endpoint->n_on_link++] = subnet;
        }
    }
    if (network->v6.on && count6 > 1) {
        endpoint->on_link6 = arena_new_array(member->arena, struct ipv6_prefix, count6);
        for (size_t i = 0; i < count6; i++) {
            struct ipv6_prefix subnet = network_v6_pool_at(&network->v6, i).subnet;

            if (!ipv6_prefix_contains(&subnet, &endpoint->address6))
                endpoint->on_link6[endpoint->n_on_link6++] = subnet;
        }
    }
}

static int member_add(struct member *member, struct network *network,
                      const struct endpoint_spec *spec, struct error *err)
{
    struct endpoint *endpoint = &member->endpoints[member->count];
    struct worker_entry *entry = &member->entries[member->count];
    struct member_addresses addresses;
    char text[IPV6_TEXT_SIZE];

    *endpoint = (struct endpoint){
        .network = arena_strdup(member->arena, spec->network),
        .interface_name = arena_strdup(member->arena, spec->interface_name),
        .isolated = network->isolated,
        .bridge_ifindex = network->bridge_ifindex,
        .parent_ifindex = network->parent_ifindex,
        .station = network->station,
        .mtu = network->mtu,
        .egress_bits = spec->egress_bits,
        .ingress_bits = spec->ingress_bits,
        .settings = string_list_copy(member->arena, spec->settings),
    };
    if (spec->interface_name && !bridge_is_interface_name(spec->interface_name))
        return error_set(err, "'%s' is not a name for an interface", spec->interface_name);
    if (add_link_local(member, endpoint, spec, err) < 0)
        return -1;
    if (member_claim(network, member->instance, spec, &addresses, err) < 0)
        return -1;
    endpoint->address = addresses.v4;
    endpoint->address6 = addresses.v6;
    if (!network->no_ipv4)
        endpoint->prefix_length = network_pool_of(network, addresses.v4).subnet.length;
    if (network->v6.on)
        endpoint->prefix_length6 = network_v6_pool_of(&network->v6, &addresses.v6).subnet.length;
    add_on_link(member, network, endpoint);
    ipv4_mac(endpoint->address, endpoint->mac);
    if (spec->mac_address && network->parent && network->station.ipvlan)
        return error_set(err, "mac_address '%s': on an ipvlan network all have the host's",
                         spec->mac_address);
    if (spec->mac_address && !mac_parse(spec->mac_address, endpoint->mac))
        return error_set(err, "'%s' is not a MAC address for an interface", spec->mac_address);
    *entry = (struct worker_entry){
        .network = endpoint->network,
        .names = string_list_copy(member->arena, spec->names),
    };
    if (!network->no_ipv4)
        entry->address = arena_strdup(member->arena, ipv4_format(endpoint->address, text));
    if (network->v6.on)
        entry->address6 = arena_strdup(member->arena, ipv6_format(&endpoint->address6, text));
    member->count++;
    return 0;
}

/* What published ports lead to on this network: IPv4 wherever there is a choice. */
static const char *entry_target(const struct worker_entry *entry)
{
    return entry->address ? entry->address : entry->address6;
}

/* The default route goes by the highest gw_priority, then by name; never by an internal network. */
static bool is_better_gateway(const struct endpoint_spec *spec, const struct endpoint_spec *best)
{
    if (!best || spec->gw_priority != best->gw_priority)
        return !best || spec->gw_priority > best->gw_priority;
    return strcmp(spec->network, best->network) < 0;
}

/* Whether packets of the host find a way to the world of IPv6: a route that leads nowhere would
 * make programs try the dead end first. Connecting a datagram socket sends nothing. */
static bool host_has_ipv6_route(void)
{
    scoped_fd int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 world = {
        .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr.s6_addr = {0x20, [15] = 1}};

    return fd >= 0 && connect(fd, (struct sockaddr *)&world, sizeof(world)) == 0;
}

/* 169.254.1.2 has a route of its own where the default route is not the router's, and where
 * link-local addresses have the whole range on their link. */
static uint32_t host_gateway_of(const struct member *member, const struct network *network,
                                uint32_t gateway)
{
    uint32_t router = network->kernel_uplink ? network->router : gateway;
    bool hidden = network->kernel_uplink;

    for (size_t i = 0; i < member->count; i++)
        hidden = hidden || member->endpoints[i].n_link_local > 0;
    return hidden && !network->no_ipv4 ? router : 0;
}

/* The worker reaches what has a bridge; the network with the default route before others. */
static void member_choose_target(struct member *member, size_t first)
{
    for (size_t i = 0; i < member->count && !member->address; i++) {
        size_t index = (first + i) % member->count;

        if (member->endpoints[index].parent_ifindex == 0)
            member->address = entry_target(&member->entries[index]);
    }
}

static void member_choose_gateway(struct member *member, const struct endpoint_spec *specs,
                                  const struct network_lookup *lookup)
{
    const struct endpoint_spec *best = NULL;
    size_t index = 0;

    for (size_t i = 0; i < member->count; i++) {
        if (lookup->find(lookup->owner, specs[i].network)->internal ||
            !is_better_gateway(&specs[i], best))
            continue;
        best = &specs[i];
        index = i;
    }
    if (best) {
        const struct network *network = lookup->find(lookup->owner, best->network);
        struct endpoint *endpoint = &member->endpoints[index];

        uint32_t gateway = network_pool_of(network, endpoint->address).gateway;

        endpoint->gateway = network->no_ipv4 ? 0 : gateway;
        endpoint->host_gateway = host_gateway_of(member, network, gateway);
        endpoint->is_routed = network->parent && station_is_routed(&network->station);
        endpoint->has_gateway6 = network->v6.on && host_has_ipv6_route();
        endpoint->gateway6 = network_v6_pool_of(&network->v6, &endpoint->address6).gateway;
    }
    member_choose_target(member, index);
}

int member_new(const struct member_spec *spec, const struct network_lookup *lookup,
               struct member **ret_member, struct error *err)
{
    scoped(member_free) struct member *member = memory_new(struct member);

    member->arena = arena_new();
    member->instance = arena_strdup(member->arena, spec->instance);
    if (spec->count > ENDPOINTS_MAX)
        return error_set(err, "more than %d networks", ENDPOINTS_MAX);
    member->endpoints = arena_new_array(member->arena, struct endpoint, spec->count);
    member->entries = arena_new_array(member->arena, struct worker_entry, spec->count);
    for (size_t i = 0; i < spec->count; i++) {
        struct network *network = lookup->find(lookup->owner, spec->endpoints[i].network);

        if (!network)
            return error_set(err, "there is no network '%s'", spec->endpoints[i].network);
        member->serves_names = member->serves_names || spec->endpoints[i].serves_names;
        if (member_add(member, network, &spec->endpoints[i], err) < 0)
            return -1;
    }
    member_choose_gateway(member, spec->endpoints, lookup);
    *ret_member = steal(member);
    return 0;
}
