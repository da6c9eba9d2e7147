/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside supervise/: published ports of a container that yields to another one of its service
 * (`update_config.order: start-first`). A host port is one socket, so the newer one does without
 * until the older one lets go of it: when the newer one is ready, or when the older one is killed
 * or has ended by itself.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_SUCCESSION_H
#define YAWL_ORCHESTRATOR_SUPERVISE_SUCCESSION_H

#include "orchestrator/supervise/supervisor_state.h"

/* Whether an older one still has the port. */
bool port_is_awaited(const struct instance *instance, const struct port_spec *port);
/* Gives the ports of one that yields to those that take its place. */
void ports_hand_over(struct instance *instance);

#endif
