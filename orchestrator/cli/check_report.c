/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/check_report.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/limits.h"
#include "orchestrator/cli/version.h"

static const char *severity_name(const struct diagnostic *entry)
{
    return entry->severity == SEVERITY_ERROR ? "error" : "warning";
}

/* Takes the value; a text that is not UTF-8 is left out. */
static void put(json_t *object, const char *key, json_t *value)
{
    if (value)
        (void)json_object_set_new(object, key, value);
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text && *text)
        put(object, key, json_string(text));
}

static void put_position(json_t *object, struct position at)
{
    put_text(object, "file", at.file);
    if (at.line == 0)
        return;
    put(object, "line", json_integer(at.line));
    put(object, "column", json_integer(at.column));
}

static void print(const json_t *json, struct text *out)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    text_appendf(out, "%s\n", text ? text : "null");
    free(text);
}

static json_t *entry_json(const struct diagnostic *entry)
{
    json_t *object = json_object();
    json_t *origin;

    put_text(object, "severity", severity_name(entry));
    put_position(object, entry->at);
    put_text(object, "path", entry->path);
    put_text(object, "message", entry->message);
    put_text(object, "hint", entry->hint);
    if (entry->came_by.line == 0)
        return object;
    origin = json_object();
    put_text(origin, "how", entry->came_how ? entry->came_how : "came by way of");
    put_position(origin, entry->came_by);
    put(object, "origin", origin);
    return object;
}

void check_report_json(const struct diagnostics *diagnostics, struct text *out)
{
    const struct diagnostic *entries[LIMIT_DIAGNOSTICS];
    scoped(json_release) json_t *list = json_array();

    diagnostics_sort(diagnostics, entries);
    for (size_t i = 0; i < diagnostics_length(diagnostics); i++)
        (void)json_array_append_new(list, entry_json(entries[i]));
    print(list, out);
}

/* -- SARIF */

static json_t *location_json(struct position at)
{
    scoped_text struct text uri = {0};
    json_t *region = json_object();

    /* Everything but letters, digits and a few signs is written as %XX in a URI. */
    text_append(&uri, at.file[0] == '/' ? "file://" : "");
    for (const char *p = at.file; *p; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
            strchr("/._-~", *p))
            text_append_char(&uri, *p);
        else
            text_appendf(&uri, "%%%02X", (unsigned char)*p);
    }
    put(region, "startLine", json_integer(at.line > 0 ? at.line : 1));
    if (at.column > 0)
        put(region, "startColumn", json_integer(at.column));
    return json_pack("{s:{s:{s:s}, s:o}}", "physicalLocation", "artifactLocation", "uri",
                     text_get(&uri), "region", region);
}

static json_t *locations_json(struct position at)
{
    json_t *list = json_array();

    if (at.file)
        (void)json_array_append_new(list, location_json(at));
    return list;
}

static json_t *result_json(const struct diagnostic *entry)
{
    scoped_text struct text message = {0};
    json_t *result = json_object();

    if (entry->path && *entry->path)
        text_appendf(&message, "%s: ", entry->path);
    text_append(&message, entry->message);
    if (entry->hint)
        text_appendf(&message, " (%s)", entry->hint);
    put_text(result, "ruleId",
             entry->severity == SEVERITY_ERROR ? "compose-error" : "compose-warning");
    put_text(result, "level", severity_name(entry));
    put(result, "message", json_pack("{s:s}", "text", text_get(&message)));
    put(result, "locations", locations_json(entry->at));
    if (entry->came_by.line > 0)
        put(result, "relatedLocations", locations_json(entry->came_by));
    return result;
}

void check_report_sarif(const struct diagnostics *diagnostics, struct text *out)
{
    const struct diagnostic *entries[LIMIT_DIAGNOSTICS];
    json_t *results = json_array();
    scoped(json_release) json_t *log = NULL;

    diagnostics_sort(diagnostics, entries);
    for (size_t i = 0; i < diagnostics_length(diagnostics); i++)
        (void)json_array_append_new(results, result_json(entries[i]));
    log = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:[{s:s}, {s:s}]}}, s:o}]}", "$schema",
                    "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
                    "tool", "driver", "name", "yawl", "version", YAWL_VERSION, "rules", "id",
                    "compose-error", "id", "compose-warning", "results", results);
    print(log, out);
}
