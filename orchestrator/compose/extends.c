/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage: `extends`. A base is resolved completely before it is laid below the
 * service that extends it; a base from another file has its paths made absolute against that file's
 * directory first.
 */
#include <string.h>

#include "common/path.h"
#include "common/text.h"
#include "orchestrator/compose/document.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/merge.h"
#include "orchestrator/compose/model.h"
#include "orchestrator/compose/paths.h"

/* Services that extend one another in a row; resolving them is recursive. */
enum { MAX_EXTENDS = 100 };

/* The services of one file, and where its relative paths begin. */
struct extended_file {
    const char *path; /* NULL: the document itself */
    const char *directory;
    struct node *services;
    struct extended_file *next;
};

/* The services that are being resolved, innermost first. */
struct extend_chain {
    const struct extend_chain *up;
    unsigned depth;
    const struct extended_file *file;
    const char *service;
};

struct extender {
    struct loader *loader;
    const struct scope *scope;
    struct extended_file *files; /* read so far */
};

static struct node *resolve_service(struct extender *extender, struct extended_file *file,
                                    const char *name, const struct extend_chain *chain);

static const char *directory_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

/* Several documents of one file are one model, as everywhere. */
static struct node *merged_services(struct extender *extender, struct node *documents)
{
    struct loader *loader = extender->loader;
    struct node *model = node_new(loader->arena, NODE_MAP, documents->at);

    for (size_t i = 0; i < documents->list.count; i++) {
        struct node *document = documents->list.items[i];

        if (document->kind != NODE_MAP)
            continue;
        document_prepare(loader, extender->scope, document);
        model = merge_models(loader, model, document, &shape_project, true);
    }
    return node_get(model, "services");
}

static struct extended_file *open_file(struct extender *extender, const char *path)
{
    struct arena *arena = extender->loader->arena;
    struct extended_file *file = extender->files;
    struct node *documents;

    for (; file; file = file->next) {
        if (file->path && strcmp(file->path, path) == 0)
            return file;
    }
    documents = document_read_all(extender->loader, path);
    if (!documents)
        return NULL;
    file = arena_new_object(arena, struct extended_file);
    file->path = path;
    file->directory = directory_of(arena, path);
    file->services = merged_services(extender, documents);
    file->next = extender->files;
    extender->files = file;
    return file;
}

static bool is_open(const struct extend_chain *chain, const struct extended_file *file,
                    const char *service)
{
    for (; chain; chain = chain->up) {
        if (chain->file == file && strcmp(chain->service, service) == 0)
            return true;
    }
    return false;
}

static void report_cycle(struct extender *extender, const struct node *at,
                         const struct extend_chain *chain, const char *service)
{
    scoped_text struct text text = {0};

    text_append(&text, service);
    for (; chain; chain = chain->up)
        text_appendf(&text, " extended by %s", chain->service);
    loader_error(extender->loader, at, NULL, "circular reference: %s", text_get(&text));
}

static struct extended_file *file_of(struct extender *extender, struct extended_file *file,
                                     const struct node *extends)
{
    const struct node *path = node_get(extends, "file");

    if (!node_text(path))
        return file;
    if (paths_is_remote(path->text)) {
        loader_error(extender->loader, path, NULL, "remote Compose files are not supported: %s",
                     path->text);
        return NULL;
    }
    return open_file(extender, paths_absolute(extender->loader, file->directory, path->text));
}

/* The resolved base, free to be changed; NULL when there is none, which is reported. */
static struct node *base_of(struct extender *extender, struct extended_file *file,
                            const struct node *extends, const struct extend_chain *chain)
{
    const struct node *name = node_get(extends, "service");
    struct extended_file *from = file_of(extender, file, extends);
    struct node *base;

    if (!from || !node_text(name))
        return NULL;
    if (chain->depth > MAX_EXTENDS) {
        loader_error(extender->loader, name, NULL, "too many services extend one another");
        return NULL;
    }
    if (is_open(chain, from, name->text)) {
        report_cycle(extender, name, chain, name->text);
        return NULL;
    }
    base = node_get(from->services, name->text);
    if (!base || (base->kind != NODE_MAP && base->kind != NODE_NULL)) {
        loader_error(extender->loader, name, NULL,
                     "cannot extend service \"%s\"%s%s: service \"%s\" not found", chain->service,
                     from->path ? " in " : "", from->path ? from->path : "", name->text);
        return NULL;
    }
    if (base->kind == NODE_NULL)
        return base;
    base = node_copy(extender->loader->arena, resolve_service(extender, from, name->text, chain));
    node_came_by(base, name->at, "extended in");
    merge_settle(base);
    if (from != file)
        paths_resolve(extender->loader, from->directory, base, &shape_service);
    return base;
}

static struct node *resolve_service(struct extender *extender, struct extended_file *file,
                                    const char *name, const struct extend_chain *chain)
{
    struct node_entry *entry = node_find(file->services, name);
    struct node *extends = node_get(entry->value, "extends");
    struct extend_chain here = {chain, chain ? chain->depth + 1 : 1, file, name};
    struct node *service, *base;

    /* What does not name a service is left for validation to complain about. */
    if (!node_get_text(extends, "service") || extends->mark == MARK_RESET)
        return entry->value;
    base = base_of(extender, file, extends, &here);
    service = entry->value;
    /* As in the reference, an empty base leaves the key behind. */
    if (node_is(base, NODE_NULL))
        return service;
    node_remove(service, "extends");
    if (!base) {
        service->broken = true;
        return service;
    }
    service = merge_models(extender->loader, base, service, &shape_service, true);
    entry = node_find(file->services, name);
    service->mark = entry->value->mark;
    service->at = entry->value->at;
    entry->value = service;
    return service;
}

void extends_apply(struct loader *loader, const struct scope *scope, struct node *document)
{
    struct extended_file own = {.directory = scope->directory,
                                .services = node_get(document, "services")};
    struct extender extender = {loader, scope, &own};

    for (size_t i = 0; node_is(own.services, NODE_MAP) && i < own.services->map.count; i++) {
        if (own.services->map.entries[i].value->kind == NODE_MAP)
            (void)resolve_service(&extender, &own, own.services->map.entries[i].key, NULL);
    }
}
