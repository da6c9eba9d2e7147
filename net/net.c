/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memory.h"
#include "net/address_book.h"
#include "net/bridge.h"
#include "net/member.h"
#include "net/name_sockets.h"
#include "net/network.h"
#include "net/port_book.h"
#include "net/router.h"
#include "net/worker_client.h"

struct net {
    char *project;
    struct router *router;
    struct address_book *addresses;
    struct port_book *ports;
    struct worker_client *worker;
    struct network **networks;
    size_t n_networks, networks_capacity;
    bool rules_stale; /* a network came since the rules were loaded */
    struct member **members;
    size_t n_members, members_capacity;
};

int net_open(const struct net_options *options, struct net **ret_net, struct error *err)
{
    scoped(net_free) struct net *net = memory_new(struct net);
    int router_fd = options->router_netns_fd;

    net->project = memory_strdup(options->project);
    if (router_open(router_fd, &net->router, err) < 0 ||
        address_book_open(options->state_dir_fd, &net->addresses, err) < 0 ||
        port_book_open(options->run_dir_fd, &net->ports, err) < 0)
        return error_wrap(err, "open network of project '%s'", net->project);
    net->worker =
        worker_client_new(options->run_dir_fd, net->project, router_netns_fd(net->router));
    *ret_net = steal(net);
    return 0;
}

void net_free(struct net *net)
{
    if (!net)
        return;
    for (size_t i = 0; i < net->n_members; i++)
        member_free(net->members[i]);
    for (size_t i = 0; i < net->n_networks; i++)
        network_free(net->networks[i]);
    free(net->members);
    free(net->networks);
    worker_client_free(net->worker);
    port_book_free(net->ports);
    address_book_free(net->addresses);
    router_free(net->router);
    free(net->project);
    free(net);
}

void net_destroy(struct net *take_net)
{
    if (!take_net)
        return;
    worker_client_quit(take_net->worker);
    net_free(take_net);
}

int net_router_fd(const struct net *net)
{
    return router_netns_fd(net->router);
}

int net_worker_fd(const struct net *net)
{
    return worker_client_fd(net->worker);
}

static void tell(struct net *net, const char *key, const struct worker_message *message)
{
    struct worker_news news = {.key = key, .message = message, .take_netns_fd = -1};

    worker_client_tell(net->worker, &news);
}

static const char *key_of(struct arena *arena, const char *kind, const char *name)
{
    return arena_printf(arena, "%s %s", kind, name);
}

/* -----------------------------------------------------------------------------------------
 * networks */

static struct network *find_network(void *owner, const char *name)
{
    struct net *net = owner;

    for (size_t i = 0; i < net->n_networks; i++)
        if (strcmp(net->networks[i]->name, name) == 0)
            return net->networks[i];
    return NULL;
}

/* The specification in numbers, beside the other networks. */
static int resolve_network(struct net *net, const struct network_spec *spec,
                           struct network **ret_network, struct error *err)
{
    struct prefix_list taken = {0};
    struct network_place place = {net->project, net->addresses, &taken, net->networks,
                                  net->n_networks};
    int result;

    for (size_t i = 0; i < net->n_networks; i++)
        if (strcmp(net->networks[i]->name, spec->name) != 0)
            prefix_list_add(&taken, net->networks[i]->subnet);
    result = network_new(spec, &place, ret_network, err);
    free(taken.items);
    return result;
}

static int make_bridge(struct net *net, struct network *network, struct error *err)
{
    char name[INTERFACE_NAME_SIZE];
    struct bridge_spec bridge = {
        .name = name,
        .gateway = network->gateway,
        .prefix_length = network->no_ipv4 ? 0 : network->subnet.length,
        .v6 = network->v6.on ? &network->v6 : NULL,
        .mtu = network->mtu,
    };

    bridge_name(network->name, name);
    return bridge_make(router_links(net->router), &bridge, &network->bridge_ifindex, err);
}

static void tell_network(struct net *net, const struct network *network)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char subnet[IPV4_PREFIX_TEXT_SIZE], subnet6[IPV6_PREFIX_TEXT_SIZE];
    struct worker_message message = {
        .op = WORKER_NETWORK,
        .network = network->name,
        .gateway = network->gateway_text,
        .subnet = ipv4_prefix_format(network->subnet, subnet),
        .subnet6 = network->v6.on ? ipv6_prefix_format(&network->v6.subnet, subnet6) : NULL,
        .internal = network->internal,
        .no_ipv4 = network->no_ipv4,
    };

    tell(net, key_of(arena, "network", network->name), &message);
}

