/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller and the thread share the stock under one lock. The caller raises `asked` when the
 * stock runs low; the thread fills it and sets `served` to what it saw. A failure is kept in
 * `number`, so that a caller who finds the stock empty learns why, and the thread does not spin
 * while descriptors are short.
 */
#include "net/relay/socket_factory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/inet_address.h"
#include "net/net_limits.h"
#include "net/relay/tcp_options.h"
#include "net/worker_cage.h"
#include "net/worker_protocol.h"

enum { STOCK_TCP, STOCK_UDP, STOCK_TCP6, STOCK_UDP6, STOCK_KINDS };

struct stock {
    int fds[NET_SOCKET_STOCK];
    size_t count;
    int number; /* errno of the last failure, or 0 */
};

struct socket_factory {
    struct socket_factory_options options;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wanted, made;
    bool quit, ready;
    int set_up; /* of the thread: 0 or -1 and failure */
    struct error failure;
    uint64_t asked, served;
    struct stock stocks[STOCK_KINDS];
    int outbound_fds[STOCK_KINDS];
    int echo_fds[2]; /* IPv4, IPv6 */
};

static int stock_family(int kind)
{
    return kind == STOCK_TCP6 || kind == STOCK_UDP6 ? AF_INET6 : AF_INET;
}

static int stock_type(int kind)
{
    return kind == STOCK_TCP || kind == STOCK_TCP6 ? SOCK_STREAM : SOCK_DGRAM;
}

static int stock_of(int family, int type)
{
    if (family == AF_INET6)
        return type == SOCK_STREAM ? STOCK_TCP6 : STOCK_UDP6;
    return type == SOCK_STREAM ? STOCK_TCP : STOCK_UDP;
}

static int make_transparent(int fd, int family)
{
    static const int on = 1;

    return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on))
                              : setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
}

/* A transparent socket of the thread's namespace, or -1 with errno. */
static int transparent_socket(int family, int type)
{
    static const int on = 1;
    scoped_fd int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
        make_transparent(fd, family) < 0)
        return -1;
    if (type == SOCK_STREAM) {
        tcp_options_set(fd);
        tcp_options_set_abortive(fd);
    }
    return steal_fd(&fd);
}

static int ask_original_destinations(int fd, int family)
{
    static const int on = 1;

    return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, &on, sizeof(on))
                              : setsockopt(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, &on, sizeof(on));
}

/* Where the router's TPROXY rule delivers what containers send outside. */
static int outbound_socket(int kind, int *ret_fd, struct error *err)
{
    struct inet_address address = inet_address_any(stock_family(kind), ROUTER_TPROXY_PORT);
    scoped_fd int fd = transparent_socket(stock_family(kind), stock_type(kind));

    if (fd < 0 && errno == EAFNOSUPPORT && stock_family(kind) == AF_INET6)
        return 0;
    if (fd < 0)
        return error_sys(err, "create a transparent socket");
    if (bind(fd, &address.any, inet_address_length(&address)) < 0)
        return error_sys(err, "bind the outbound socket to port %d", ROUTER_TPROXY_PORT);
    if (stock_type(kind) == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)
        return error_sys(err, "listen for outbound connections");
    if (stock_type(kind) == SOCK_DGRAM && ask_original_destinations(fd, stock_family(kind)) < 0)
        return error_sys(err, "ask for original destinations");
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int filter_echo(int fd, int family)
{
    const struct icmp_filter v4 = {.data = ~(1U << ICMP_ECHO)};
    static const int on = 1;
    struct icmp6_filter v6;

    if (family == AF_INET)
        return setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4));
    ICMP6_FILTER_SETBLOCKALL(&v6);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REQUEST, &v6);
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6)) < 0
               ? -1
               : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

/* Where the router delivers the pings of containers. */
static int echo_socket(int family, int *ret_fd, struct error *err)
{
    static const uint32_t mark = ROUTER_ECHO_MARK;
    scoped_fd int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                              family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

    if (fd < 0 && errno == EAFNOSUPPORT && family == AF_INET6)
        return 0;
    if (fd < 0 || make_transparent(fd, family) < 0 || filter_echo(fd, family) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
        return error_sys(err, "create a socket for echo requests");
    *ret_fd = steal_fd(&fd);
    return 0;
}

/*
 * Replies to containers leave from the address that they wrote to, mostly a low port (53, 443).
 * Nobody else is in the router namespace, so any port may be bound there; that spares
 * CAP_NET_BIND_SERVICE. Where /proc is read-only replies from low UDP ports fail, nothing else.
 */
static void allow_low_ports(void)
{
    scoped_fd int fd =
        open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0 && write(fd, "0", 1) < 0)
        return;
}

static int factory_enter(struct socket_factory *factory, struct error *err)
{
    if (factory->options.netns_fd >= 0) {
        if (setns(factory->options.netns_fd, CLONE_NEWNET) < 0)
            return error_sys(err, "enter the router namespace");
        allow_low_ports();
    }
    for (int kind = 0; kind < STOCK_KINDS; kind++)
        if (outbound_socket(kind, &factory->outbound_fds[kind], err) < 0)
            return -1;
    if (echo_socket(AF_INET, &factory->echo_fds[0], err) < 0 ||
        echo_socket(AF_INET6, &factory->echo_fds[1], err) < 0)
        return -1;
    if (factory->options.drop_privileges)
        return worker_cage_drop_ids(1ULL << CAP_NET_RAW, err);
    return 0;
}

