/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   client ──▶ host socket (bound, shared) ──▶ flow's socket (connected) ──▶ container
 *
 * A flow is known by the client's address and the address that the client wrote to: the reply has
 * to leave from there, which on a wildcard socket only IP_PKTINFO can say.
 */
#include "net/relay/udp_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/net_limits.h"
#include "net/relay/flow_table.h"
#include "net/relay/tcp_port.h"

struct host_socket {
    struct udp_port *port;
    int fd;
    bool v6;
    struct fd_watch *watch;
};

struct udp_port {
    struct relay_engine *engine;
    struct host_socket sockets[PORT_SOCKETS];
    size_t n_sockets;
    struct inet_address target;
    bool open;
    struct flow_table *flows;
};

/* Behind the key {client, address written to}. */
struct port_flow {
    struct flow flow; /* first, see flow_table.h */
    struct udp_port *port;
    const struct host_socket *from;
    struct inet_address client_raw; /* as the host socket's family spells it */
    int fd;
    struct fd_watch *watch;
};

union pktinfo_space {
    char space[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct cmsghdr align;
};

static void flow_end(struct flow *flow)
{
    struct port_flow *ended = (struct port_flow *)flow;

    fd_watch_free(ended->watch);
    fd_close(ended->fd);
    free(ended);
}

/* Sends to the client from the address that it wrote to. */
static void reply_to_client(const struct port_flow *flow, const void *bytes, size_t length)
{
    const struct inet_address *local = &flow->flow.key.to;
    union pktinfo_space control = {0};
    struct inet_address client = flow->client_raw;
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    struct msghdr message = {.msg_name = &client.any,
                             .msg_namelen = inet_address_length(&client),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space};
    struct cmsghdr *header;

    if (flow->from->v6) {
        struct in6_pktinfo info = {.ipi6_addr = local->v6.sin6_addr,
                                   .ipi6_ifindex = local->v6.sin6_scope_id};

        message.msg_controllen = CMSG_SPACE(sizeof(info));
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = IPPROTO_IPV6;
        header->cmsg_type = IPV6_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(header), &info, sizeof(info));
    } else {
        struct in_pktinfo info = {.ipi_spec_dst = local->v4.sin_addr};

        message.msg_controllen = CMSG_SPACE(sizeof(info));
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        header->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(header), &info, sizeof(info));
    }
    (void)sendmsg(flow->from->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void flow_ready(void *owner)
{
    struct port_flow *flow = owner;
    uint8_t bytes[NET_DATAGRAM_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        ssize_t n = recv(flow->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) { /* the container does not serve there (any more) */
            flow_table_remove(flow->port->flows, &flow->flow);
            return;
        }
        flow_table_touch(flow->port->flows, &flow->flow, true);
        reply_to_client(flow, bytes, (size_t)n);
    }
}

/* A socket connected to the container that appears as `client` (NULL: as the gateway); -1 with
 * errno. */
static int target_socket(const struct udp_port *port, const struct inet_address *client)
{
    scoped_fd int fd =
        client ? relay_engine_socket_as(port->engine, SOCK_DGRAM, client)
               : relay_engine_socket(port->engine, port->target.any.sa_family, SOCK_DGRAM);

    if (fd < 0 || connect(fd, &port->target.any, inet_address_length(&port->target)) < 0)
        return -1;
    return steal_fd(&fd);
}

static struct port_flow *flow_begin(struct host_socket *from, const struct flow_key *key,
                                    const struct inet_address *client_raw)
{
    struct udp_port *port = from->port;
    struct port_flow *flow;
    int fd = -1;

    if (!flow_table_make_room(port->flows))
        return NULL;
    if (relay_engine_can_appear_as(port->engine, &key->from, &port->target))
        fd = target_socket(port, &key->from);
    if (fd < 0)
        fd = target_socket(port, NULL);
    if (fd < 0)
        return NULL;
    flow = memory_new(struct port_flow);
    flow->port = port;
    flow->from = from;
    flow->client_raw = *client_raw;
    flow->fd = fd;
    flow->watch = fd_watch_new(port->engine->loop, fd, FD_READABLE, flow_ready, flow);
    flow->flow.key = *key;
    flow_table_add(port->flows, &flow->flow);
    return flow;
}

/* The address that a datagram was sent to; port and family are the socket's. */
static bool written_to(struct msghdr *message, struct inet_address *ret_local)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(header), sizeof(info));
            *ret_local = inet_address_v4(info.ipi_spec_dst, 0);
            return true;
        }
        if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            bool link_local;

            memcpy(&info, CMSG_DATA(header), sizeof(info));
            link_local = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr);
            *ret_local = (struct inet_address){0};
            ret_local->v6.sin6_family = AF_INET6;
            ret_local->v6.sin6_addr = info.ipi6_addr;
            ret_local->v6.sin6_scope_id = link_local ? info.ipi6_ifindex : 0;
            return true;
        }
    }
    return false;
}

