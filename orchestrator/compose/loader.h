/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stages of one load share: memory, the list of mistakes, the caller's options.
 *
 * Private to this folder. A stage is a function over the tree; it reports mistakes here and goes
 * on.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_LOADER_H
#define YAWL_ORCHESTRATOR_COMPOSE_LOADER_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/diagnostics.h"
#include "orchestrator/compose/compose.h"
#include "orchestrator/compose/node.h"
#include "orchestrator/compose/trail.h"
#include "orchestrator/compose/variables.h"

/* Where a file looks up names and relative paths: the project's, or an include's own. */
struct scope {
    const char *directory; /* absolute */
    struct variables *variables;
};

struct loader {
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct compose_options *options;
    struct scope scope; /* the project's */
    const char *project_name;
    const char *name_in_file;    /* `name:` of the last file that has one, expanded; or NULL */
    struct string_list files;    /* the project's own files, absolute */
    struct string_list services; /* asked for by name */
    size_t n_documents;
};

/* A mistake at a node; its position and, when it came by one, its alias or extension are kept. */
void loader_error(struct loader *loader, const struct node *node, const struct trail *trail,
                  const char *format, ...) PRINTF_LIKE(4, 5);
void loader_warning(struct loader *loader, const struct node *node, const struct trail *trail,
                    const char *format, ...) PRINTF_LIKE(4, 5);

/* As loader_error(), with the word that was probably meant (NULL: nothing is near). */
void loader_error_hint(struct loader *loader, const struct node *node, const struct trail *trail,
                       const char *meant, const char *message);

/* True when the load has found an error so far. */
bool loader_failed(const struct loader *loader);

#endif
