/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of the router namespace, for a worker that lives in the host's.
 *
 * A socket keeps the namespace it was created in, whoever uses it. One thread enters the router
 * namespace (setns(2) is per thread), keeps CAP_NET_RAW there, which IP_TRANSPARENT asks for, and
 * holds a stock of unbound transparent sockets ready. All else, bind and connect included, is done
 * by the caller, who needs no privilege for it. A thread rather than a process: it cannot outlive
 * the worker.
 */
#ifndef YAWL_NET_RELAY_SOCKET_FACTORY_H
#define YAWL_NET_RELAY_SOCKET_FACTORY_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/error.h"

struct socket_factory;

struct socket_factory_options {
    int netns_fd;         /* borrowed until the call returns; -1: the caller's own namespace */
    bool drop_privileges; /* give up all but CAP_NET_RAW, see net/worker_cage.h */
};

/* Returns when the thread has entered the namespace and the outbound listeners exist. */
MUST_CHECK int socket_factory_new(const struct socket_factory_options *options,
                                  struct socket_factory **ret_factory, struct error *err);
void socket_factory_free(struct socket_factory *factory);
DEFINE_SCOPED(struct socket_factory *, socket_factory_free)

/* A non-blocking socket of AF_INET or AF_INET6, SOCK_STREAM or SOCK_DGRAM, transparent and
 * SO_REUSEADDR set, not bound. The caller's. -1 with errno when the system has none left. */
int socket_factory_take(struct socket_factory *factory, int family, int type);

/* The listening TCP socket or the UDP socket at ROUTER_TPROXY_PORT; borrowed. -1 for IPv6 where the
 * kernel has none. */
int socket_factory_outbound_fd(const struct socket_factory *factory, int family, int type);

/* The raw ICMP socket of the family, which gets echo requests alone, with their destinations
 * (IPv6: IPV6_PKTINFO), and sends in any name (IP_PKTINFO, IPV6_PKTINFO). Likewise. */
int socket_factory_echo_fd(const struct socket_factory *factory, int family);

#endif