/* One datagram from a client; its length, or -1 with errno. */
static ssize_t host_receive(const struct host_socket *from, struct iovec part,
                            struct flow_key *ret_key, struct inet_address *ret_client_raw)
{
    union pktinfo_space control;
    struct inet_address client = {0};
    struct msghdr message = {.msg_name = &client,
                             .msg_namelen = sizeof(client),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    ssize_t n = recvmsg(from->fd, &message, MSG_DONTWAIT);

    if (n < 0)
        return -1;
    *ret_client_raw = client;
    if (!inet_address_from(&client.any, message.msg_namelen, &ret_key->from) ||
        !written_to(&message, &ret_key->to)) {
        errno = EPROTO;
        return -1;
    }
    return n;
}

static void host_ready(void *owner)
{
    struct host_socket *from = owner;
    struct udp_port *port = from->port;
    uint8_t bytes[NET_DATAGRAM_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
        struct flow_key key;
        struct inet_address client_raw;
        struct port_flow *flow;
        ssize_t n = host_receive(from, part, &key, &client_raw);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 || !port->open || port->target.any.sa_family == AF_UNSPEC)
            continue;
        flow = (struct port_flow *)flow_table_find(port->flows, &key);
        if (!flow)
            flow = flow_begin(from, &key, &client_raw);
        if (!flow)
            continue;
        flow_table_touch(port->flows, &flow->flow, false);
        if (send(flow->fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
            errno == ECONNREFUSED) /* of an earlier datagram; this one deserves its own try */
            (void)send(flow->fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

struct udp_port *udp_port_new(struct relay_engine *engine)
{
    struct udp_port *port = memory_new(struct udp_port);
    struct flow_table_options options = {.loop = engine->loop,
                                         .max_flows = NET_LIMIT_PORT_FLOWS,
                                         .max_per_source = NET_LIMIT_PORT_FLOWS,
                                         .end = flow_end};

    port->engine = engine;
    port->flows = flow_table_new(&options);
    return port;
}

static void port_close_sockets(struct udp_port *port)
{
    for (size_t i = 0; i < port->n_sockets; i++) {
        fd_watch_free(port->sockets[i].watch);
        fd_close(port->sockets[i].fd);
    }
    port->n_sockets = 0;
}

void udp_port_free(struct udp_port *port)
{
    if (!port)
        return;
    flow_table_free(port->flows);
    port_close_sockets(port);
    free(port);
}

void udp_port_set_sockets(struct udp_port *port, const int *take_fds, size_t n_fds)
{
    static const int on = 1;

    udp_port_abort(port);
    port_close_sockets(port);
    for (size_t i = 0; i < n_fds && i < PORT_SOCKETS; i++) {
        struct host_socket *socket = &port->sockets[port->n_sockets++];
        int family = AF_INET;
        socklen_t length = sizeof(family);

        (void)getsockopt(take_fds[i], SOL_SOCKET, SO_DOMAIN, &family, &length);
        *socket = (struct host_socket){.port = port, .fd = take_fds[i], .v6 = family == AF_INET6};
        if (socket->v6)
            (void)setsockopt(socket->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
        else
            (void)setsockopt(socket->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
        socket->watch =
            fd_watch_new(port->engine->loop, socket->fd, FD_READABLE, host_ready, socket);
    }
}

void udp_port_set_target(struct udp_port *port, const struct inet_address *target)
{
    if (!inet_address_equal(&port->target, target))
        udp_port_abort(port);
    port->target = *target;
}

/* What waits in the sockets was sent to a closed port. */
static void port_discard(const struct udp_port *port)
{
    char byte;

    for (size_t i = 0; i < port->n_sockets; i++)
        for (int k = 0; k < NET_LIMIT_PORT_FLOWS; k++)
            if (recv(port->sockets[i].fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) < 0)
                break;
}

void udp_port_set_open(struct udp_port *port, bool open)
{
    if (port->open == open)
        return;
    port->open = open;
    if (open)
        port_discard(port);
    else
        udp_port_abort(port);
}

void udp_port_abort(struct udp_port *port)
{
    flow_table_clear(port->flows, NULL);
}

size_t udp_port_flows(const struct udp_port *port)
{
    return flow_table_count(port->flows);
}
