/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where containers may connect to from the host's namespace.
 *
 * What a container sends outside becomes traffic of a process on the host. Without this rule it
 * would reach what the host serves for itself alone (reference: slirp's --disable-host-loopback):
 * its own addresses, loopback, link-local addresses with the metadata services of clouds.
 */
#ifndef YAWL_NET_RELAY_DESTINATION_POLICY_H
#define YAWL_NET_RELAY_DESTINATION_POLICY_H

#include <stdbool.h>

#include "net/relay/published_ports.h"
#include "net/relay/relay_engine.h"

/* Of the host's own addresses only the project's published ports are reachable (`udp`: of that
 * kind). */
bool destination_is_allowed(const struct relay_engine *engine, const struct published_ports *ports,
                            bool udp, const struct inet_address *destination);

/* Whether an address is in a network that has a way out. */
bool source_is_allowed(const struct relay_engine *engine, const struct inet_address *source);

#endif
