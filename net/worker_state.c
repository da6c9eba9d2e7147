/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker_state.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/dns/dns_forwarder.h"
#include "net/dns/dns_names.h"
#include "net/dns/dns_server.h"
#include "net/net_limits.h"
#include "net/network_table.h"
#include "net/relay/outbound_echo.h"
#include "net/relay/outbound_tcp.h"
#include "net/relay/outbound_udp.h"
#include "net/relay/published_ports.h"
#include "net/relay/relay_engine.h"
#include "net/relay/socket_factory.h"
#include "net/worker_cage.h"

/* An instance's container. */
struct known_endpoint {
    char *instance;
    int diag_fd; /* or -1 */
    struct inet_address *addresses;
    size_t n_addresses;
    bool marked;
};

struct worker_state {
    struct worker_state_options options;
    struct network_table *networks;
    struct dns_names *names;
    /* Made when the router namespace is known. */
    struct socket_factory *factory;
    struct relay_engine *engine;
    struct published_ports *ports;
    struct outbound_tcp *outbound_tcp;
    struct outbound_flows *outbound_udp, *outbound_echo;
    struct dns_forwarder *forwarder;
    struct dns_server *dns;
    struct known_endpoint *endpoints;
    size_t n_endpoints, capacity;
};

struct worker_state *worker_state_new(const struct worker_state_options *options)
{
    struct worker_state *state = memory_new(struct worker_state);

    state->options = *options;
    state->networks = network_table_new();
    state->names = dns_names_new();
    return state;
}

static void endpoint_done(struct known_endpoint *endpoint)
{
    fd_close(endpoint->diag_fd);
    free(endpoint->addresses);
    free(endpoint->instance);
}

void worker_state_free(struct worker_state *state)
{
    if (!state)
        return;
    dns_server_free(state->dns);
    dns_forwarder_free(state->forwarder);
    outbound_flows_free(state->outbound_echo);
    outbound_flows_free(state->outbound_udp);
    outbound_tcp_free(state->outbound_tcp);
    published_ports_free(state->ports);
    relay_engine_free(state->engine);
    socket_factory_free(state->factory);
    for (size_t i = 0; i < state->n_endpoints; i++)
        endpoint_done(&state->endpoints[i]);
    free(state->endpoints);
    dns_names_free(state->names);
    network_table_free(state->networks);
    free(state);
}

bool worker_state_is_ready(const struct worker_state *state)
{
    return state->dns != NULL;
}

static void state_search_changed(void *owner, struct string_list domains)
{
    struct worker_state *state = owner;

    dns_names_set_search(state->names, domains);
}

/* Makes what needs privileges, then gives them up. */
static int state_enter_router(struct worker_state *state, int router_fd, struct error *err)
{
    struct socket_factory_options factory = {.netns_fd = router_fd,
                                             .drop_privileges = state->options.drop_privileges};
    struct dns_forwarder_options forwarder = {.loop = state->options.loop,
                                              .resolv_conf = state->options.resolv_conf,
                                              .search_changed = state_search_changed,
                                              .owner = state};
    struct dns_server_options dns = {
        .loop = state->options.loop, .names = state->names, .networks = state->networks};

    if (socket_factory_new(&factory, &state->factory, err) < 0 ||
        relay_engine_new(state->options.loop, state->factory, state->networks, &state->engine,
                         err) < 0)
        return -1;
    state->ports = published_ports_new(state->engine);
    state->outbound_tcp = outbound_tcp_new(state->engine, state->ports);
    state->outbound_udp = outbound_udp_new(state->engine, state->ports);
    state->outbound_echo = outbound_echo_new(state->engine, state->ports);
    forwarder.engine = state->engine;
    state->forwarder = dns_forwarder_new(&forwarder);
    if (state->options.drop_privileges &&
        (worker_cage_drop_ids(0, err) < 0 || worker_cage_lock(err) < 0))
        return -1;
    dns.forwarder = state->forwarder;
    state->dns = dns_server_new(&dns);
    return 0;
}