/* Fills one stock. Called with the lock held, which is let go while sockets are made. */
static void stock_fill(struct socket_factory *factory, int kind)
{
    struct stock *stock = &factory->stocks[kind];

    stock->number = 0;
    while (stock->count < NET_SOCKET_STOCK && stock->number == 0 && !factory->quit) {
        int fd;
        int number;

        pthread_mutex_unlock(&factory->lock);
        fd = transparent_socket(stock_family(kind), stock_type(kind));
        number = fd < 0 ? errno : 0;
        pthread_mutex_lock(&factory->lock);
        if (fd >= 0)
            stock->fds[stock->count++] = fd;
        stock->number = number;
        pthread_cond_signal(&factory->made);
    }
}

static void *factory_thread(void *owner)
{
    struct socket_factory *factory = owner;
    struct error failure = {0};
    int set_up = factory_enter(factory, &failure);

    pthread_mutex_lock(&factory->lock);
    factory->set_up = set_up;
    factory->failure = failure;
    factory->ready = true;
    pthread_cond_signal(&factory->made);
    while (!factory->quit && set_up == 0) {
        uint64_t asked = factory->asked;

        if (asked == factory->served) {
            pthread_cond_wait(&factory->wanted, &factory->lock);
            continue;
        }
        for (int kind = 0; kind < STOCK_KINDS; kind++)
            stock_fill(factory, kind);
        factory->served = asked;
        pthread_cond_signal(&factory->made);
    }
    pthread_mutex_unlock(&factory->lock);
    return NULL;
}

/* The thread takes no signals: they belong to the loop. */
static int factory_start(struct socket_factory *factory, struct error *err)
{
    sigset_t all, before;
    int number;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    number = pthread_create(&factory->thread, NULL, factory_thread, factory);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0) {
        errno = number;
        return error_sys(err, "start the socket thread");
    }
    factory->started = true;
    return 0;
}

int socket_factory_new(const struct socket_factory_options *options,
                       struct socket_factory **ret_factory, struct error *err)
{
    scoped(socket_factory_free) struct socket_factory *factory = memory_new(struct socket_factory);

    factory->options = *options;
    factory->asked = 1;
    for (int kind = 0; kind < STOCK_KINDS; kind++)
        factory->outbound_fds[kind] = -1;
    factory->echo_fds[0] = factory->echo_fds[1] = -1;
    pthread_mutex_init(&factory->lock, NULL);
    pthread_cond_init(&factory->wanted, NULL);
    pthread_cond_init(&factory->made, NULL);
    if (factory_start(factory, err) < 0)
        return -1;

    pthread_mutex_lock(&factory->lock);
    while (!factory->ready)
        pthread_cond_wait(&factory->made, &factory->lock);
    pthread_mutex_unlock(&factory->lock);
    if (factory->set_up < 0)
        return error_set(err, "%s", factory->failure.text);
    *ret_factory = steal(factory);
    return 0;
}

void socket_factory_free(struct socket_factory *factory)
{
    if (!factory)
        return;
    if (factory->started) {
        pthread_mutex_lock(&factory->lock);
        factory->quit = true;
        pthread_cond_signal(&factory->wanted);
        pthread_mutex_unlock(&factory->lock);
        pthread_join(factory->thread, NULL);
    }
    fd_close(factory->echo_fds[0]);
    fd_close(factory->echo_fds[1]);
    for (int kind = 0; kind < STOCK_KINDS; kind++) {
        fd_close(factory->outbound_fds[kind]);
        for (size_t i = 0; i < factory->stocks[kind].count; i++)
            fd_close(factory->stocks[kind].fds[i]);
    }
    pthread_cond_destroy(&factory->made);
    pthread_cond_destroy(&factory->wanted);
    pthread_mutex_destroy(&factory->lock);
    free(factory);
}

int socket_factory_take(struct socket_factory *factory, int family, int type)
{
    struct stock *stock = &factory->stocks[stock_of(family, type)];
    int number = 0;
    int fd = -1;

    pthread_mutex_lock(&factory->lock);
    if (stock->count <= NET_SOCKET_STOCK / 2 && factory->asked == factory->served) {
        factory->asked++;
        pthread_cond_signal(&factory->wanted);
    }
    while (stock->count == 0 && factory->served != factory->asked)
        pthread_cond_wait(&factory->made, &factory->lock);
    if (stock->count > 0)
        fd = stock->fds[--stock->count];
    else
        number = stock->number != 0 ? stock->number : ENOBUFS;
    pthread_mutex_unlock(&factory->lock);
    if (fd < 0)
        errno = number;
    return fd;
}

int socket_factory_outbound_fd(const struct socket_factory *factory, int family, int type)
{
    return factory->outbound_fds[stock_of(family, type)];
}

int socket_factory_echo_fd(const struct socket_factory *factory, int family)
{
    return factory->echo_fds[family == AF_INET6];
}
