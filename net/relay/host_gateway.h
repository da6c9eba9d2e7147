/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one address by which a container may reach the machine that it runs on: HOST_GATEWAY_ADDRESS,
 * which `host-gateway` stands for in extra_hosts. Nobody has it; the relay puts one of the host's
 * own in its place.
 *
 * Who may is known by the container's address; everybody else is refused.
 */
#ifndef YAWL_NET_RELAY_HOST_GATEWAY_H
#define YAWL_NET_RELAY_HOST_GATEWAY_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "net/inet_address.h"
#include "net/network_spec.h"
#include "net/relay/route_lookup.h"

struct host_gateway;

struct host_gateway *host_gateway_new(void);
void host_gateway_free(struct host_gateway *gateway);
DEFINE_SCOPED(struct host_gateway *, host_gateway_free)

/* What the container at this address may reach from now on; HOST_ACCESS_NONE forgets it. */
void host_gateway_set(struct host_gateway *gateway, const struct inet_address *container,
                      enum host_access access);

bool host_gateway_is(const struct inet_address *destination);

/* The host's address in place of the reserved one, the port kept. False: this container may not, or
 * the host has no address but loopback. */
bool host_gateway_translate(const struct host_gateway *gateway, struct route_lookup *lookup,
                            const struct inet_address *container, struct inet_address *destination);

#endif
