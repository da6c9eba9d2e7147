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

enum outbound_kind { OUTBOUND_TCP, OUTBOUND_UDP, OUTBOUND_ECHO };

struct outbound_flow_ends {
    enum outbound_kind kind;
    struct inet_address container, meant; /* where it is from, and where it wants to go */
};

/* Where the flow goes in the host's namespace, or false: nowhere. Only networks that are not
 * internal have a way out. Of the host's own addresses only the project's published ports are
 * reachable, and the host itself at HOST_GATEWAY_ADDRESS for containers that may. An echo request
 * has no port. */
bool destination_settle(const struct relay_engine *engine, const struct published_ports *ports,
                        const struct outbound_flow_ends *ends,
                        struct inet_address *ret_destination);

#endif
