/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: every scalar gets its final type and spelling, so that the tree is what `config` prints.
 *
 * What is zero or empty is taken out unless its key is printed even so (KEY_KEEP). The rules below
 * are the tables' `finish`; they run after the value's children have their types.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_TYPING_H
#define YAWL_ORCHESTRATOR_COMPOSE_TYPING_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

/* Returns the node or its replacement; a text that does not fit its type is reported. */
struct node *typing_apply(struct loader *loader, struct node *node, const struct shape *shape,
                          const struct trail *trail);

#define FINISH_RULE(name)                                                                          \
    struct node *name(struct loader *loader, struct node *node, const struct trail *trail)

FINISH_RULE(finish_labels);  /* null values are empty texts */
FINISH_RULE(finish_texts);   /* values of any type are their texts */
FINISH_RULE(finish_command); /* text: split into words */
FINISH_RULE(finish_health_test);
FINISH_RULE(finish_sorted); /* list of texts, sorted */
FINISH_RULE(finish_ssh);    /* mapping: list of "id: path" */
FINISH_RULE(finish_provider_option);

#endif