static void keep_addresses(struct net *net, const struct network *network)
{
    address_book_keep(net->addresses, network->name, network->subnet, network->ipam);
}

int net_network_differs(struct net *net, const struct network_spec *spec, bool *ret_differs,
                        struct error *err)
{
    scoped(network_free) struct network *network = NULL;
    const struct network *known = find_network(net, spec->name);

    if (resolve_network(net, spec, &network, err) < 0)
        return -1;
    *ret_differs = known && !network_is_same(known, network);
    return 0;
}

static bool network_is_used(const struct net *net, const char *name)
{
    for (size_t i = 0; i < net->n_members; i++)
        for (size_t j = 0; j < net->members[i]->count; j++)
            if (strcmp(net->members[i]->entries[j].network, name) == 0)
                return true;
    return false;
}

/* Makes room for another network of the name. */
static int remove_network(struct net *net, const char *name, struct error *err)
{
    for (size_t i = 0; i < net->n_networks; i++) {
        struct network *network = net->networks[i];

        if (strcmp(network->name, name) != 0)
            continue;
        if (network_is_used(net, name)) {
            errno = EBUSY;
            return error_sys(err, "network '%s' exists with another definition", name);
        }
        if (bridge_remove(router_links(net->router), network->bridge_ifindex, err) < 0)
            return error_wrap(err, "network '%s'", name);
        network_free(network);
        net->networks[i] = net->networks[--net->n_networks];
        net->rules_stale = true;
        return 0;
    }
    return 0;
}

int net_add_network(struct net *net, const struct network_spec *spec, struct error *err)
{
    scoped(network_free) struct network *network = NULL;
    const struct network *known = find_network(net, spec->name);

    if (resolve_network(net, spec, &network, err) < 0)
        return -1;
    if (known && network_is_same(known, network))
        return 0;
    if (remove_network(net, spec->name, err) < 0)
        return -1;
    if (make_bridge(net, network, err) < 0)
        return error_wrap(err, "network '%s'", spec->name);
    keep_addresses(net, network);
    tell_network(net, network);
    memory_grow(net->networks, net->n_networks, net->networks_capacity);
    net->networks[net->n_networks++] = steal(network);
    net->rules_stale = true;
    return 0;
}

const char *net_gateway_of(struct net *net, const char *network)
{
    struct network *found = find_network(net, network);

    return found ? found->gateway_text : NULL;
}

int net_addresses_of(struct net *net, const char *instance, const struct endpoint_spec *spec,
                     struct arena *arena, struct string_list *ret_addresses, struct error *err)
{
    struct network *network = find_network(net, spec->network);
    struct member_addresses addresses;
    char text[IPV6_TEXT_SIZE];

    if (!network)
        return error_set(err, "there is no network '%s'", spec->network);
    if (member_claim(network, instance, spec, &addresses, err) < 0)
        return -1;
    *ret_addresses = (struct string_list){0};
    if (!network->no_ipv4)
        string_list_add(arena, ret_addresses, arena_strdup(arena, ipv4_format(addresses.v4, text)));
    if (network->v6.on)
        string_list_add(arena, ret_addresses,
                        arena_strdup(arena, ipv6_format(&addresses.v6, text)));
    return 0;
}

int net_save_addresses(struct net *net, struct error *err)
{
    for (size_t i = 0; i < net->n_networks; i++)
        if (ipam_take_changed(net->networks[i]->ipam))
            keep_addresses(net, net->networks[i]);
    return address_book_save(net->addresses, err);
}

/* All of them at once, before a container can send anything. */
static int refresh_rules(struct net *net, struct error *err)
{
    scoped(free) struct router_network *rules = NULL;

    if (!net->rules_stale)
        return 0;
    rules = memory_resize(NULL, net->n_networks, sizeof(*rules));
    for (size_t i = 0; i < net->n_networks; i++)
        rules[i] = (struct router_network){
            .bridge_ifindex = net->networks[i]->bridge_ifindex,
            .subnet = net->networks[i]->subnet,
            .subnet6 = net->networks[i]->v6.on ? &net->networks[i]->v6.subnet : NULL,
            .internal = net->networks[i]->internal,
        };
    if (router_set_rules(net->router, rules, net->n_networks, err) < 0)
        return -1;
    net->rules_stale = false;
    return 0;
}

/* ------------------------------------------------------------------------------------------
 * members */

