/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   container ──▶ router's socket (first datagrams) ──┐
 *   container ◀─▶ inner socket (bound to the destination,├─▶ outer socket (connected) ◀─▶
 * destination connected to the container) ──────────┘
 *
 * Once the inner socket is connected, the kernel prefers it to the router's for this flow. Between
 * its bind() and its connect() it may catch a datagram of another container to the same
 * destination: every datagram is therefore sorted by its own source.
 */
#include "net/relay/outbound_udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/net_limits.h"
#include "net/relay/destination_policy.h"
#include "net/relay/flow_table.h"

struct outbound_udp {
    struct relay_engine *engine;
    const struct published_ports *ports;
    struct router_socket {
        struct outbound_udp *outbound;
        int fd; /* the factory's */
        struct fd_watch *watch;
    } router[2]; /* of each family that there is */
    struct flow_table *flows;
};

/* Behind the key {container, destination}. */
struct outbound_flow {
    struct flow flow; /* first, see flow_table.h */
    struct outbound_udp *outbound;
    int inner_fd, outer_fd;
    struct fd_watch *inner_watch, *outer_watch;
};

struct datagram {
    struct flow_key key;
    const void *bytes;
    size_t length;
};

static void flow_end(struct flow *take_flow)
{
    struct outbound_flow *flow = (struct outbound_flow *)take_flow;

    fd_watch_free(flow->inner_watch);
    fd_watch_free(flow->outer_watch);
    fd_close(flow->inner_fd);
    fd_close(flow->outer_fd);
    free(flow);
}

