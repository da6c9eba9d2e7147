/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: one model over another, by the merge rules of the tables.
 *
 * Both are in long form. Marks (`!reset`, `!override`) of the upper one act on the lower one. The
 * result uses the nodes of both; neither may be used afterwards.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_MERGE_H
#define YAWL_ORCHESTRATOR_COMPOSE_MERGE_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

/* Lays `upper` over `lower` and returns the result. With `keep_marks` the upper one's marks stay in
 * the result, to act once more on what it is laid over next. */
struct node *merge_models(struct loader *loader, struct node *lower, struct node *upper,
                          const struct shape *shape, bool keep_marks);

/* Removes what is marked `!reset` and forgets marks: nothing is below this value any more. */
void merge_settle(struct node *node);

#endif
