/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One published UDP port: each client is a flow of its own, with a socket in the router namespace
 * that appears as that client to the container. UDP has no listening state, so an open port relays
 * from the start.
 */
#ifndef YAWL_NET_RELAY_UDP_PORT_H
#define YAWL_NET_RELAY_UDP_PORT_H

#include <stdbool.h>

#include "net/relay/relay_engine.h"

struct udp_port;

struct udp_port *udp_port_new(struct relay_engine *engine);
void udp_port_free(struct udp_port *port);
DEFINE_SCOPED(struct udp_port *, udp_port_free)

/* Replaces the host's sockets; those in use are closed. */
void udp_port_set_sockets(struct udp_port *port, const int *take_fds, size_t n_fds);
/* A change ends the flows to the earlier address. */
void udp_port_set_target(struct udp_port *port, const struct inet_address *target);
/* While closed, datagrams are thrown away, and the flows end. */
void udp_port_set_open(struct udp_port *port, bool open);
/* The container at the target is gone: its flows end. */
void udp_port_abort(struct udp_port *port);

size_t udp_port_flows(const struct udp_port *port);

#endif