static size_t find_member(const struct net *net, const char *instance)
{
    size_t i = 0;

    while (i < net->n_members && strcmp(net->members[i]->instance, instance) != 0)
        i++;
    return i;
}

static void tell_rank(struct net *net, const struct member *member)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct worker_message message = {
        .op = WORKER_RANK, .instance = member->instance, .rank = member->rank};

    tell(net, key_of(arena, "rank", member->instance), &message);
}

/* take_fds, take_netns_fd: as in struct worker_news. */
static void tell_endpoint(struct net *net, const struct member *member, struct worker_news news)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct worker_message message = {
        .op = WORKER_ENDPOINT,
        .instance = member->instance,
        .entries = member->entries,
        .n_entries = member->count,
        .dns_servers = member->view.name_servers,
        .links = member->view.links,
        .host_access = member->view.host_access,
    };

    news.key = key_of(arena, "endpoint", member->instance);
    news.message = &message;
    worker_client_tell(net->worker, &news);
}

/* The entry keeps a descriptor of the namespace, and the name sockets unless a living worker has
 * them already. */
static int tell_member(struct net *net, const struct member *member, int netns_fd,
                       struct error *err)
{
    int fds[NAME_SOCKETS];
    struct worker_news news = {.take_fds = fds, .take_netns_fd = -1};
    scoped_fd int kept_fd = fcntl(netns_fd, F_DUPFD_CLOEXEC, 3);

    if (kept_fd < 0)
        return error_sys(err, "keep network namespace");
    if (name_sockets_open(netns_fd, fds, &news.n_fds, err) < 0)
        return -1;
    news.take_netns_fd = steal_fd(&kept_fd);
    tell_endpoint(net, member, news);
    tell_rank(net, member);
    return 0;
}

/* In place of what the instance was before; its rank stays. */
static void put_member(struct net *net, struct member *take_member)
{
    size_t index = find_member(net, take_member->instance);

    if (index < net->n_members) {
        take_member->rank = net->members[index]->rank;
        member_free(net->members[index]);
    } else {
        memory_grow(net->members, net->n_members, net->members_capacity);
        net->n_members++;
    }
    net->members[index] = take_member;
}

int net_attach(struct net *net, const char *instance, int netns_fd,
               const struct endpoint_spec *endpoints, size_t n_endpoints, struct error *err)
{
    struct network_lookup lookup = {find_network, net};
    struct member_spec spec = {instance, endpoints, n_endpoints};
    struct member *member = NULL;

    if (member_new(&spec, &lookup, &member, err) < 0)
        return error_wrap(err, "attach '%s'", instance);
    put_member(net, member);
    /* Addresses first, before the container can use them: a supervisor after us must know. */
    if (net_save_addresses(net, err) < 0 || refresh_rules(net, err) < 0 ||
        endpoints_make(router_links(net->router), netns_fd, member->endpoints, member->count, err) <
            0 ||
        (n_endpoints > 0 && tell_member(net, member, netns_fd, err) < 0)) {
        net_detach(net, instance);
        return error_wrap(err, "attach '%s'", instance);
    }
    return 0;
}

void net_detach(struct net *net, const char *instance)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct worker_message gone = {.op = WORKER_ENDPOINT_GONE, .instance = instance};
    size_t index = find_member(net, instance);

    if (index == net->n_members)
        return;
    worker_client_forget(net->worker, key_of(arena, "rank", instance), NULL);
    worker_client_forget(net->worker, key_of(arena, "endpoint", instance), &gone);
    member_free(net->members[index]);
    net->members[index] = net->members[--net->n_members];
}

/* Lists are compared no further than that there are none. */
static bool is_same_view(const struct view_spec *known, const struct view_spec *view)
{
    return known->host_access == view->host_access && known->name_servers.count == 0 &&
           view->name_servers.count == 0 && known->links.count == 0 && view->links.count == 0;
}

void net_set_view(struct net *net, const char *instance, const struct view_spec *view)
{
    size_t index = find_member(net, instance);
    struct member *member = index < net->n_members ? net->members[index] : NULL;

    if (!member || member->count == 0 || is_same_view(&member->view, view))
        return;
    member->view.name_servers = string_list_copy(member->arena, view->name_servers);
    member->view.links = string_list_copy(member->arena, view->links);
    member->view.host_access = view->host_access;
    tell_endpoint(net, member, (struct worker_news){.take_netns_fd = -1});
}

