/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of `network create`, docker's, as a definition.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_NETWORK_CREATE_H
#define YAWL_ORCHESTRATOR_CLI_NETWORK_CREATE_H

#include "net/shared_registry.h"
#include "orchestrator/cli/command.h"

/* As session_options(). What is asked for is checked when it is settled. */
MUST_CHECK int network_create_options(struct session *session,
                                      struct shared_definition *ret_network, struct error *err);

#endif
