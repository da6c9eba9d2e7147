/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages in their order:
 *
 *   variables, files -> documents -> name -> [expand, long form, include, extends, merge, validate]
 * per document
 *   -> defaults -> paths -> normalise -> types -> values -> profiles -> references -> selection
 *   -> env files -> pruning -> project
 */
#include "orchestrator/compose/compose.h"

#include <string.h>

#include "common/memory.h"
#include "common/path.h"
#include "common/text.h"
#include "orchestrator/compose/check.h"
#include "orchestrator/compose/compose_model.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/defaults.h"
#include "orchestrator/compose/document.h"
#include "orchestrator/compose/environment.h"
#include "orchestrator/compose/expand.h"
#include "orchestrator/compose/files.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/loader.h"
#include "orchestrator/compose/model.h"
#include "orchestrator/compose/normalize.h"
#include "orchestrator/compose/paths.h"
#include "orchestrator/compose/print.h"
#include "orchestrator/compose/selection.h"
#include "orchestrator/compose/support.h"
#include "orchestrator/compose/typing.h"

/* The trees of one file, kept between the search for the name and the merge. */
struct file_trees {
    const char *path;
    struct node *documents; /* NULL: not readable */
};

static void note_name(struct loader *loader, const struct node *documents)
{
    struct trail trail = {NULL, "name", 0};

    for (size_t i = 0; documents && i < documents->list.count; i++) {
        const struct node *name = node_get(documents->list.items[i], "name");

        if (node_text(name) && *name->text)
            loader->name_in_file = loader->options->no_interpolate
                                       ? name->text
                                       : expand_text(loader, &loader->scope, name, &trail);
    }
}

static int choose_name(struct loader *loader)
{
    struct variable variable = {.name = "COMPOSE_PROJECT_NAME"};
    struct position nowhere = {0};

    if (files_given_name(loader, &loader->project_name) < 0)
        return -1;
    if (!loader->project_name && loader->name_in_file)
        loader->project_name = files_normal_name(loader->arena, loader->name_in_file);
    if (!loader->project_name)
        loader->project_name =
            files_normal_name(loader->arena, path_base_name(loader->scope.directory));
    if (!*loader->project_name) {
        diagnostics_error(loader->diagnostics, nowhere, NULL, "project name must not be empty");
        return -1;
    }
    variable.value = loader->project_name;
    variables_set(loader->scope.variables, variable);
    return 0;
}

static struct file_trees *read_files(struct loader *loader)
{
    struct file_trees *files =
        arena_new_array(loader->arena, struct file_trees, loader->files.count);

    for (size_t i = 0; i < loader->files.count; i++) {
        files[i].path = loader->files.items[i];
        files[i].documents = document_read_all(loader, files[i].path);
        note_name(loader, files[i].documents);
    }
    return files;
}

static struct node *merge_files(struct loader *loader, const struct file_trees *files)
{
    struct position start = {loader->files.items[0], 1, 1};
    struct node *model = node_new(loader->arena, NODE_MAP, start);

    for (size_t i = 0; i < loader->files.count; i++) {
        struct include_chain chain = {NULL, files[i].path};
        const struct node *documents = files[i].documents;

        for (size_t j = 0; documents && j < documents->list.count; j++) {
            if (documents->list.items[j]->kind == NODE_MAP)
                model = model_add_document(loader, &loader->scope, model, documents->list.items[j],
                                           &chain);
        }
    }
    return model;
}

/* Everything between the merged model and the one that is printed. Returns the services that are
 * switched off. */
static struct node *resolve(struct loader *loader, struct node *model)
{
    const struct compose_options *options = loader->options;
    struct node *disabled;

    defaults_fill(loader, model, &shape_project);
    if (!options->no_path_resolution)
        paths_resolve(loader, loader->scope.directory, model, &shape_project);
    if (!options->no_normalize)
        normalize_model(loader, model);
    if (!options->no_interpolate) {
        check_sources(loader, model);
        (void)typing_apply(loader, model, &shape_project, NULL);
        check_values(loader, model);
    }
    (void)node_child_map(loader->arena, model, "services");
    node_put(loader->arena, model, "name",
             node_string(loader->arena, loader->project_name, model->at));
    node_remove(model, "include");
    if (options->no_interpolate)
        return node_new(loader->arena, NODE_MAP, model->at); /* all services are shown as written */
    disabled = selection_apply_profiles(loader, model);
    if (!options->no_consistency) {
        check_references(loader, model, disabled);
        check_cycles(loader, model);
    }
    selection_apply_services(loader, model, disabled);
    environment_resolve_services(loader, model);
    if (!options->no_normalize && !options->all_resources)
        selection_prune(loader, model);
    return disabled;
}