static struct known_endpoint *state_find(const struct worker_state *state, const char *instance)
{
    for (size_t i = 0; i < state->n_endpoints; i++)
        if (string_eq(state->endpoints[i].instance, instance))
            return &state->endpoints[i];
    return NULL;
}

/* Whether two sockets live in the same network namespace, as far as the kernel tells (5.14). */
static bool same_namespace(int a_fd, int b_fd)
{
    uint64_t a = 0, b = 0;
    socklen_t a_length = sizeof(a), b_length = sizeof(b);

    return a_fd >= 0 && b_fd >= 0 &&
           getsockopt(a_fd, SOL_SOCKET, SO_NETNS_COOKIE, &a, &a_length) == 0 &&
           getsockopt(b_fd, SOL_SOCKET, SO_NETNS_COOKIE, &b, &b_length) == 0 && a == b;
}

/* Resets what is under way to and from the container's addresses. */
static void state_abort_endpoint(struct worker_state *state, const struct known_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->n_addresses; i++) {
        outbound_tcp_abort(state->outbound_tcp, &endpoint->addresses[i]);
        outbound_flows_abort(state->outbound_udp, &endpoint->addresses[i]);
        outbound_flows_abort(state->outbound_echo, &endpoint->addresses[i]);
        published_ports_abort(state->ports, &endpoint->addresses[i]);
        relay_engine_close_now(state->engine, &endpoint->addresses[i]);
    }
}

static void state_forget_addresses(struct worker_state *state, struct known_endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->n_addresses; i++)
        host_gateway_set(state->engine->host, &endpoint->addresses[i], HOST_ACCESS_NONE);
    endpoint->n_addresses = 0;
    free(steal(endpoint->addresses));
}

static void state_remove_endpoint(struct worker_state *state, const char *instance)
{
    struct known_endpoint *endpoint = state_find(state, instance);

    if (!endpoint)
        return;
    dns_names_remove(state->names, endpoint->instance);
    dns_server_remove(state->dns, endpoint->instance);
    published_ports_set_container(state->ports, endpoint->instance, -1, false);
    state_abort_endpoint(state, endpoint);
    state_forget_addresses(state, endpoint);
    endpoint_done(endpoint);
    *endpoint = state->endpoints[--state->n_endpoints];
}

static const struct inet_address *endpoint_add_address(struct known_endpoint *endpoint,
                                                       const char *text)
{
    struct inet_address *address = &endpoint->addresses[endpoint->n_addresses++];

    if (inet_address_parse(text, 0, address, NULL) < 0)
        abort(); /* worker_message_check() has seen it */
    return address;
}

static void state_set_names(struct worker_state *state, struct known_endpoint *endpoint,
                            const struct worker_message *message)
{
    struct dns_place places[NET_LIMIT_ENTRIES];
    struct dns_client_options client = {0};

    state_forget_addresses(state, endpoint);
    endpoint->addresses = memory_alloc(2 * message->n_entries * sizeof(*endpoint->addresses));
    for (size_t i = 0; i < message->n_entries; i++) {
        const struct worker_entry *entry = &message->entries[i];
        const struct known_network *network = network_table_find(state->networks, entry->network);

        places[i] = (struct dns_place){.network = entry->network, .names = entry->names};
        if (entry->address)
            places[i].address = endpoint_add_address(endpoint, entry->address)->v4.sin_addr;
        if (entry->address6)
            places[i].address6 = endpoint_add_address(endpoint, entry->address6)->v6.sin6_addr;
        client.may_forward |= network && !network->internal;
    }
    for (size_t i = 0; i < endpoint->n_addresses; i++)
        host_gateway_set(state->engine->host, &endpoint->addresses[i],
                         (enum host_access)message->host_access);
    for (size_t i = 0; i < message->dns_servers.count && i < NET_LIMIT_NAME_SERVERS; i++)
        if (inet_address_parse(message->dns_servers.items[i], 53, &client.servers[client.n_servers],
                               NULL) == 0)
            client.n_servers++;
    dns_names_set(state->names, message->instance, places, message->n_entries);
    dns_names_link(state->names, message->instance, message->links);
    dns_server_set(state->dns, message->instance, &client);
}

