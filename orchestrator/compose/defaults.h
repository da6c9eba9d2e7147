/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: what the user left out and the specification fills in. The functions are the tables'
 * `defaults` rules.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_DEFAULTS_H
#define YAWL_ORCHESTRATOR_COMPOSE_DEFAULTS_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

void defaults_fill(struct loader *loader, struct node *node, const struct shape *shape);

void default_build(struct loader *loader, struct node *node);
void default_device_request(struct loader *loader, struct node *node);
void default_dependency(struct loader *loader, struct node *node);
void default_port(struct loader *loader, struct node *node);
void default_mount(struct loader *loader, struct node *node);
void default_secret_grant(struct loader *loader, struct node *node);

#endif
