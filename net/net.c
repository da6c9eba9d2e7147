/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memory.h"
#include "net/name_sockets.h"
#include "net/net_state.h"

enum { EXCHANGE_RETRY_MS = 1000 };

int net_open(const struct net_options *options, struct net **ret_net, struct error *err)
{
    scoped(net_free) struct net *net = memory_new(struct net);
    int router_fd = options->router_netns_fd;

    net->project = memory_strdup(options->project);
    net->uplink = uplink_new(options->project, options->uplink_fd);
    net->events_fd = net->pages_fd = -1;
    if (router_open(router_fd, &net->router, err) < 0 ||
        address_book_open(options->state_dir_fd, &net->addresses, err) < 0 ||
        port_book_open(options->run_dir_fd, &net->ports, err) < 0 ||
        net_shared_open(net, options, err) < 0)
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
    net_shared_close(net);
    worker_client_free(net->worker);
    uplink_free(net->uplink);
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
    net_leave_shared(take_net);
    uplink_remove_rules(take_net->uplink);
    worker_client_quit(take_net->worker);
    net_free(take_net);
}

int net_router_fd(const struct net *net)
{
    return router_netns_fd(net->router);
}

int net_uplink_fd(const struct net *net)
{
    return uplink_fd(net->uplink);
}

int net_worker_fd(const struct net *net)
{
    return worker_client_fd(net->worker);
}

void net_tell(struct net *net, const char *key, const struct worker_message *message)
{
    struct worker_news news = {.key = key, .message = message, .take_netns_fd = -1};

    worker_client_tell(net->worker, &news);
}

const char *net_key_of(struct arena *arena, const char *kind, const char *name)
{
    return arena_printf(arena, "%s %s", kind, name);
}

/* ------------------------------------------------------------------------------------------
 * members */

static struct network *find_network(void *owner, const char *name)
{
    return net_find_network(owner, name);
}

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

    net_tell(net, net_key_of(arena, "rank", member->instance), &message);
    net_shared_change(net);
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

    news.key = net_key_of(arena, "endpoint", member->instance);
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
    if (name_sockets_open(&(struct name_place){netns_fd, member->serves_names}, fds, &news.n_fds,
                          err) < 0)
        return -1;
    news.take_netns_fd = steal_fd(&kept_fd);
    news.aside = member->serves_names;
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
    if (net_save_addresses(net, err) < 0 || net_refresh_rules(net, err) < 0 ||
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
    worker_client_forget(net->worker, net_key_of(arena, "rank", instance), NULL);
    worker_client_forget(net->worker, net_key_of(arena, "endpoint", instance), &gone);
    net_shared_change(net);
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

    net_tell(net, "declared", &message);
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

/* Where the kernel routes, it leads clients of other machines to the container; those of this one
 * go by the worker's socket. */
static void route_port(struct net *net, const char *key, const struct port_state *state)
{
    struct uplink_port port = {.host_port = (uint16_t)state->host_port,
                               .container_port = (uint16_t)state->spec->container_port,
                               .udp = state->spec->udp};
    const struct network *network = NULL;

    if (state->open && ipv4_parse(port_target(net, state->instance), &port.address))
        network = net_network_of(net, port.address);
    if (!network || !network->kernel_uplink ||
        (state->spec->host_ip && !ipv4_parse(state->spec->host_ip, &port.host_address)))
        uplink_set_port(net->uplink, key, NULL);
    else
        uplink_set_port(net->uplink, key, &port);
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
        .key = net_key_of(arena, "port", key), .message = &message, .take_netns_fd = -1};

    if (take_binding) {
        news.take_fds = take_binding->fds;
        news.n_fds = take_binding->n_fds;
    }
    worker_client_tell(net->worker, &news);
    route_port(net, key, state);
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

    worker_client_forget(net->worker, net_key_of(arena, "port", key), &gone);
    uplink_set_port(net->uplink, key, NULL);
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
    if (net_exchange(net, err) < 0 ||
        uplink_refresh(net->uplink, net->networks, net->n_networks, err) < 0) {
        *ret_retry_ms = now_ms + EXCHANGE_RETRY_MS;
        return -1;
    }
    return worker_client_flush(net->worker, now_ms, ret_retry_ms, err);
}

bool net_fence(struct net *net, int *ret_fd)
{
    return worker_client_fence(net->worker, ret_fd);
}
