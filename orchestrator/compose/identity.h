/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When two items of a list are the same thing said twice: the tables' `identity` rules.
 *
 * Each returns a text that is equal for items that stand for one thing, or NULL when the item has
 * no identity (it is not in long form). The texts live in the arena or in the item.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_IDENTITY_H
#define YAWL_ORCHESTRATOR_COMPOSE_IDENTITY_H

#include "orchestrator/compose/shape.h"

const char *identity_value(struct arena *arena, const struct node *item);
const char *identity_tmpfs(struct arena *arena, const struct node *item);    /* path before ':' */
const char *identity_env_file(struct arena *arena, const struct node *item); /* path */
const char *identity_port(struct arena *arena, const struct node *item);
const char *identity_target(struct arena *arena, const struct node *item); /* cleaned target */
const char *identity_secret(struct arena *arena, const struct node *item);
const char *identity_config(struct arena *arena, const struct node *item);

/* Makes each thing that a list of the tree says twice one item: the later one, in the place of the
 * first. */
void identity_unite(struct loader *loader, struct node *node, const struct shape *shape);

#endif
