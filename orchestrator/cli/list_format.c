/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/list_format.h"

#include <ctype.h>
#include <string.h>

#include "orchestrator/cli/table.h"

#define TABLE_WORD "table "

enum { COLUMNS_MOST = 64 };

int list_format_kind(const char *format, enum list_kind *ret_kind, struct error *err)
{
    if (!format || !*format || string_eq(format, "table"))
        *ret_kind = LIST_TABLE;
    else if (string_eq(format, "json"))
        *ret_kind = LIST_JSON;
    else if (strstr(format, "{{"))
        *ret_kind = LIST_TEMPLATE;
    else
        return error_set(err, "unknown format '%s': table, json or a template as '{{.Name}}'",
                         format);
    return 0;
}

/* In a shell's single quotes a tab is written as "\t". */
static const char *unescape(const char *format, struct arena *arena)
{
    scoped_text struct text out = {0};

    for (; *format; format++) {
        if (format[0] == '\\' && (format[1] == 't' || format[1] == 'n'))
            text_append_char(&out, *++format == 't' ? '\t' : '\n');
        else
            text_append_char(&out, *format);
    }
    return arena_strdup(arena, text_get(&out));
}

/* What stands between the braces. */
struct field {
    const char *name; /* "": the whole object */
    bool json;
};

/* `text` is behind "{{". *ret_after is behind "}}". */
static int field_parse(const char *text, struct arena *arena, struct field *ret_field,
                       const char **ret_after, struct error *err)
{
    const char *end = strstr(text, "}}");
    struct field field = {0};
    size_t length;

    if (!end)
        return error_set(err, "template: '{{' without '}}'");
    *ret_after = end + 2;
    text += strspn(text, " ");
    if (string_starts_with(text, "json ")) {
        field.json = true;
        text += strlen("json ");
        text += strspn(text, " ");
    }
    length = strcspn(text, " }");
    if (*text != '.' || text + length + strspn(text + length, " ") != end ||
        (length == 1 && !field.json))
        return error_set(
            err,
            "template: '{{%.*s}}' is not understood: {{.Field}}, {{json .Field}} and {{json "
            ".}} are",
            (int)(*ret_after - 2 - text), text);
    field.name = arena_strndup(arena, text + 1, length - 1);
    *ret_field = field;
    return 0;
}

static void names_append(json_t *object, struct text *out)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
        text_appendf(out, "%s%s", out->length ? ", " : "", key);
}

static int field_append(const struct field *field, json_t *object, struct text *out,
                        struct error *err)
{
    json_t *value = *field->name ? json_object_get(object, field->name) : object;
    scoped_text struct text names = {0};

    if (!value) {
        names_append(object, &names);
        return error_set(err, "template: there is no field '%s': %s", field->name,
                         text_get(&names));
    }
    if (json_is_string(value) && !field->json)
        text_append(out, json_string_value(value));
    else
        json_format(value, out);
    return 0;
}

/* A cell of the row, or of the head where `object` is NULL. */
static int cell_append(const char *format, json_t *object, struct arena *arena, struct text *out,
                       struct error *err)
{
    while (*format) {
        const char *open = strstr(format, "{{");
        struct field field;

        text_append_bytes(out, format, open ? (size_t)(open - format) : strlen(format));
        if (!open)
            return 0;
        if (field_parse(open + 2, arena, &field, &format, err) < 0)
            return -1;
        for (const char *c = field.name; !object && *c; c++)
            text_append_char(out, (char)toupper((unsigned char)*c));
        if (object && field_append(&field, object, out, err) < 0)
            return -1;
    }
    return 0;
}

/* What tabs separate. NULL ends the columns. */
static void columns_split(const char *format, struct arena *arena,
                          const char *ret_columns[COLUMNS_MOST + 1])
{
    size_t count = 0;

    while (count < COLUMNS_MOST) {
        size_t length = strcspn(format, "\t");

        ret_columns[count++] = arena_strndup(arena, format, length);
        if (!format[length])
            break;
        format += length + 1;
    }
    ret_columns[count] = NULL;
}

static int row_add(struct table *table, const char *const *columns, json_t *object,
                   struct error *err)
{
    for (; *columns; columns++) {
        scoped_text struct text cell = {0};

        if (cell_append(*columns, object, table->arena, &cell, err) < 0)
            return -1;
        table_add(table, text_get(&cell));
    }
    return 0;
}

static int table_rows(const char *format, const json_t *rows, struct arena *arena, struct text *out,
                      struct error *err)
{
    const char *columns[COLUMNS_MOST + 1], *heads[COLUMNS_MOST + 1] = {NULL};
    struct table table;

    columns_split(format, arena, columns);
    for (size_t i = 0; columns[i]; i++) {
        scoped_text struct text head = {0};

        if (cell_append(columns[i], NULL, arena, &head, err) < 0)
            return -1;
        heads[i] = arena_strdup(arena, text_get(&head));
    }
    table = table_start(arena, heads);
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (row_add(&table, columns, json_array_get(rows, i), err) < 0)
            return -1;
    table_print(&table, out);
    return 0;
}

int list_format_rows(const char *format, const json_t *rows, struct arena *arena, struct text *out,
                     struct error *err)
{
    format = unescape(format, arena);
    if (string_starts_with(format, TABLE_WORD))
        return table_rows(format + strlen(TABLE_WORD), rows, arena, out, err);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (cell_append(format, json_array_get(rows, i), arena, out, err) < 0)
            return -1;
        text_append_char(out, '\n');
    }
    return 0;
}
