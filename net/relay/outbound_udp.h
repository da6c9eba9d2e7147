/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP of containers to the world outside, as flows: the router hands datagrams over (TPROXY), each
 * flow has a socket of its own in the host's namespace, and replies leave from the address that the
 * container wrote to.
 */
#ifndef YAWL_NET_RELAY_OUTBOUND_UDP_H
#define YAWL_NET_RELAY_OUTBOUND_UDP_H

#include "net/relay/published_ports.h"
#include "net/relay/relay_engine.h"

struct outbound_udp;

struct outbound_udp *outbound_udp_new(struct relay_engine *engine,
                                      const struct published_ports *ports);
void outbound_udp_free(struct outbound_udp *outbound);
DEFINE_SCOPED(struct outbound_udp *, outbound_udp_free)

/* The container at this address is gone. */
void outbound_udp_abort(struct outbound_udp *outbound, const struct inet_address *container);
size_t outbound_udp_count(const struct outbound_udp *outbound);

#endif