enum { ENDPOINT_DNS_UDP, ENDPOINT_DNS_TCP, ENDPOINT_DIAG, ENDPOINT_FDS };

/* A new set of sockets belongs to a new container, unless its namespace is the one we know. */
static void state_set_sockets(struct worker_state *state, struct known_endpoint *endpoint,
                              const int *take_fds)
{
    bool same = same_namespace(endpoint->diag_fd, take_fds[ENDPOINT_DIAG]);
    int old_diag_fd = endpoint->diag_fd;

    endpoint->diag_fd = take_fds[ENDPOINT_DIAG];
    if (!same)
        state_abort_endpoint(state, endpoint);
    published_ports_set_container(state->ports, endpoint->instance, endpoint->diag_fd, same);
    dns_server_set_sockets(state->dns, endpoint->instance, take_fds[ENDPOINT_DNS_UDP],
                           take_fds[ENDPOINT_DNS_TCP]);
    fd_close(old_diag_fd);
}

static void delivery_close(const struct worker_delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_fds; i++)
        fd_close(delivery->fds[i]);
}

static int state_set_endpoint(struct worker_state *state,
                              const struct worker_delivery *take_delivery, struct error *err)
{
    const struct worker_message *message = take_delivery->message;
    struct known_endpoint *endpoint = state_find(state, message->instance);

    if ((take_delivery->n_fds != 0 && take_delivery->n_fds != ENDPOINT_FDS) ||
        (!endpoint && state->n_endpoints >= NET_LIMIT_ENDPOINTS)) {
        delivery_close(take_delivery);
        return error_set(err, "endpoint '%s': %zu descriptors, %zu endpoints", message->instance,
                         take_delivery->n_fds, state->n_endpoints);
    }
    if (!endpoint) {
        memory_grow(state->endpoints, state->n_endpoints, state->capacity);
        endpoint = &state->endpoints[state->n_endpoints++];
        *endpoint =
            (struct known_endpoint){.instance = memory_strdup(message->instance), .diag_fd = -1};
    }
    endpoint->marked = false;
    state_set_names(state, endpoint, message);
    if (take_delivery->n_fds > 0)
        state_set_sockets(state, endpoint, take_delivery->fds);
    return 0;
}

static int state_set_port(struct worker_state *state, const struct worker_delivery *take_delivery,
                          struct error *err)
{
    const struct worker_message *message = take_delivery->message;
    struct published_port port = {.key = message->key,
                                  .instance = message->instance,
                                  .udp = message->udp,
                                  .open = message->open,
                                  .take_fds = take_delivery->fds,
                                  .n_fds = take_delivery->n_fds};

    if (inet_address_parse(message->address, (uint16_t)message->port, &port.target, err) < 0) {
        delivery_close(take_delivery);
        return -1;
    }
    return published_ports_set(state->ports, &port, err);
}

static void state_sync_begin(struct worker_state *state)
{
    network_table_mark(state->networks);
    published_ports_mark(state->ports);
    for (size_t i = 0; i < state->n_endpoints; i++)
        state->endpoints[i].marked = true;
}

static void state_sync_end(struct worker_state *state)
{
    published_ports_sweep(state->ports);
    for (size_t i = state->n_endpoints; i-- > 0;)
        if (state->endpoints[i].marked)
            state_remove_endpoint(state, state->endpoints[i].instance);
    network_table_sweep(state->networks);
}

/* The operations that carry no descriptors. */
static int state_apply_plain(struct worker_state *state, const struct worker_message *message,
                             bool *ret_quit, struct error *err)
{
    switch (message->op) {
    case WORKER_SYNC_BEGIN:
        state_sync_begin(state);
        break;
    case WORKER_SYNC_END:
        state_sync_end(state);
        break;
    case WORKER_NETWORK:
        return network_table_set(
            state->networks,
            &(struct told_network){.name = message->network,
                                   .subnet = message->subnet,
                                   .subnet6 = message->subnet6,
                                   .more_subnets = message->more_subnets,
                                   .internal = message->internal,
                                   .no_ipv4 = message->no_ipv4,
                                   .bypasses_router = message->bypasses_router},
            err);
    case WORKER_ENDPOINT_GONE:
        state_remove_endpoint(state, message->instance);
        break;
    case WORKER_RANK:
        dns_names_set_rank(state->names, message->instance, message->rank);
        break;
    case WORKER_DECLARED:
        dns_names_declare(state->names, message->names);
        break;
    case WORKER_PORT_GONE:
        published_ports_remove(state->ports, message->key);
        break;
    case WORKER_QUIT:
        *ret_quit = true;
        break;
    default:
        break;
    }
    return 0;
}