static int load(struct loader *loader, struct compose *compose)
{
    const struct compose_options *options = loader->options;
    const struct node *disabled;
    struct file_trees *files;

    if (files_find(loader) < 0)
        return -1;
    files = read_files(loader);
    if (choose_name(loader) < 0)
        return -1;
    compose->model = merge_files(loader, files);
    compose->disabled = disabled = resolve(loader, compose->model);
    compose->variables = loader->scope.variables;
    if (loader_failed(loader))
        return -1;
    compose->raw = options->no_interpolate;
    compose->escape = !options->no_interpolate;
    if (!options->no_normalize && !options->no_interpolate)
        compose->project = decode_project(loader, compose->model, disabled);
    return 0;
}

int compose_load(const struct compose_options *options, struct diagnostics *diagnostics,
                 struct compose **ret_compose)
{
    struct compose *compose = memory_new(struct compose);
    struct loader loader = {.diagnostics = diagnostics, .options = options};

    loader.arena = compose->arena = arena_new();
    if (load(&loader, compose) < 0) {
        compose_free(compose);
        return -1;
    }
    *ret_compose = compose;
    return 0;
}

void compose_free(struct compose *compose)
{
    if (!compose)
        return;
    arena_free(compose->arena);
    free(compose);
}

const struct project *compose_project(const struct compose *compose)
{
    return compose->project;
}

void compose_report_support(const struct compose *compose, struct diagnostics *diagnostics)
{
    support_report(compose->model, diagnostics);
}

static void append_escaped(const struct compose *compose, const char *text, struct text *out)
{
    for (; *text; text++) {
        text_append_char(out, *text);
        if (*text == '$' && compose->escape)
            text_append_char(out, '$');
    }
}

void compose_print_yaml(const struct compose *compose, struct text *out)
{
    scoped_text struct text plain = {0};

    print_yaml(compose->model, compose->raw ? NULL : &shape_project, &plain);
    append_escaped(compose, text_get(&plain), out);
}

void compose_print_json(const struct compose *compose, struct text *out)
{
    scoped_text struct text plain = {0};

    print_json(compose->model, compose->raw ? NULL : &shape_project, 2, &plain);
    append_escaped(compose, text_get(&plain), out);
}

void compose_print_service_for_hash(const struct compose *compose, const char *service,
                                    struct text *out)
{
    static const char *const left_out[] = {"build", "pull_policy", "scale", "depends_on",
                                           "profiles"};
    const struct node *found = node_get(node_get(compose->model, "services"), service);
    scoped(arena_free) struct arena *arena = arena_new();
    struct node *copy, *deploy;

    if (!found)
        return;
    copy = node_copy(arena, found);
    for (size_t i = 0; i < ARRAY_LENGTH(left_out); i++)
        node_remove(copy, left_out[i]);
    deploy = node_get(copy, "deploy");
    if (node_is(deploy, NODE_MAP))
        node_remove(deploy, "replicas");
    print_json(copy, &shape_service, 0, out);
}

int compose_project_name(const struct compose_options *options, struct arena *arena,
                         const char **ret_name, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct loader loader = {.arena = arena, .diagnostics = diagnostics, .options = options};
    const char *name = NULL;
    bool found;

    loader.scope.variables = environment_of_process(&loader);
    if (files_given_name(&loader, &name) < 0)
        return error_set(err, "%s", diagnostics_get(diagnostics, 0)->message);
    if (name) {
        *ret_name = name;
        return 0;
    }
    /* A name in `.env` needs no file; files_find() reads the variables before it looks for one. */
    found = files_find(&loader) == 0;
    if (found)
        (void)read_files(&loader);
    if (files_given_name(&loader, &name) == 0 && (name || (found && choose_name(&loader) == 0))) {
        *ret_name = name ? name : loader.project_name;
        return 0;
    }
    return error_set(err, "%s", diagnostics_get(diagnostics, 0)->message);
}
