/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `driver_opts` of a network: the names that people write for Docker's bridge driver.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_NETWORK_OPTIONS_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_NETWORK_OPTIONS_H

#include "common/diagnostics.h"
#include "net/network_spec.h"
#include "orchestrator/compose/project.h"

/* Puts into the specification what belongs there. A value that cannot be is an error, an option
 * that is unknown or asks for what a relay does not do is a warning. */
void plan_network_options_apply(const struct network *network, struct diagnostics *diagnostics,
                                struct network_spec *spec);

/* What the network's options say for the services on it, or NULL: the address of the host that
 * ports are published on by default, and how interfaces begin ("eth"). Borrowed from the project.
 */
const char *plan_network_options_binding(const struct network *network);
const char *plan_network_options_prefix(const struct network *network);

/* Whether its containers are stations of the host's own network: the driver is 'macvlan' or
 * 'ipvlan'. */
bool plan_network_options_is_station(const struct network *network);
/* Puts what such a network's options say into the specification. */
void plan_network_options_station(const struct network *network, struct arena *arena,
                                  struct network_spec *spec);

#endif
