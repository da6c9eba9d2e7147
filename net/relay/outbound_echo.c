/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   container ──▶ router's raw socket ──▶ ping socket (connected) ──▶ destination
 *   container ◀── the same, in the destination's name ◀── ping socket ◀── destination
 *
 * The kernel gives each ping socket an identifier of its own; the container's is put back into the
 * answer. Sequence and data go through as they are.
 */
#include "net/relay/outbound_echo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/net_limits.h"
#include "net/relay/icmp_echo.h"

/* Behind the key {container and identifier, destination}. */
struct echo_flow {
    struct flow flow; /* first, see flow_table.h */
    struct outbound_flows *outbound;
    int fd; /* the ping socket */
    struct fd_watch *watch;
    uint16_t sequence; /* of the last request */
};

static void flow_end(struct flow *take_flow)
{
    struct echo_flow *flow = (struct echo_flow *)take_flow;

    fd_watch_free(flow->watch);
    fd_close(flow->fd);
    free(flow);
}

/* ------------------------------------------------------------------------------------------
 * to the container */

/* Room for the one thing that is said beside a message. */
union packet_info {
    char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct cmsghdr align;
};

static void set_source(struct msghdr *message, union packet_info *control,
                       const struct inet_address *source)
{
    struct in6_pktinfo v6 = {.ipi6_addr = source->v6.sin6_addr};
    struct in_pktinfo v4 = {.ipi_spec_dst = source->v4.sin_addr};
    bool is_v4 = inet_address_is_v4(source);
    size_t size = is_v4 ? sizeof(v4) : sizeof(v6);
    struct cmsghdr *header = &control->align;

    header->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    header->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), is_v4 ? (const void *)&v4 : (const void *)&v6, size);
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(size);
}

/* source: NULL for the gateway's. What does not get through is lost, as pings are. */
static void send_inside(const struct outbound_flows *outbound, const struct inet_address *container,
                        const struct inet_address *source, struct iovec bytes)
{
    /* To a raw socket a port would be a protocol. */
    struct inet_address to = *container;
    union packet_info control = {0};
    struct msghdr message = {
        .msg_name = &to,
        .msg_namelen = inet_address_length(&to),
        .msg_iov = &bytes,
        .msg_iovlen = 1,
    };
    int fd = outbound->ipv4.fd;

    if (inet_address_is_v4(&to)) {
        to.v4.sin_port = 0;
    } else {
        to.v6.sin6_port = 0;
        fd = outbound->ipv6.fd;
    }
    if (source)
        set_source(&message, &control, source);
    (void)sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void refuse(const struct outbound_flows *outbound, const struct icmp_echo *echo,
                   enum icmp_refusal why)
{
    uint8_t bytes[ICMP_REFUSAL_MAX_BYTES];
    size_t length = icmp_echo_refuse(echo, why, bytes);

    send_inside(outbound, &echo->from, NULL, (struct iovec){bytes, length});
}

/* The last request of the flow got nowhere, by this errno. Of what was too large the kernel learns,
 * and the next one gets through. */
static void flow_fail(struct echo_flow *take_flow, int number)
{
    const struct flow_key *key = &take_flow->flow.key;
    struct icmp_echo echo = {.from = key->from, .to = key->to, .sequence = take_flow->sequence};
    bool prohibited = number == EACCES || number == EPERM;

    if (number != EMSGSIZE)
        refuse(take_flow->outbound, &echo, prohibited ? ICMP_PROHIBITED : ICMP_UNREACHABLE);
    flow_table_remove(take_flow->outbound->table, &take_flow->flow);
}

static void flow_ready(void *owner)
{
    struct echo_flow *flow = owner;
    const struct flow_key *key = &flow->flow.key;
    uint8_t bytes[NET_DATAGRAM_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        ssize_t n = recv(flow->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            flow_fail(flow, errno);
            return;
        }
        if (!icmp_echo_readdress(bytes, (size_t)n, &key->from))
            continue;
        flow_table_touch(flow->outbound->table, &flow->flow, true);
        send_inside(flow->outbound, &key->from, &key->to, (struct iovec){bytes, (size_t)n});
    }
}

/* ------------------------------------------------------------------------------------------
 * from the container */

/* One that hears of whatever keeps an answer away. -1 with errno. */
static int ping_socket(int family)
{
    static const int on = 1;
    bool v6 = family == AF_INET6;
    scoped_fd int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                              v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

    if (fd < 0 || setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR,
                             &on, sizeof(on)) < 0)
        return -1;
    return steal_fd(&fd);
}

bool outbound_echo_is_permitted(void)
{
    scoped_fd int fd = ping_socket(AF_INET);

    return fd >= 0;
}

