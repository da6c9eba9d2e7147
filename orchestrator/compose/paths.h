/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: relative paths become absolute. The functions are the tables' `resolve`
 * rules.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_PATHS_H
#define YAWL_ORCHESTRATOR_COMPOSE_PATHS_H

#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/shape.h"

/* Resolves every path of the tree against the directory. */
void paths_resolve(struct loader *loader, const char *directory, struct node *node,
                   const struct shape *shape);

/* `path` below `directory`; "~" is the user's home. */
const char *paths_absolute(struct loader *loader, const char *directory, const char *path);

/* True for what is fetched from elsewhere: https://, git@, github.com/, oci://, ... */
bool paths_is_remote(const char *text);

void resolve_file(struct loader *loader, const char *directory, struct node *node);
void resolve_context(struct loader *loader, const char *directory, struct node *node);
void resolve_mount(struct loader *loader, const char *directory, struct node *node);
void resolve_volume(struct loader *loader, const char *directory, struct node *node);

#endif
