/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: variables in the values of one document, and the casts of the tables.
 *
 * Keys are never expanded. A text whose shape is a boolean or a number becomes one when it reads as
 * one. A name that is not set gives one warning per name and load.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_EXPAND_H
#define YAWL_ORCHESTRATOR_COMPOSE_EXPAND_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

void expand_tree(struct loader *loader, const struct scope *scope, struct node *node,
                 const struct shape *shape);

/* One text outside of a tree (`name:`). Returns it unchanged when it cannot be expanded, which is
 * reported. */
const char *expand_text(struct loader *loader, const struct scope *scope, const struct node *node,
                        const struct trail *trail);

/* "true", "yes", "on", "y" and their opposites, in any case. */
bool boolean_parse(const char *text, bool *ret_value);

#endif