static struct echo_flow *flow_begin(struct outbound_flows *outbound, const struct icmp_echo *echo)
{
    const struct flow_key key = {echo->from, echo->to};
    struct inet_address destination;
    struct echo_flow *flow;
    scoped_fd int fd = -1;

    switch (outbound_flows_admit(outbound, &key, &destination)) {
    case OUTBOUND_ADMITTED:
        break;
    case OUTBOUND_FORBIDDEN:
        refuse(outbound, echo, ICMP_PROHIBITED);
        return NULL;
    case OUTBOUND_FULL:
        return NULL;
    }
    fd = ping_socket(destination.any.sa_family);
    if (fd < 0 || connect(fd, &destination.any, inet_address_length(&destination)) < 0) {
        refuse(outbound, echo, fd < 0 ? ICMP_PROHIBITED : ICMP_UNREACHABLE);
        return NULL;
    }
    flow = memory_new(struct echo_flow);
    flow->outbound = outbound;
    flow->fd = steal_fd(&fd);
    flow->watch = fd_watch_new(outbound->engine->loop, flow->fd, FD_READABLE, flow_ready, flow);
    flow->flow.key = key;
    flow_table_add(outbound->table, &flow->flow);
    return flow;
}

static void outbound_request(struct outbound_flows *outbound, const struct icmp_echo *echo)
{
    const struct flow_key key = {echo->from, echo->to};
    struct echo_flow *flow;

    /* What is the router's own, the kernel answers. */
    if (network_table_of(outbound->engine->networks, &echo->to) ||
        (!inet_address_is_v4(&echo->to) && IN6_IS_ADDR_LINKLOCAL(&echo->to.v6.sin6_addr)))
        return;
    flow = (struct echo_flow *)flow_table_find(outbound->table, &key);
    if (!flow)
        flow = flow_begin(outbound, echo);
    if (!flow)
        return;
    flow_table_touch(outbound->table, &flow->flow, false);
    flow->sequence = echo->sequence;
    if (send(flow->fd, echo->message, echo->length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != ENOBUFS)
        flow_fail(flow, errno);
}

/* Where an ICMPv6 message was sent to. */
static bool packet_destination(struct msghdr *message, struct in6_addr *ret_address)
{
    struct in6_pktinfo info;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != IPPROTO_IPV6 || header->cmsg_type != IPV6_PKTINFO ||
            header->cmsg_len != CMSG_LEN(sizeof(info)))
            continue;
        memcpy(&info, CMSG_DATA(header), sizeof(info));
        *ret_address = info.ipi6_addr;
        return true;
    }
    return false;
}

/* One request of a container's, or false: there is none now. `ret_echo->length` is 0 for something
 * else. */
static bool router_receive(const struct outbound_router *router, uint8_t *bytes, size_t size,
                           struct icmp_echo *ret_echo)
{
    union packet_info control;
    struct inet_address from = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof(from),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    ssize_t n = recvmsg(router->fd, &message, MSG_DONTWAIT);
    struct icmp_echo echo;
    bool is_request;

    if (n < 0)
        return false;
    if (inet_address_is_v4(&from)) {
        is_request = icmp_echo_read_ipv4(bytes, (size_t)n, &echo);
    } else {
        is_request = icmp_echo_read_ipv6(bytes, (size_t)n, &echo) &&
                     packet_destination(&message, &echo.to.v6.sin6_addr);
        if (is_request)
            echo.from.v6.sin6_addr = from.v6.sin6_addr;
    }
    *ret_echo = is_request ? echo : (struct icmp_echo){0};
    return true;
}

static void router_ready(void *owner)
{
    const struct outbound_router *router = owner;
    uint8_t bytes[NET_DATAGRAM_BYTES];
    struct icmp_echo echo;

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        if (!router_receive(router, bytes, sizeof(bytes), &echo))
            return;
        if (echo.length > 0)
            outbound_request(router->outbound, &echo);
    }
}

struct outbound_flows *outbound_echo_new(struct relay_engine *engine,
                                         const struct published_ports *ports)
{
    const struct outbound_flows_options options = {
        .engine = engine,
        .ports = ports,
        .kind = OUTBOUND_ECHO,
        .ipv4_fd = socket_factory_echo_fd(engine->factory, AF_INET),
        .ipv6_fd = socket_factory_echo_fd(engine->factory, AF_INET6),
        .max_flows = NET_LIMIT_ECHO_FLOWS,
        .max_per_source = NET_LIMIT_SOURCE_ECHO,
        .ready = router_ready,
        .end = flow_end,
    };

    return outbound_flows_new(&options);
}
