/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a project, or of an include, to one merged and validated model: the loop over
 * documents that the reference keeps.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_MODEL_H
#define YAWL_ORCHESTRATOR_COMPOSE_MODEL_H

#include "orchestrator/compose/loader.h"

/* The files that are being included, innermost first. */
struct include_chain {
    const struct include_chain *up;
    const char *file;
};

/* Lays one document over the model so far: includes, extends, merge, validation. Returns the model.
 */
struct node *model_add_document(struct loader *loader, const struct scope *scope,
                                struct node *model, struct node *document,
                                const struct include_chain *chain);

/* Loads the files that the document includes and lays it over what they declare. Returns the
 * result. */
struct node *include_apply(struct loader *loader, const struct scope *scope, struct node *document,
                           const struct include_chain *chain);

/* Resolves `extends` of all services of the document, in place. */
void extends_apply(struct loader *loader, const struct scope *scope, struct node *document);

#endif