void net_set_rank(struct net *net, const char *instance, enum name_rank rank)
{
    size_t index = find_member(net, instance);

    if (index == net->n_members || net->members[index]->rank == (int)rank)
        return;
    net->members[index]->rank = (int)rank;
    if (net->members[index]->count > 0)
        tell_rank(net, net->members[index]);
}

void net_declare_names(struct net *net, struct string_list names)
{
    struct worker_message message = {.op = WORKER_DECLARED, .names = names};

    tell(net, "declared", &message);
}

/* --------------------------------------------------------------------------------------------
 * ports */

struct port_state {
    const char *instance;
    const struct port_spec *spec;
    int host_port;
    bool open;
};

/* A closed port of an instance that is not attached leads nowhere yet. */
static const char *port_target(const struct net *net, const char *instance)
{
    size_t index = find_member(net, instance);

    return index < net->n_members && net->members[index]->address ? net->members[index]->address
                                                                  : "0.0.0.0";
}

static void tell_port(struct net *net, const struct port_state *state,
                      struct port_binding *take_binding)
{
    scoped(arena_free) struct arena *arena = arena_new();
    char *key = port_key(arena, state->spec, state->host_port);
    struct worker_message message = {
        .op = WORKER_PORT,
        .key = key,
        .instance = state->instance,
        .address = port_target(net, state->instance),
        .port = state->spec->container_port,
        .host_port = state->host_port,
        .udp = state->spec->udp,
        .open = state->open,
    };
    struct worker_news news = {
        .key = key_of(arena, "port", key), .message = &message, .take_netns_fd = -1};

    if (take_binding) {
        news.take_fds = take_binding->fds;
        news.n_fds = take_binding->n_fds;
    }
    worker_client_tell(net->worker, &news);
}

int net_port_reserve(struct net *net, const char *instance, const struct port_spec *port,
                     uint16_t *ret_host_port, struct error *err)
{
    struct port_state state = {.instance = instance, .spec = port};
    struct port_binding binding;

    state.host_port = port_book_find(net->ports, instance, port);
    if (state.host_port == 0) {
        if (port_book_reserve(net->ports, instance, port, &binding, err) < 0)
            return -1;
        state.host_port = binding.host_port;
        tell_port(net, &state, &binding);
    }
    *ret_host_port = (uint16_t)state.host_port;
    return 0;
}

int net_port_open(struct net *net, const char *instance, const struct port_spec *port,
                  struct error *err)
{
    struct port_state state = {.instance = instance, .spec = port};
    size_t index = find_member(net, instance);

    state.host_port = port_book_find(net->ports, instance, port);
    if (state.host_port == 0)
        return error_set(err, "open port %d of '%s': it is not reserved", port->container_port,
                         instance);
    if (index == net->n_members || !net->members[index]->address)
        return error_set(err, "open port %d of '%s': it is on no network", port->container_port,
                         instance);
    state.open = true;
    tell_port(net, &state, NULL);
    return 0;
}

int net_port_move(struct net *net, const char *from, const char *to, const struct port_spec *port,
                  struct error *err)
{
    return port_book_move(net->ports, from, to, port, err);
}

bool net_port_is_reserved(const struct net *net, const char *instance, const struct port_spec *port)
{
    return port_book_find(net->ports, instance, port) != 0;
}

void net_port_close(struct net *net, const char *instance, const struct port_spec *port)
{
    struct port_state state = {.instance = instance, .spec = port};

    state.host_port = port_book_find(net->ports, instance, port);
    if (state.host_port != 0)
        tell_port(net, &state, NULL);
}

static void on_port_released(void *owner, const char *key)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct worker_message gone = {.op = WORKER_PORT_GONE, .key = key};
    struct net *net = owner;

    worker_client_forget(net->worker, key_of(arena, "port", key), &gone);
}

void net_port_release(struct net *net, const char *instance)
{
    struct error ignored;

    /* A file that could not be written costs an ephemeral port its number, no more. */
    if (port_book_release(net->ports, instance, on_port_released, net, &ignored) < 0)
        log_debug("release ports of '%s': %s", instance, ignored.text);
}

int net_port_check(const struct port_spec *port, struct error *err)
{
    scoped_binding struct port_binding binding = {0};

    return port_bind(port, 0, &binding, err);
}

int net_flush(struct net *net, uint64_t now_ms, uint64_t *ret_retry_ms, struct error *err)
{
    return worker_client_flush(net->worker, now_ms, ret_retry_ms, err);
}
