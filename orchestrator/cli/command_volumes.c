/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/json.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/list_format.h"
#include "orchestrator/cli/table.h"
#include "orchestrator/cli/volumes.h"

struct listing {
    struct session *session;
    struct string_list wanted; /* volumes of the named services; empty: all */
    struct string_list names;
};

/* The volumes of named services stand in the file only. */
static int wanted_find(struct listing *listing, struct string_list services, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    const struct project *project;

    if (services.count == 0)
        return 0;
    listing->session->compose.no_deps = true;
    if (session_load(listing->session, services, &compose, err) < 0)
        return -1;
    project = compose_project(compose);
    for (size_t i = 0; i < project->n_volumes; i++)
        string_list_add(listing->session->arena, &listing->wanted,
                        arena_strdup(listing->session->arena, project->volumes[i].name));
    if (listing->wanted.count == 0)
        string_list_add(listing->session->arena, &listing->wanted, ""); /* none */
    return 0;
}

static json_t *listing_objects(const struct listing *listing)
{
    json_t *array = json_array();

    for (size_t i = 0; i < listing->names.count; i++) {
        const char *name = listing->names.items[i];

        if (listing->wanted.count == 0 || string_list_has(&listing->wanted, name))
            json_array_append_new(array, json_pack("{s:s,s:s}", "Driver", "local", "Name", name));
    }
    return array;
}

static void listing_table(const struct listing *listing, const json_t *objects, struct text *out)
{
    static const char *const heads[] = {"DRIVER", "VOLUME NAME", NULL};
    struct table table = table_start(listing->session->arena, heads);

    for (size_t i = 0; i < json_array_size(objects); i++) {
        table_add(&table, json_get_string(json_array_get(objects, i), "Driver", ""));
        table_add(&table, json_get_string(json_array_get(objects, i), "Name", ""));
    }
    table_print(&table, out);
}

static int listing_print(const struct listing *listing, const char *format, bool quiet,
                         struct error *err)
{
    scoped(json_release) json_t *objects = listing_objects(listing);
    scoped_text struct text out = {0};
    enum list_kind kind;

    if (list_format_kind(format, &kind, err) < 0)
        return -1;
    if (quiet)
        format = "{{.Name}}";
    else if (kind == LIST_JSON)
        format = "{{json .}}";
    if (!quiet && kind == LIST_TABLE)
        listing_table(listing, objects, &out);
    else if (list_format_rows(format, objects, listing->session->arena, &out, err) < 0)
        return -1;
    (void)printf("%s", text_get(&out));
    return 0;
}

int command_volumes(struct session *session, struct error *err)
{
    struct listing listing = {.session = session};
    struct string_list services = {0};
    const char *format = NULL, *project;
    struct roots roots;
    bool quiet = false;
    const struct option_row rows[] = {
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "only names"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "table, json or '{{.Name}}'"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (compose_project_name(&session->compose, session->arena, &project, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0 || wanted_find(&listing, services, err) < 0 ||
        volumes_list(&roots, project, session->arena, &listing.names, err) < 0)
        return -1;
    return listing_print(&listing, format, quiet, err);
}
