/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compose files on disk to the trees of their documents.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_DOCUMENT_H
#define YAWL_ORCHESTRATOR_COMPOSE_DOCUMENT_H

#include "orchestrator/compose/loader.h"

/* Reads all documents of a file ("-" is standard input) as a list node of mappings. Returns NULL
 * when the file cannot be used, which is reported. */
struct node *document_read_all(struct loader *loader, const char *path);

/* Expands a document's variables in the scope and brings it into long form. */
void document_prepare(struct loader *loader, const struct scope *scope, struct node *document);

#endif
