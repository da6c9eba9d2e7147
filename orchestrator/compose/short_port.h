/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short form of ports: "[HOST_IP:][PUBLISHED:]TARGET[/PROTOCOL]", each port a number or a
 * range.
 *
 * A range stands for as many ports; two ranges must be equally
 * long, and a published range with one target stays a range to choose from.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_SHORT_PORT_H
#define YAWL_ORCHESTRATOR_COMPOSE_SHORT_PORT_H

#include "orchestrator/compose/node.h"

/* Appends the long forms of the text node to the list. */
MUST_CHECK int short_port_expand(struct arena *arena, const struct node *item, struct node *list,
                                 struct error *err);

#endif
