/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: what follows from what is written: the default network, real names of resources,
 * dependencies that links and shared namespaces imply, values that come from the environment.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_NORMALIZE_H
#define YAWL_ORCHESTRATOR_COMPOSE_NORMALIZE_H

#include "orchestrator/compose/loader.h"

void normalize_model(struct loader *loader, struct node *model);

/* Gives names without a value in `environment` and `build.args` the value of the scope, where it
 * has one. */
void normalize_environment(struct node *model, const struct scope *scope, struct arena *arena);

#endif
