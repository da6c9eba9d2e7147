/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One published TCP port: host sockets that are bound all the time and listen only while the
 * container does, and the relays of those who connected.
 */
#ifndef YAWL_NET_RELAY_TCP_PORT_H
#define YAWL_NET_RELAY_TCP_PORT_H

#include <stdbool.h>

#include "net/relay/relay_engine.h"

struct tcp_port;

enum { PORT_SOCKETS = 2 }; /* IPv4 and IPv6 */

struct tcp_port *tcp_port_new(struct relay_engine *engine);
/* Resets the relays and lets the host's sockets go. */
void tcp_port_free(struct tcp_port *port);
DEFINE_SCOPED(struct tcp_port *, tcp_port_free)

/* Replaces the host's sockets, at most PORT_SOCKETS; those in use are closed. */
void tcp_port_set_sockets(struct tcp_port *port, const int *take_fds, size_t n_fds);

/*
 * Where to: the container's address, and the socket to probe it with (borrowed; -1 while the
 * container's namespace is unknown, then nothing listens). Relays to an earlier address live on.
 */
void tcp_port_set_target(struct tcp_port *port, const struct inet_address *target, int diag_fd);

/* Open: listen as soon as the container does. Closed: clients are refused; relays live on. */
void tcp_port_set_open(struct tcp_port *port, bool open);

/* The container of this address is gone: relays to it are reset. */
void tcp_port_abort(struct tcp_port *port, const struct inet_address *container);

bool tcp_port_is_listening(const struct tcp_port *port);
size_t tcp_port_connections(const struct tcp_port *port);

#endif
