/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `driver_opts` that a service gives for a network: names that people write for Docker's bridge
 * driver.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_ENDPOINT_OPTIONS_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_ENDPOINT_OPTIONS_H

#include "orchestrator/plan/plan_build.h"

/* What they say of the interface's name, or NULL. Borrowed from the project. */
const char *plan_endpoint_options_interface(const struct service_network *network);

/* Puts the interface's parameters into the specification. One that cannot be is an error, an option
 * that is unknown is a warning. */
void plan_endpoint_options_apply(struct plan_build *build, const struct service_network *network,
                                 struct endpoint_spec *endpoint);

#endif