/* Replies from outside. */
static void flow_outer_ready(void *owner)
{
    struct outbound_flow *flow = owner;
    uint8_t bytes[NET_DATAGRAM_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        ssize_t n = recv(flow->outer_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) { /* nobody there */
            flow_table_remove(flow->outbound->flows, &flow->flow);
            return;
        }
        flow_table_touch(flow->outbound->flows, &flow->flow, true);
        (void)send(flow->inner_fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static void outbound_datagram(struct outbound_udp *outbound, const struct datagram *datagram);

/* More from the container. */
static void flow_inner_ready(void *owner)
{
    struct outbound_flow *flow = owner;
    struct outbound_udp *outbound = flow->outbound;
    struct inet_address destination = flow->flow.key.to;
    uint8_t bytes[NET_DATAGRAM_BYTES];
    struct inet_address from = {0};
    socklen_t from_length = sizeof(from);
    ssize_t n =
        recvfrom(flow->inner_fd, bytes, sizeof(bytes), MSG_DONTWAIT, &from.any, &from_length);
    struct datagram datagram = {.bytes = bytes};

    /* One at a time: sorting it may end this flow. */
    if (n < 0 && errno != EAGAIN) {
        flow_table_remove(outbound->flows, &flow->flow);
        return;
    }
    if (n < 0 || !inet_address_from(&from.any, from_length, &datagram.key.from))
        return;
    datagram.key.to = destination;
    datagram.length = (size_t)n;
    outbound_datagram(outbound, &datagram);
}

static int destination_socket(const struct inet_address *destination)
{
    scoped_fd int fd =
        socket(destination->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || connect(fd, &destination->any, inet_address_length(destination)) < 0)
        return -1;
    return steal_fd(&fd);
}

static int container_socket(struct relay_engine *engine, const struct flow_key *key)
{
    scoped_fd int fd = relay_engine_socket_as(engine, SOCK_DGRAM, &key->to);

    if (fd < 0 || connect(fd, &key->from.any, inet_address_length(&key->from)) < 0)
        return -1;
    return steal_fd(&fd);
}

static struct outbound_flow *flow_begin(struct outbound_udp *outbound, const struct flow_key *key)
{
    struct loop *loop = outbound->engine->loop;
    scoped_fd int inner_fd = -1, outer_fd = -1;
    struct outbound_flow_ends ends = {OUTBOUND_UDP, key->from, key->to};
    struct inet_address destination;
    struct outbound_flow *flow;

    if (!destination_settle(outbound->engine, outbound->ports, &ends, &destination) ||
        !flow_table_admits_source(outbound->flows, &key->from) ||
        !flow_table_make_room(outbound->flows))
        return NULL;
    outer_fd = destination_socket(&destination);
    inner_fd = container_socket(outbound->engine, key);
    if (outer_fd < 0 || inner_fd < 0)
        return NULL;
    flow = memory_new(struct outbound_flow);
    flow->outbound = outbound;
    flow->inner_fd = steal_fd(&inner_fd);
    flow->outer_fd = steal_fd(&outer_fd);
    flow->inner_watch = fd_watch_new(loop, flow->inner_fd, FD_READABLE, flow_inner_ready, flow);
    flow->outer_watch = fd_watch_new(loop, flow->outer_fd, FD_READABLE, flow_outer_ready, flow);
    flow->flow.key = *key;
    flow_table_add(outbound->flows, &flow->flow);
    return flow;
}

static void outbound_datagram(struct outbound_udp *outbound, const struct datagram *datagram)
{
    struct outbound_flow *flow =
        (struct outbound_flow *)flow_table_find(outbound->flows, &datagram->key);

    if (!flow)
        flow = flow_begin(outbound, &datagram->key);
    if (!flow)
        return;
    flow_table_touch(outbound->flows, &flow->flow, false);
    (void)send(flow->outer_fd, datagram->bytes, datagram->length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Where the container meant to send it. */
static bool original_destination(struct msghdr *message, struct inet_address *ret_destination)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_ORIGDSTADDR) ||
            (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_ORIGDSTADDR))
            return inet_address_from((const struct sockaddr *)(const void *)CMSG_DATA(header),
                                     (socklen_t)(header->cmsg_len - CMSG_LEN(0)), ret_destination);
    }
    return false;
}

static void router_ready(void *owner)
{
    const struct router_socket *router = owner;
    uint8_t bytes[NET_DATAGRAM_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        union {
            char space[CMSG_SPACE(sizeof(struct sockaddr_in6))];
            struct cmsghdr align;
        } control;
        struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
        struct inet_address from = {0};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof(from),
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control.space,
                                 .msg_controllen = sizeof(control.space)};
        ssize_t n = recvmsg(router->fd, &message, MSG_DONTWAIT);
        struct datagram datagram = {.bytes = bytes, .length = (size_t)n};

        if (n < 0)
            return;
        if (inet_address_from(&from.any, message.msg_namelen, &datagram.key.from) &&
            original_destination(&message, &datagram.key.to))
            outbound_datagram(router->outbound, &datagram);
    }
}

struct outbound_udp *outbound_udp_new(struct relay_engine *engine,
                                      const struct published_ports *ports)
{
    struct outbound_udp *outbound = memory_new(struct outbound_udp);
    static const int families[] = {AF_INET, AF_INET6};
    struct flow_table_options options = {.loop = engine->loop,
                                         .max_flows = NET_LIMIT_OUTBOUND_FLOWS,
                                         .max_per_source = NET_LIMIT_SOURCE_FLOWS,
                                         .end = flow_end};

    outbound->engine = engine;
    outbound->ports = ports;
    outbound->flows = flow_table_new(&options);
    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        struct router_socket *router = &outbound->router[i];

        router->outbound = outbound;
        router->fd = socket_factory_outbound_fd(engine->factory, families[i], SOCK_DGRAM);
        if (router->fd >= 0)
            router->watch =
                fd_watch_new(engine->loop, router->fd, FD_READABLE, router_ready, router);
    }
    return outbound;
}

void outbound_udp_free(struct outbound_udp *outbound)
{
    if (!outbound)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(outbound->router); i++)
        fd_watch_free(outbound->router[i].watch);
    flow_table_free(outbound->flows);
    free(outbound);
}

void outbound_udp_abort(struct outbound_udp *outbound, const struct inet_address *container)
{
    flow_table_clear(outbound->flows, container);
}

size_t outbound_udp_count(const struct outbound_udp *outbound)
{
    return flow_table_count(outbound->flows);
}
