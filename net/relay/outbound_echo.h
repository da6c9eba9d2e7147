/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pings of containers to the world outside: each identifier and destination is a flow with a ping
 * socket in the host's namespace (icmp(7): net.ipv4.ping_group_range says who may have one). What
 * may not go out, or cannot, is answered "unreachable" at once.
 */
#ifndef YAWL_NET_RELAY_OUTBOUND_ECHO_H
#define YAWL_NET_RELAY_OUTBOUND_ECHO_H

#include "net/relay/published_ports.h"
#include "net/relay/relay_engine.h"

struct outbound_echo;

struct outbound_echo *outbound_echo_new(struct relay_engine *engine,
                                        const struct published_ports *ports);
void outbound_echo_free(struct outbound_echo *outbound);
DEFINE_SCOPED(struct outbound_echo *, outbound_echo_free)

/* The container at this address is gone. */
void outbound_echo_abort(struct outbound_echo *outbound, const struct inet_address *container);
size_t outbound_echo_count(const struct outbound_echo *outbound);

/* Whether the system lets this process ping, as it is now. */
bool outbound_echo_is_permitted(void);

#endif
