/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers DNS on the sockets that were opened in each container's namespace. Who asks is known by
 * the socket on which the question came, not by an address.
 */
#ifndef YAWL_NET_DNS_DNS_SERVER_H
#define YAWL_NET_DNS_DNS_SERVER_H

#include "common/loop.h"
#include "net/dns/dns_forwarder.h"
#include "net/dns/dns_names.h"
#include "net/network_table.h"

struct dns_server;

struct dns_server_options {
    struct loop *loop;
    struct dns_names *names; /* borrowed, as all of these */
    const struct network_table *networks;
    struct dns_forwarder *forwarder;
};

struct dns_server *dns_server_new(const struct dns_server_options *options);
void dns_server_free(struct dns_server *server);
DEFINE_SCOPED(struct dns_server *, dns_server_free)

struct dns_client_options {
    bool may_forward;
    struct inet_address servers[NET_LIMIT_NAME_SERVERS]; /* instead of the host's */
    size_t n_servers;
};

/* Adds an instance or changes its options; it has no sockets in the beginning. */
void dns_server_set(struct dns_server *server, const char *instance,
                    const struct dns_client_options *options);
/* Replaces its sockets: a bound UDP socket and a listening TCP socket; -1 for none. The instance
 * exists. */
void dns_server_set_sockets(struct dns_server *server, const char *instance, int take_udp_fd,
                            int take_tcp_fd);
void dns_server_remove(struct dns_server *server, const char *instance);

#endif
