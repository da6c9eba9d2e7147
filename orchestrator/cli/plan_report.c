/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/plan_report.h"

#include <string.h>

#include "common/json.h"
#include "common/utf8.h"

enum { VALUE_MOST = 60 }; /* characters of a value in the text form */

static size_t name_width(const struct plan_report *report)
{
    size_t width = 0;

    for (size_t i = 0; i < report->count; i++)
        if (strlen(report->items[i].name) > width)
            width = strlen(report->items[i].name);
    return width;
}

static size_t path_width(const struct plan_report_item *item)
{
    size_t width = 0;

    for (size_t i = 0; i < item->n_fields; i++)
        if (strlen(item->fields[i].field->path) > width)
            width = strlen(item->fields[i].field->path);
    return width;
}

/* Cut between characters, not within one. */
static void value_print(const char *value, struct text *out)
{
    size_t length = strlen(value);

    if (length > VALUE_MOST) {
        for (length = VALUE_MOST; length > 0 && !utf8_is_start(value[length]);)
            length--;
        text_append_bytes(out, value, length);
        text_append(out, "…");
    } else {
        text_append(out, value);
    }
}

static void field_print(const struct plan_report_field *entry, size_t width, struct text *out)
{
    const struct config_field *field = entry->field;

    text_appendf(out, "          %-*s  ", (int)width, field->path);
    if (field->old_value && field->new_value) {
        value_print(field->old_value, out);
        text_append(out, " -> ");
        value_print(field->new_value, out);
    } else if (field->new_value) {
        text_append(out, "added ");
        value_print(field->new_value, out);
    } else {
        text_append(out, "removed ");
        value_print(field->old_value, out);
    }
    if (entry->at.line > 0)
        text_appendf(out, "  (%s:%u)", entry->at.file, entry->at.line);
    text_append_char(out, '\n');
}

/* "2 to create, 1 to remove", in the order in which the actions first come. */
static void sum_print(const struct plan_report *report, struct text *out)
{
    const char *separator = "";

    for (size_t i = 0; i < report->count; i++) {
        const char *action = report->items[i].action;
        size_t before = 0, all = 0;

        for (size_t j = 0; j < report->count; j++)
            if (string_eq(report->items[j].action, action)) {
                all++;
                before += j < i;
            }
        if (before > 0)
            continue;
        text_appendf(out, "%s%zu to %s", separator, all, action);
        separator = ", ";
    }
    text_append_char(out, '\n');
}

void plan_report_text(const struct plan_report *report, struct text *out)
{
    size_t width = name_width(report);

    if (report->count == 0) {
        text_appendf(out, "%s: nothing to do\n", report->project);
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        const struct plan_report_item *item = &report->items[i];

        text_appendf(out, "%-8s  %-9s  %-*s  %s\n", item->action, item->kind, (int)width,
                     item->name, item->why);
        for (size_t j = 0; j < item->n_fields; j++)
            field_print(&item->fields[j], path_width(item), out);
    }
    text_appendf(out, "%s: ", report->project);
    sum_print(report, out);
}

static void member_set(json_t *object, const char *key, const char *value)
{
    if (value)
        json_object_set_new(object, key, json_string(value));
}

/* A value is text of JSON; it goes in as what it says. */
static void value_set(json_t *object, const char *key, const char *value)
{
    if (value)
        json_object_set_new(object, key, json_loads(value, JSON_DECODE_ANY, NULL));
}

static json_t *item_json(const struct plan_report_item *item)
{
    json_t *json = json_object(), *fields = json_array();

    member_set(json, "action", item->action);
    member_set(json, "kind", item->kind);
    member_set(json, "name", item->name);
    member_set(json, "service", item->service);
    member_set(json, "why", item->why);
    for (size_t i = 0; i < item->n_fields; i++) {
        const struct plan_report_field *entry = &item->fields[i];
        json_t *field = json_object();

        member_set(field, "path", entry->field->path);
        value_set(field, "old", entry->field->old_value);
        value_set(field, "new", entry->field->new_value);
        if (entry->at.line > 0) {
            member_set(field, "file", entry->at.file);
            json_object_set_new(field, "line", json_integer(entry->at.line));
        }
        json_array_append_new(fields, field);
    }
    json_object_set_new(json, "fields", fields);
    return json;
}

void plan_report_json(const struct plan_report *report, struct text *out)
{
    scoped(json_release) json_t *json = json_object();
    json_t *changes = json_array();

    member_set(json, "project", report->project);
    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(changes, item_json(&report->items[i]));
    json_object_set_new(json, "changes", changes);
    json_format(json, out);
    text_append_char(out, '\n');
}
