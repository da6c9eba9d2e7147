/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/config_report.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/sha256.h"

enum { COLUMN_LEAST = 20, COLUMN_GAP = 3, N_COLUMNS = 4 };

void config_report_list(struct string_list list, struct text *out)
{
    for (size_t i = 0; i < list.count; i++)
        text_appendf(out, "%s\n", list.items[i]);
}

/* -- hashes */

static struct string_list split_names(struct arena *arena, const char *text)
{
    struct string_list names = {0};

    for (;;) {
        size_t length = strcspn(text, ",");

        if (length > 0)
            string_list_add(arena, &names, arena_strndup(arena, text, length));
        if (!text[length])
            break;
        text += length + 1;
    }
    string_list_sort(&names);
    return names;
}

static void report_hash(const struct compose *compose, const char *name, struct text *out)
{
    scoped_text struct text canonical = {0};
    char hex[SHA256_HEX_SIZE];

    compose_print_service_for_hash(compose, name, &canonical);
    sha256_hex(text_get(&canonical), canonical.length, hex);
    text_appendf(out, "%s %s\n", name, hex);
}

int config_report_hashes(const struct compose *compose, const char *wanted, struct arena *arena,
                         struct text *out, struct error *err)
{
    struct string_list all = compose_names(compose, arena, "services");
    struct string_list names = string_eq(wanted, "*") ? all : split_names(arena, wanted);

    for (size_t i = 0; i < names.count; i++) {
        const char *near = NULL;
        bool known = false;

        for (size_t j = 0; j < all.count && !known; j++)
            known = string_eq(all.items[j], names.items[i]);
        if (known) {
            report_hash(compose, names.items[i], out);
            continue;
        }
        near = string_suggest(names.items[i], all.items, all.count);
        return error_set(err, "no such service: %s%s%s%s", names.items[i],
                         near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    }
    return 0;
}

/* -- images */

void config_report_images(const struct compose *compose, struct text *out)
{
    const struct project *project = compose_project(compose);

    for (size_t i = 0; project && i < project->n_services; i++) {
        const struct service *service = &project->services[i];

        if (service->image)
            text_appendf(out, "%s\n", service->image);
        else
            text_appendf(out, "%s-%s\n", project->name, service->name);
    }
}

/* -- variables */

static void variables_json(const struct variable_use *uses, size_t count, struct text *out)
{
    scoped(json_release) json_t *object = json_object();
    char *text;

    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, uses[i].name,
                            json_pack("{s:s, s:s, s:s, s:b}", "Name", uses[i].name, "DefaultValue",
                                      uses[i].fallback, "PresenceValue", uses[i].alternative,
                                      "Required", uses[i].required));
    text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    text_appendf(out, "%s\n", text ? text : "{}");
    free(text);
}

static void row_of(const struct variable_use *use, const char **cells)
{
    cells[0] = use ? use->name : "NAME";
    cells[1] = use ? (use->required ? "true" : "false") : "REQUIRED";
    cells[2] = use ? use->fallback : "DEFAULT VALUE";
    cells[3] = use ? use->alternative : "ALTERNATE VALUE";
}

static void row_print(const char *const *cells, const int *widths, struct text *out)
{
    for (size_t i = 0; i + 1 < N_COLUMNS; i++)
        text_appendf(out, "%-*s", widths[i], cells[i]);
    text_appendf(out, "%s\n", cells[N_COLUMNS - 1]);
}

static void variables_table(const struct variable_use *uses, size_t count, struct text *out)
{
    int widths[N_COLUMNS] = {COLUMN_LEAST, COLUMN_LEAST, COLUMN_LEAST, COLUMN_LEAST};
    const char *cells[N_COLUMNS];

    for (size_t i = 0; i < count; i++) {
        row_of(&uses[i], cells);
        for (size_t j = 0; j < N_COLUMNS; j++)
            if ((int)strlen(cells[j]) + COLUMN_GAP > widths[j])
                widths[j] = (int)strlen(cells[j]) + COLUMN_GAP;
    }
    row_of(NULL, cells);
    row_print(cells, widths, out);
    for (size_t i = 0; i < count; i++) {
        row_of(&uses[i], cells);
        row_print(cells, widths, out);
    }
}

void config_report_variables(const struct compose *compose, struct arena *arena, bool json,
                             struct text *out)
{
    size_t count;
    const struct variable_use *uses = compose_variable_uses(compose, arena, &count);

    if (json)
        variables_json(uses, count, out);
    else
        variables_table(uses, count, out);
}

/* -- explanations */

static const struct variable_use *find_use(const struct variable_use *uses, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (string_eq(uses[i].name, name))
            return &uses[i];
    return NULL;
}

static void report_places(const struct variable_use *use, struct text *out)
{
    for (const struct variable_place *place = use->places; place; place = place->next)
        text_appendf(out, "  used in %s:%u:%u (%s)\n", place->at.file, place->at.line,
                     place->at.column, place->path ? place->path : "");
}

int config_report_explanation(const struct compose *compose, const struct compose *raw,
                              const char *what, struct text *out, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    size_t count = 0;
    const struct variable_use *uses = raw ? compose_variable_uses(raw, arena, &count) : NULL;
    const struct variable_use *use = find_use(uses, count, what);

    if (compose_explain(compose, what, out, err) == 0) {
        if (use)
            report_places(use, out);
        return 0;
    }
    if (!use)
        return -1;
    text_appendf(out, "%s is not set\n", what);
    report_places(use, out);
    if (*use->fallback)
        text_appendf(out, "  its default there is '%s'\n", use->fallback);
    return 0;
}
