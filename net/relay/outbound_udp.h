/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP of containers to the world outside, as flows: the router hands datagrams over (TPROXY), each
 * flow has a socket of its own in the host's namespace, and replies leave from the address that the
 * container wrote to.
 */
#ifndef YAWL_NET_RELAY_OUTBOUND_UDP_H
#define YAWL_NET_RELAY_OUTBOUND_UDP_H

#include "net/relay/outbound_flows.h"

struct outbound_flows *outbound_udp_new(struct relay_engine *engine,
                                        const struct published_ports *ports);

#endif
