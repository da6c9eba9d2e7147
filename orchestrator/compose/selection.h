/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages: profiles, the services that were asked for, and what nobody uses.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_SELECTION_H
#define YAWL_ORCHESTRATOR_COMPOSE_SELECTION_H

#include "orchestrator/compose/loader.h"

/* Moves services whose profiles are not active out of the model. Returns them as a mapping. */
struct node *selection_apply_profiles(struct loader *loader, struct node *model);

/* Keeps the services that were asked for and what they depend on; all when none was named. */
void selection_apply_services(struct loader *loader, struct node *model,
                              const struct node *disabled);

/* Removes networks, volumes, secrets, configs and models that no service uses. */
void selection_prune(struct loader *loader, struct node *model);

#endif
