/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/model.h"

#include "common/text.h"
#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/document.h"
#include "orchestrator/compose/identity.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/merge.h"
#include "orchestrator/compose/validate.h"

static void drop_version(struct loader *loader, struct node *document)
{
    const struct node *version = node_get(document, "version");

    if (!version)
        return;
    loader_warning(loader, version, NULL,
                   "the attribute `version` is obsolete, it will be ignored, please remove it to "
                   "avoid potential confusion");
    if (version->kind != NODE_STRING)
        return; /* validation says so */
    node_remove(document, "version");
}

struct node *model_add_document(struct loader *loader, const struct scope *scope,
                                struct node *model, struct node *document,
                                const struct include_chain *chain)
{
    document_prepare(loader, scope, document);
    drop_version(loader, document);
    document = include_apply(loader, scope, document, chain);
    extends_apply(loader, scope, document);
    model = merge_models(loader, model, document, &shape_project, false);
    identity_unite(loader, model, &shape_project);
    validate_model(loader, model, &shape_project);
    return model;
}
