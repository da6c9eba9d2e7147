/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections of containers to the world outside: the router hands them over (TPROXY), the real
 * connection is made from the host's namespace.
 */
#ifndef YAWL_NET_RELAY_OUTBOUND_TCP_H
#define YAWL_NET_RELAY_OUTBOUND_TCP_H

#include "net/relay/published_ports.h"
#include "net/relay/relay_engine.h"

struct outbound_tcp;

struct outbound_tcp *outbound_tcp_new(struct relay_engine *engine,
                                      const struct published_ports *ports);
void outbound_tcp_free(struct outbound_tcp *outbound);
DEFINE_SCOPED(struct outbound_tcp *, outbound_tcp_free)

/* The container at this address is gone. */
void outbound_tcp_abort(struct outbound_tcp *outbound, const struct inet_address *container);
size_t outbound_tcp_count(const struct outbound_tcp *outbound);

#endif
