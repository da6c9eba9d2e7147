/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "orchestrator/compose/number.h"
#include "orchestrator/compose/print.h"
#include "orchestrator/compose/yaml_style.h"

enum { INDENT = 2 };

static void print_node(const struct node *node, const struct shape *shape, unsigned column,
                       struct text *out);

static void print_indent(unsigned column, struct text *out)
{
    text_appendf(out, "%*s", (int)column, "");
}

/* True when there is something to print below the node, which takes lines of their own. */
static bool is_block(const struct node *node, const struct shape *shape)
{
    const struct node_entry **entries;
    bool block;

    if (node->kind != NODE_MAP)
        return node->kind == NODE_LIST && node->list.count > 0;
    entries = print_sorted(node, shape, ORDER_NATURAL);
    block = entries[0] != NULL;
    free(entries);
    return block;
}

static bool single_precision(const struct shape *shape)
{
    return shape && shape->scalar == SCALAR_FLOAT;
}

static void print_scalar(const struct node *node, const struct shape *shape, unsigned column,
                         struct text *out)
{
    char buffer[NUMBER_TEXT_SIZE];

    switch (node->kind) {
    case NODE_NULL:
        text_append(out, "null");
        break;
    case NODE_BOOL:
        text_append(out, node->boolean ? "true" : "false");
        break;
    case NODE_INT:
        text_appendf(out, "%lld", (long long)node->integer);
        break;
    case NODE_FLOAT:
        number_format(node->real, single_precision(shape), buffer);
        text_append(out, buffer);
        break;
    case NODE_STRING:
        yaml_style_write(node->text, column, out);
        break;
    case NODE_LIST:
        text_append(out, "[]");
        break;
    case NODE_MAP:
        text_append(out, "{}");
        break;
    }
    text_append_char(out, '\n');
}

/* The value of a key or item: on the same line when it is a scalar, else below. */
static void print_value(const struct node *node, const struct shape *shape, unsigned column,
                        struct text *out)
{
    if (is_block(node, shape)) {
        text_append_char(out, '\n');
        print_indent(column + INDENT, out);
        print_node(node, shape, column + INDENT, out);
    } else {
        text_append_char(out, ' ');
        print_scalar(node, shape, column + INDENT, out);
    }
}

static void print_entry(const struct node_entry *entry, const struct shape *shape, unsigned column,
                        struct text *out)
{
    if (!yaml_style_write_key(entry->key, out)) {
        text_append(out, "? ");
        yaml_style_write(entry->key, column + INDENT, out);
        text_append_char(out, '\n');
        print_indent(column, out);
    }
    text_append_char(out, ':');
    print_value(entry->value, shape, column, out);
}

static void print_map(const struct node *map, const struct shape *shape, unsigned column,
                      struct text *out)
{
    const struct node_entry **entries = print_sorted(map, shape, ORDER_NATURAL);

    for (size_t i = 0; entries[i]; i++) {
        if (i > 0)
            print_indent(column, out);
        print_entry(entries[i], shape_of_entry(shape, entries[i]->key), column, out);
    }
    free(entries);
}

static void print_list(const struct node *list, const struct shape *shape, unsigned column,
                       struct text *out)
{
    for (size_t i = 0; i < list->list.count; i++) {
        const struct node *item = list->list.items[i];

        if (i > 0)
            print_indent(column, out);
        text_append(out, "- ");
        if (is_block(item, shape_of_item(shape)))
            print_node(item, shape_of_item(shape), column + INDENT, out);
        else
            print_scalar(item, shape_of_item(shape), column + INDENT, out);
    }
}

/* Prints a mapping or list whose first line is already indented. */
static void print_node(const struct node *node, const struct shape *shape, unsigned column,
                       struct text *out)
{
    if (node->kind == NODE_MAP)
        print_map(node, shape, column, out);
    else
        print_list(node, shape, column, out);
}

void print_yaml(const struct node *node, const struct shape *shape, struct text *out)
{
    if (is_block(node, shape))
        print_node(node, shape, 0, out);
    else
        print_scalar(node, shape, 0, out);
}
