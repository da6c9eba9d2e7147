/* SPDX-License-Identifier: Apache-2.0 */
#include "net/member.h"

#include <stdbool.h>
#include <string.h>

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
                 uint32_t *ret_address, struct error *err)
{
    uint32_t wanted = 0;

    if (spec->ipv4_address && !ipv4_parse(spec->ipv4_address, &wanted))
        return error_set(err, "address '%s' of '%s' is not an IPv4 address", spec->ipv4_address,
                         instance);
    return ipam_claim(network->ipam, instance, wanted, ret_address, err);
}

static int member_add(struct member *member, struct network *network,
                      const struct endpoint_spec *spec, struct error *err)
{
    struct endpoint *endpoint = &member->endpoints[member->count];
    struct worker_entry *entry = &member->entries[member->count];
    char text[IPV4_TEXT_SIZE];

    *endpoint = (struct endpoint){
        .network = arena_strdup(member->arena, spec->network),
        .interface_name = arena_strdup(member->arena, spec->interface_name),
        .isolated = network->isolated,
        .bridge_ifindex = network->bridge_ifindex,
        .prefix_length = network->subnet.length,
        .mtu = network->mtu,
    };
    if (spec->interface_name && !bridge_is_interface_name(spec->interface_name))
        return error_set(err, "'%s' is not a name for an interface", spec->interface_name);
    if (member_claim(network, member->instance, spec, &endpoint->address, err) < 0)
        return -1;
    ipv4_mac(endpoint->address, endpoint->mac);
    if (spec->mac_address && !mac_parse(spec->mac_address, endpoint->mac))
        return error_set(err, "'%s' is not a MAC address for an interface", spec->mac_address);
    *entry = (struct worker_entry){
        .network = endpoint->network,
        .address = arena_strdup(member->arena, ipv4_format(endpoint->address, text)),
        .names = string_list_copy(member->arena, spec->names),
    };
    member->count++;
    return 0;
}

/* The default route goes by the highest gw_priority, then by name; never by an internal network. */
static bool is_better_gateway(const struct endpoint_spec *spec, const struct endpoint_spec *best)
{
    if (!best || spec->gw_priority != best->gw_priority)
        return !best || spec->gw_priority > best->gw_priority;
    return strcmp(spec->network, best->network) < 0;
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
    if (best)
        member->endpoints[index].gateway = lookup->find(lookup->owner, best->network)->gateway;
    if (member->count > 0)
        member->address = member->entries[index].address;
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
        if (member_add(member, network, &spec->endpoints[i], err) < 0)
            return -1;
    }
    member_choose_gateway(member, spec->endpoints, lookup);
    *ret_member = steal(member);
    return 0;
}