static int state_apply_router(struct worker_state *state,
                              const struct worker_delivery *take_delivery, struct error *err)
{
    int result = 0;

    if (!worker_state_is_ready(state) && take_delivery->n_fds == 1)
        result = state_enter_router(state, take_delivery->fds[0], err);
    delivery_close(take_delivery);
    return result;
}

static struct report_member report_member_of(const struct worker_state *state, const char *instance,
                                             const struct dns_place *place, struct arena *arena)
{
    struct report_member member = {.instance = arena_strdup(arena, instance),
                                   .network = arena_strdup(arena, place->network),
                                   .names = string_list_copy(arena, place->names),
                                   .rank = dns_names_rank(state->names, instance)};
    char text[INET6_ADDRSTRLEN];

    if (place->address.s_addr != htonl(INADDR_ANY))
        member.address =
            arena_strdup(arena, inet_ntop(AF_INET, &place->address, text, sizeof(text)));
    if (!IN6_IS_ADDR_UNSPECIFIED(&place->address6))
        member.address6 =
            arena_strdup(arena, inet_ntop(AF_INET6, &place->address6, text, sizeof(text)));
    return member;
}

static size_t state_count_places(const struct worker_state *state)
{
    size_t count = 0;

    for (size_t i = 0; i < state->n_endpoints; i++)
        for (size_t k = 0; dns_names_place(state->names, state->endpoints[i].instance, k); k++)
            count++;
    return count;
}

static void state_report_members(const struct worker_state *state, struct arena *arena,
                                 struct net_report *report)
{
    report->members = arena_new_array(arena, struct report_member, state_count_places(state));
    for (size_t i = 0; i < state->n_endpoints; i++) {
        const char *instance = state->endpoints[i].instance;
        const struct dns_place *place;

        for (size_t k = 0; (place = dns_names_place(state->names, instance, k)); k++)
            report->members[report->n_members++] = report_member_of(state, instance, place, arena);
    }
}

void worker_state_report(const struct worker_state *state, struct arena *arena,
                         struct net_report *ret_report)
{
    struct net_report report = {0};

    network_table_report(state->networks, arena, &report);
    state_report_members(state, arena, &report);
    if (worker_state_is_ready(state)) {
        published_ports_report(state->ports, arena, &report);
        report.outbound_connections = (int)outbound_tcp_count(state->outbound_tcp);
        report.outbound_flows = (int)outbound_flows_count(state->outbound_udp);
        report.outbound_pings = (int)outbound_flows_count(state->outbound_echo);
        report.may_ping = outbound_echo_is_permitted();
    }
    *ret_report = report;
}

int worker_state_apply(struct worker_state *state, const struct worker_delivery *take_delivery,
                       bool *ret_quit, struct error *err)
{
    const struct worker_message *message = take_delivery->message;

    if (worker_message_check(message, err) < 0) {
        delivery_close(take_delivery);
        return -1;
    }
    if (message->op == WORKER_ROUTER && message->project)
        dns_names_set_project(state->names, message->project);
    if (message->op == WORKER_ROUTER)
        return state_apply_router(state, take_delivery, err);
    if (!worker_state_is_ready(state) && message->op != WORKER_QUIT) {
        delivery_close(take_delivery);
        return error_set(err, "operation %d before the router namespace", message->op);
    }
    if (message->op == WORKER_ENDPOINT)
        return state_set_endpoint(state, take_delivery, err);
    if (message->op == WORKER_PORT)
        return state_set_port(state, take_delivery, err);
    delivery_close(take_delivery);
    return state_apply_plain(state, message, ret_quit, err);
}
