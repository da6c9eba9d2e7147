/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: a merged model against the key tables.
 *
 * Every value must have one of the forms of its shape, mappings only known keys and all required
 * ones. Each mistake is reported; what is wrong is taken out and its mapping is marked broken, so
 * that later stages see a well-formed model and do not complain about the same thing again.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_VALIDATE_H
#define YAWL_ORCHESTRATOR_COMPOSE_VALIDATE_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

void validate_model(struct loader *loader, struct node *model, const struct shape *shape);

#endif
