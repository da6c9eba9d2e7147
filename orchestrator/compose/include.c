/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: `include`. Each entry is a project of its own, with its own directory and
 * environment; what it declares is laid below the document that includes it.
 */
#include <string.h>
#include <sys/stat.h>

#include "common/path.h"
#include "common/text.h"
#include "orchestrator/compose/defaults.h"
#include "orchestrator/compose/document.h"
#include "orchestrator/compose/environment.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/merge.h"
#include "orchestrator/compose/model.h"
#include "orchestrator/compose/normalize.h"
#include "orchestrator/compose/paths.h"

struct inclusion {
    struct loader *loader;
    const struct scope *outer;
    const struct node *entry;
    const struct include_chain *chain;
    struct trail *trail;
};

static bool is_open(const struct include_chain *chain, const char *file)
{
    for (; chain; chain = chain->up) {
        if (strcmp(chain->file, file) == 0)
            return true;
    }
    return false;
}

static void report_cycle(const struct inclusion *inclusion, const char *file)
{
    scoped_text struct text chain = {0};

    text_append(&chain, file);
    for (const struct include_chain *link = inclusion->chain; link; link = link->up)
        text_appendf(&chain, " included by %s", link->file);
    loader_error(inclusion->loader, inclusion->entry, inclusion->trail,
                 "include cycle detected: %s", text_get(&chain));
}

static const char *directory_of(const struct inclusion *inclusion, const char *first_file)
{
    struct loader *loader = inclusion->loader;
    const char *given = node_get_text(inclusion->entry, "project_directory");
    const char *slash = strrchr(first_file, '/');

    if (given && *given)
        return paths_absolute(loader, inclusion->outer->directory, given);
    return slash == first_file
               ? "/"
               : arena_strndup(loader->arena, first_file, (size_t)(slash - first_file));
}

/* The outer variables win over the include's own env files. */
static struct scope scope_of(const struct inclusion *inclusion, const char *directory)
{
    struct loader *loader = inclusion->loader;
    const struct node *given = node_get(inclusion->entry, "env_file");
    struct scope scope = {directory, variables_copy(inclusion->outer->variables)};
    struct string_list files = {0};

    if (!given) {
        environment_add_default(loader, scope.variables, directory);
        return scope;
    }
    for (size_t i = 0; node_is(given, NODE_LIST) && i < given->list.count; i++) {
        const char *file = node_text(given->list.items[i]);

        if (!file || strcmp(file, "/dev/null") == 0)
            continue;
        string_list_add(loader->arena, &files,
                        paths_absolute(loader, inclusion->outer->directory, file));
    }
    environment_add_files(loader, scope.variables, &files);
    return scope;
}

static struct string_list files_of(const struct inclusion *inclusion)
{
    struct loader *loader = inclusion->loader;
    const struct node *paths = node_get(inclusion->entry, "path");
    struct string_list files = {0};

    for (size_t i = 0; node_is(paths, NODE_LIST) && i < paths->list.count; i++) {
        const char *path = node_text(paths->list.items[i]);

        if (path && paths_is_remote(path))
            loader_error(loader, paths->list.items[i], inclusion->trail,
                         "remote Compose files are not supported: %s", path);
        else if (path)
            string_list_add(loader->arena, &files,
                            paths_absolute(loader, inclusion->outer->directory, path));
    }
    return files;
}

static struct node *load_file(const struct inclusion *inclusion, const struct scope *scope,
                              struct node *model, const char *file)
{
    struct include_chain chain = {inclusion->chain, file};
    struct node *documents;

    if (is_open(inclusion->chain, file)) {
        report_cycle(inclusion, file);
        return model;
    }
    documents = document_read_all(inclusion->loader, file);
    for (size_t i = 0; documents && i < documents->list.count; i++) {
        if (documents->list.items[i]->kind == NODE_MAP)
            model = model_add_document(inclusion->loader, scope, model, documents->list.items[i],
                                       &chain);
    }
    return model;
}

/* What an include brings: resources, nothing else. */
static void keep_resources(struct node *model)
{
    static const char *const kinds[] = {"services", "networks", "volumes",
                                        "secrets",  "configs",  "models"};

    for (size_t i = 0; i < model->map.count;) {
        const char *key = model->map.entries[i].key;
        bool keep = false;

        for (size_t k = 0; k < ARRAY_LENGTH(kinds); k++)
            keep |= strcmp(key, kinds[k]) == 0;
        if (keep)
            i++;
        else
            node_remove(model, key);
    }
}

static struct node *load_entry(const struct inclusion *inclusion)
{
    struct loader *loader = inclusion->loader;
    struct node *model = node_new(loader->arena, NODE_MAP, inclusion->entry->at);
    struct string_list files = files_of(inclusion);
    struct scope scope;

    if (files.count == 0)
        return model;
    scope = scope_of(inclusion, directory_of(inclusion, files.items[0]));
    for (size_t i = 0; i < files.count; i++)
        model = load_file(inclusion, &scope, model, files.items[i]);
    keep_resources(model);
    node_came_by(model, inclusion->entry->at, "included in");
    defaults_fill(loader, model, &shape_project);
    paths_resolve(loader, scope.directory, model, &shape_project);
    normalize_environment(model, &scope, loader->arena);
    return model;
}

/* Where two includes name the same thing, the one that comes first in the list wins, as the
 * document wins over both. */
struct node *include_apply(struct loader *loader, const struct scope *scope, struct node *document,
                           const struct include_chain *chain)
{
    const struct node *entries = node_get(document, "include");
    struct trail list = {NULL, "include", 0};
    struct node *below = node_new(loader->arena, NODE_MAP, document->at);

    if (!node_is(entries, NODE_LIST))
        return document;
    for (size_t i = 0; i < entries->list.count; i++) {
        struct trail here = {&list, NULL, i};
        struct inclusion inclusion = {loader, scope, entries->list.items[i], chain, &here};

        if (inclusion.entry->kind == NODE_MAP)
            below = merge_models(loader, load_entry(&inclusion), below, &shape_project, false);
    }
    return merge_models(loader, below, document, &shape_project, true);
}
