/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: whether the parts of a typed model fit together.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_CHECK_H
#define YAWL_ORCHESTRATOR_COMPOSE_CHECK_H

#include "orchestrator/compose/loader.h"

/* Where secrets and configs come from. Looks at the model before it is typed, because that takes
 * empty values out. */
void check_sources(struct loader *loader, const struct node *model);

/* What every service and volume must fulfil, whether it is switched on or not. */
void check_values(struct loader *loader, const struct node *model);

/* References between the services that are switched on and what they use. `disabled` is a mapping
 * of the services that profiles switch off. */
void check_references(struct loader *loader, const struct node *model, const struct node *disabled);

/* Cycles of depends_on, told as a path. */
void check_cycles(struct loader *loader, const struct node *model);

#endif
