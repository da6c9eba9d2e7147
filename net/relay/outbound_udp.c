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

/* Behind the key {container, destination}. */
struct outbound_flow {
    struct flow flow; /* first, see flow_table.h */
    struct outbound_flows *outbound;
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
            flow_table_remove(flow->outbound->table, &flow->flow);
            return;
        }
        flow_table_touch(flow->outbound->table, &flow->flow, true);
        (void)send(flow->inner_fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static void outbound_datagram(struct outbound_flows *outbound, const struct datagram *datagram);

/* More from the container. */
static void flow_inner_ready(void *owner)
{
    struct outbound_flow *flow = owner;
    struct outbound_flows *outbound = flow->outbound;
    struct inet_address destination = flow->flow.key.to;
    uint8_t bytes[NET_DATAGRAM_BYTES];
    struct inet_address from = {0};
    socklen_t from_length = sizeof(from);
    ssize_t n =
        recvfrom(flow->inner_fd, bytes, sizeof(bytes), MSG_DONTWAIT, &from.any, &from_length);
    struct datagram datagram = {.bytes = bytes};

    /* One at a time: sorting it may end this flow. */
    if (n < 0 && errno != EAGAIN) {
        flow_table_remove(outbound->table, &flow->flow);
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

static struct outbound_flow *flow_begin(struct outbound_flows *outbound, const struct flow_key *key)
{
    struct loop *loop = outbound->engine->loop;
    scoped_fd int inner_fd = -1, outer_fd = -1;
    struct inet_address destination;
    struct outbound_flow *flow;

    if (outbound_flows_admit(outbound, key, &destination) != OUTBOUND_ADMITTED)
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
    flow_table_add(outbound->table, &flow->flow);
    return flow;
}

static void outbound_datagram(struct outbound_flows *outbound, const struct datagram *datagram)
{
    struct outbound_flow *flow =
        (struct outbound_flow *)flow_table_find(outbound->table, &datagram->key);

    if (!flow)
        flow = flow_begin(outbound, &datagram->key);
    if (!flow)
        return;
    flow_table_touch(outbound->table, &flow->flow, false);
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
    const struct outbound_router *router = owner;
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

struct outbound_flows *outbound_udp_new(struct relay_engine *engine,
                                        const struct published_ports *ports)
{
    const struct outbound_flows_options options = {
        .engine = engine,
        .ports = ports,
        .kind = OUTBOUND_UDP,
        .ipv4_fd = socket_factory_outbound_fd(engine->factory, AF_INET, SOCK_DGRAM),
        .ipv6_fd = socket_factory_outbound_fd(engine->factory, AF_INET6, SOCK_DGRAM),
        .max_flows = NET_LIMIT_OUTBOUND_FLOWS,
        .max_per_source = NET_LIMIT_SOURCE_FLOWS,
        .ready = router_ready,
        .end = flow_end,
    };

    return outbound_flows_new(&options);
}
