/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pings of containers to the world outside: each identifier and destination is a flow with a ping
 * socket in the host's namespace (icmp(7): net.ipv4.ping_group_range says who may have one). What
 * may not go out, or cannot, is answered "unreachable" at once.
 */
#ifndef YAWL_NET_RELAY_OUTBOUND_ECHO_H
#define YAWL_NET_RELAY_OUTBOUND_ECHO_H

#include "net/relay/outbound_flows.h"

struct outbound_flows *outbound_echo_new(struct relay_engine *engine,
                                         const struct published_ports *ports);

/* Whether the system lets this process ping, as it is now. */
bool outbound_echo_is_permitted(void);

#endif
