/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/document.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "orchestrator/compose/canonical.h"
#include "orchestrator/compose/expand.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/yaml_reader.h"

/* Of one load, includes and extended files together. */
enum { MAX_DOCUMENTS = 2000 };

static int read_text(struct loader *loader, const char *path, struct text *text)
{
    struct position at = {path, 0, 0};
    struct error err = {0};
    int result;

    if (strcmp(path, "-") == 0)
        result = fd_read_all(STDIN_FILENO, LIMIT_YAML_BYTES, text, &err);
    else
        result = file_read(AT_FDCWD, path, LIMIT_YAML_BYTES, text, NULL, &err);
    if (result < 0)
        diagnostics_error(loader->diagnostics, at, NULL, "%s", err.text);
    return result;
}

static bool is_usable(struct loader *loader, const struct node *documents, struct position start)
{
    bool usable = true;
    size_t empty = 0;

    for (size_t i = 0; i < documents->list.count; i++) {
        const struct node *document = documents->list.items[i];

        empty += document->kind == NODE_NULL;
        if (document->kind == NODE_MAP || document->kind == NODE_NULL)
            continue;
        loader_error(loader, document, NULL, "top-level object must be a mapping");
        usable = false;
    }
    if (empty == documents->list.count)
        diagnostics_error(loader->diagnostics, start, NULL, "empty compose file");
    return usable && empty < documents->list.count;
}

struct node *document_read_all(struct loader *loader, const char *path)
{
    scoped_text struct text text = {0};
    struct yaml_source source = {.file = arena_strdup(loader->arena, path)};
    struct position start = {source.file, 1, 1};
    struct node *documents;

    if (++loader->n_documents > MAX_DOCUMENTS) {
        diagnostics_error(loader->diagnostics, start, NULL, "too many files are loaded");
        return NULL;
    }
    if (read_text(loader, path, &text) < 0)
        return NULL;
    source.bytes = text_get(&text);
    source.length = text.length;
    if (yaml_read(loader->arena, loader->diagnostics, &source, &documents) < 0)
        return NULL;
    return is_usable(loader, documents, start) ? documents : NULL;
}

void document_prepare(struct loader *loader, const struct scope *scope, struct node *document)
{
    if (!loader->options->no_interpolate)
        expand_tree(loader, scope, document, &shape_project);
    (void)canonical_tree(loader, document, &shape_project, NULL);
}
