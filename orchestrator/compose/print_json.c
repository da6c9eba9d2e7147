/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/number.h"
#include "orchestrator/compose/print.h"

struct json_printer {
    unsigned indent;
    struct text *out;
};

static void print_node(struct json_printer *printer, const struct node *node,
                       const struct shape *shape, unsigned column);

static void new_line(const struct json_printer *printer, unsigned column)
{
    if (printer->indent > 0)
        text_appendf(printer->out, "\n%*s", (int)column, "");
}

static size_t utf8_width(const unsigned char *p)
{
    size_t width = *p < 0x80   ? 1
                   : *p < 0xc2 ? 0
                   : *p < 0xe0 ? 2
                   : *p < 0xf0 ? 3
                   : *p < 0xf5 ? 4
                               : 0;

    for (size_t i = 1; i < width; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return width;
}

static void print_string(struct text *out, const char *text)
{
    static const char codes[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    const unsigned char *p = (const unsigned char *)text;

    text_append_char(out, '"');
    while (*p) {
        const char *found = strchr(codes, *p);
        size_t width = utf8_width(p);

        if (found)
            text_appendf(out, "\\%c", letters[found - codes]);
        else if (width == 0)
            text_append(out, "\\ufffd");
        else if (*p < 0x20)
            text_appendf(out, "\\u%04x", *p);
        else if (width == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
            text_append(out, p[2] == 0xa8 ? "\\u2028" : "\\u2029");
        else
            text_append_bytes(out, p, width);
        p += width ? width : 1;
    }
    text_append_char(out, '"');
}

static void print_scalar(struct json_printer *printer, const struct node *node,
                         const struct shape *shape)
{
    char buffer[NUMBER_TEXT_SIZE];

    switch (node->kind) {
    case NODE_BOOL:
        text_append(printer->out, node->boolean ? "true" : "false");
        break;
    case NODE_INT:
        text_appendf(printer->out, "%lld", (long long)node->integer);
        break;
    case NODE_FLOAT:
        number_format_json(node->real, shape && shape->scalar == SCALAR_FLOAT, buffer);
        text_append(printer->out, buffer);
        break;
    case NODE_STRING:
        print_string(printer->out, node->text);
        break;
    case NODE_NULL:
    case NODE_LIST:
    case NODE_MAP:
        text_append(printer->out, "null");
        break;
    }
}

static void print_name(struct json_printer *printer, const char *name, bool first, unsigned column)
{
    text_append(printer->out, first ? "" : ",");
    new_line(printer, column + printer->indent);
    print_string(printer->out, name);
    text_append(printer->out, printer->indent > 0 ? ": " : ":");
}

static const char *spell(struct text *buffer, const struct key *key)
{
    text_clear(buffer);
    text_append(buffer, key->name);
    if (key->flags & KEY_CAPITAL)
        buffer->data[0] = (char)(buffer->data[0] & ~0x20);
    return text_get(buffer);
}

/* A mapping with a table: rows in order, with what JSON shows of absent ones; no extensions. */
static size_t print_rows(struct json_printer *printer, const struct node *map,
                         const struct shape *shape, unsigned column)
{
    static const struct node absent = {.kind = NODE_NULL}, empty = {.kind = NODE_MAP};
    scoped_text struct text name = {0};
    size_t count = 0;

    for (size_t i = 0; i < shape->n_keys; i++) {
        const struct key *key = &shape->keys[i];
        const struct node *value = node_get(map, key->name);

        if ((key->flags & (KEY_HIDDEN | KEY_YAML_ONLY)) ||
            (!value && !(key->flags & (KEY_JSON_NULL | KEY_JSON_EMPTY))))
            continue;
        print_name(printer, spell(&name, key), count++ == 0, column);
        if (!value)
            value = key->flags & KEY_JSON_NULL ? &absent : &empty;
        print_node(printer, value, key->shape, column + printer->indent);
    }
    return count;
}

static size_t print_names(struct json_printer *printer, const struct node *map,
                          const struct shape *shape, unsigned column)
{
    const struct node_entry **entries = print_sorted(map, NULL, ORDER_BYTES);
    size_t count = 0;

    for (size_t i = 0; entries[i]; i++) {
        const struct key *key = shape_find_key(shape, entries[i]->key);

        if (key && (key->flags & (KEY_HIDDEN | KEY_YAML_ONLY)))
            continue;
        print_name(printer, entries[i]->key, count++ == 0, column);
        print_node(printer, entries[i]->value, shape_of_entry(shape, entries[i]->key),
                   column + printer->indent);
    }
    free(entries);
    return count;
}

static void print_map(struct json_printer *printer, const struct node *map,
                      const struct shape *shape, unsigned column)
{
    size_t count;

    text_append_char(printer->out, '{');
    /* The top level is sorted and shows its extensions, unlike all other tables. */
    if (shape && shape->keys && shape != &shape_project)
        count = print_rows(printer, map, shape, column);
    else
        count = print_names(printer, map, shape, column);
    if (count > 0)
        new_line(printer, column);
    text_append_char(printer->out, '}');
}

static void print_list(struct json_printer *printer, const struct node *list,
                       const struct shape *shape, unsigned column)
{
    text_append_char(printer->out, '[');
    for (size_t i = 0; i < list->list.count; i++) {
        text_append(printer->out, i ? "," : "");
        new_line(printer, column + printer->indent);
        print_node(printer, list->list.items[i], shape_of_item(shape), column + printer->indent);
    }
    if (list->list.count > 0)
        new_line(printer, column);
    text_append_char(printer->out, ']');
}

static void print_node(struct json_printer *printer, const struct node *node,
                       const struct shape *shape, unsigned column)
{
    if (node->kind == NODE_MAP)
        print_map(printer, node, shape, column);
    else if (node->kind == NODE_LIST)
        print_list(printer, node, shape, column);
    else
        print_scalar(printer, node, shape);
}

void print_json(const struct node *node, const struct shape *shape, unsigned indent,
                struct text *out)
{
    struct json_printer printer = {indent, out};

    print_node(&printer, node, shape, 0);
}
