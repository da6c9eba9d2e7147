/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/typing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/units.h"
#include "orchestrator/compose/expand.h"
#include "orchestrator/compose/number.h"
#include "orchestrator/compose/shell_words.h"

static void become_text(struct node *node, const char *text)
{
    node->kind = NODE_STRING;
    node->text = text;
}

static void become_int(struct node *node, int64_t integer)
{
    node->kind = NODE_INT;
    node->integer = integer;
}

static bool type_bool(struct node *node)
{
    bool value;

    if (node->kind == NODE_BOOL)
        return true;
    if (node->kind != NODE_STRING || !boolean_parse(node->text, &value))
        return false;
    node->kind = NODE_BOOL;
    node->boolean = value;
    return true;
}

static bool type_int(struct node *node)
{
    int64_t value;

    if (node->kind == NODE_STRING && number_parse_int(node->text, &value))
        become_int(node, value);
    else if (node->kind == NODE_FLOAT && fabs(node->real) < 9e18)
        become_int(node, (int64_t)node->real);
    return node->kind == NODE_INT;
}

static bool type_float(struct node *node)
{
    double value;

    if (node->kind == NODE_INT) {
        node->real = (double)node->integer;
    } else if (node->kind == NODE_STRING) {
        if (!number_parse_float(node->text, &value))
            return false;
        node->real = value;
    }
    node->kind = NODE_FLOAT;
    return true;
}

static bool type_bytes(struct loader *loader, struct node *node)
{
    int64_t bytes = 0;

    if (node->kind == NODE_STRING && !bytes_parse(node->text, &bytes))
        return false;
    if (node->kind == NODE_INT)
        bytes = node->integer;
    if (node->kind == NODE_FLOAT && !(fabs(node->real) < 9e18))
        return false;
    if (node->kind == NODE_FLOAT)
        bytes = (int64_t)node->real;
    become_text(node, arena_printf(loader->arena, "%lld", (long long)bytes));
    return true;
}

static bool type_duration(struct loader *loader, struct node *node)
{
    scoped_text struct text out = {0};
    int64_t ns;

    if (node->kind != NODE_STRING || !duration_parse(node->text, &ns))
        return false;
    duration_format(ns, &out);
    become_text(node, arena_strdup(loader->arena, text_get(&out)));
    return true;
}

static bool type_micros(struct node *node)
{
    int64_t ns;

    if (type_int(node))
        return true;
    if (node->kind != NODE_STRING || !duration_parse(node->text, &ns))
        return false;
    become_int(node, ns / 1000);
    return true;
}

static bool type_octal(struct node *node)
{
    int64_t value;

    if (node->kind == NODE_STRING) {
        if (!number_parse_octal(node->text, &value))
            return false;
        become_int(node, value);
    }
    return type_int(node);
}

static bool type_mode(struct loader *loader, struct node *node)
{
    if (!type_octal(node))
        return false;
    become_text(node, arena_printf(loader->arena, "0%llo", (unsigned long long)node->integer));
    return true;
}

static bool type_scalar(struct loader *loader, struct node *node, enum scalar_type type)
{
    switch (type) {
    case SCALAR_ANY:
        return true;
    case SCALAR_STRING:
        become_text(node, node_scalar_text(loader->arena, node));
        return true;
    case SCALAR_BOOL:
        return type_bool(node);
    case SCALAR_INT:
        return type_int(node);
    case SCALAR_FLOAT:
        return type_float(node);
    case SCALAR_BYTES:
        return type_bytes(loader, node);
    case SCALAR_DURATION:
        return type_duration(loader, node);
    case SCALAR_MICROS:
        return type_micros(node);
    case SCALAR_MODE:
        return type_mode(loader, node);
    case SCALAR_OCTAL:
        return type_octal(node);
    }
    return false;
}

static const char *type_name(enum scalar_type type)
{
    static const char *const names[] = {
        [SCALAR_ANY] = "a value",
        [SCALAR_STRING] = "a text",
        [SCALAR_BOOL] = "true or false",
        [SCALAR_INT] = "an integer",
        [SCALAR_FLOAT] = "a number",
        [SCALAR_BYTES] = "a size like 64m",
        [SCALAR_DURATION] = "a duration like 1m30s",
        [SCALAR_MICROS] = "microseconds or a duration like 50ms",
        [SCALAR_MODE] = "octal permissions like \"0440\"",
        [SCALAR_OCTAL] = "octal permissions like \"0440\"",
    };

    return names[type];
}

static bool is_zero(const struct node *node, const struct shape *shape)
{
    switch (node->kind) {
    case NODE_NULL:
        return true;
    case NODE_BOOL:
        return !node->boolean;
    case NODE_INT:
        return node->integer == 0;
    case NODE_FLOAT:
        return !(node->real < 0) && !(node->real > 0);
    case NODE_STRING:
        if (shape->scalar == SCALAR_BYTES)
            return strcmp(node->text, "0") == 0;
        if (shape->scalar == SCALAR_DURATION)
            return strcmp(node->text, "0s") == 0;
        return !*node->text;
    case NODE_LIST:
        return node->list.count == 0;
    case NODE_MAP:
        return node->map.count == 0;
    }
    return false;
}

/* Keys of a table are left out when they are zero; names that the user chose never are, nor keys
 * without which the output would not be valid. */
static bool left_out(const struct node *node, const struct key *key)
{
    if (!key)
        return false;
    if (node->kind == NODE_NULL)
        return true;
    return !(key->flags & (KEY_KEEP | KEY_REQUIRED)) && is_zero(node, key->shape);
}

static void type_map(struct loader *loader, struct node *map, const struct shape *shape,
                     const struct trail *trail)
{
    for (size_t i = 0; i < map->map.count;) {
        struct node_entry *entry = &map->map.entries[i];
        struct trail here = {trail, entry->key, 0};
        const struct shape *child = shape_of_entry(shape, entry->key);

        entry->value = typing_apply(loader, entry->value, child, &here);
        if (left_out(entry->value, shape_find_key(shape, entry->key)))
            node_remove(map, entry->key);
        else
            i++;
    }
}

struct node *typing_apply(struct loader *loader, struct node *node, const struct shape *shape,
                          const struct trail *trail)
{
    if (!shape)
        return node;
    if (node->kind == NODE_MAP) {
        type_map(loader, node, shape, trail);
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++) {
            struct trail here = {trail, NULL, i};

            node->list.items[i] =
                typing_apply(loader, node->list.items[i], shape_of_item(shape), &here);
        }
    } else if (node->kind != NODE_NULL && !type_scalar(loader, node, shape->scalar)) {
        loader_error(loader, node, trail, "'%s' is not %s", node_scalar_text(loader->arena, node),
                     type_name(shape->scalar));
        node->kind = NODE_NULL;
    }
    return shape->finish ? shape->finish(loader, node, trail) : node;
}

FINISH_RULE(finish_labels)
{
    (void)loader;
    (void)trail;
    for (size_t i = 0; node->kind == NODE_MAP && i < node->map.count; i++) {
        if (node->map.entries[i].value->kind == NODE_NULL)
            become_text(node->map.entries[i].value, "");
    }
    return node;
}

FINISH_RULE(finish_texts)
{
    (void)trail;
    for (size_t i = 0; node->kind == NODE_MAP && i < node->map.count; i++)
        become_text(node->map.entries[i].value,
                    node_scalar_text(loader->arena, node->map.entries[i].value));
    return node;
}

static struct node *list_of(struct loader *loader, const struct node *node,
                            const struct string_list *words)
{
    struct node *list = node_new(loader->arena, NODE_LIST, node->at);

    list->came_by = node->came_by;
    list->came_how = node->came_how;
    list->shadows = node->shadows;
    for (size_t i = 0; i < words->count; i++)
        node_append(loader->arena, list, node_string(loader->arena, words->items[i], node->at));
    return list;
}

FINISH_RULE(finish_command)
{
    struct string_list words = {0};
    struct error err = {0};
    bool cut;

    if (node->kind != NODE_STRING)
        return node;
    if (shell_words_split(loader->arena, node->text, &words, &cut, &err) < 0)
        loader_error(loader, node, trail, "%s", err.text);
    else if (cut)
        loader_warning(
            loader, node, trail,
            "the command ends at the first ; & | < or >, which only a shell understands: "
            "write sh -c '...' or a list");
    return list_of(loader, node, &words);
}

FINISH_RULE(finish_health_test)
{
    struct string_list words = {0};

    (void)trail;
    if (node->kind != NODE_STRING)
        return node;
    string_list_add(loader->arena, &words, "CMD-SHELL");
    string_list_add(loader->arena, &words, node->text);
    return list_of(loader, node, &words);
}

static int compare_texts(const void *a, const void *b)
{
    const struct node *const *left = a, *const *right = b;

    return strcmp((*left)->text, (*right)->text);
}

FINISH_RULE(finish_sorted)
{
    (void)loader;
    (void)trail;
    if (node->kind == NODE_LIST && node->list.count > 1)
        qsort(node->list.items, node->list.count, sizeof(struct node *), compare_texts);
    return node;
}

FINISH_RULE(finish_ssh)
{
    struct string_list words = {0};
    struct node *list;

    if (node->kind != NODE_MAP)
        return node;
    for (size_t i = 0; i < node->map.count; i++) {
        const struct node_entry *entry = &node->map.entries[i];
        const char *path = node_text(entry->value);

        /* Only the default agent can be named without a path. */
        if (strcmp(entry->key, "default") == 0 && !(path && *path))
            string_list_add(loader->arena, &words, entry->key);
        else
            string_list_add(loader->arena, &words,
                            arena_printf(loader->arena, "%s: %s", entry->key, path ? path : ""));
    }
    list = list_of(loader, node, &words);
    return finish_sorted(loader, list, trail);
}

FINISH_RULE(finish_provider_option)
{
    struct node *list;

    (void)trail;
    if (node->kind == NODE_LIST)
        return node;
    list = node_new(loader->arena, NODE_LIST, node->at);
    become_text(node, node_scalar_text(loader->arena, node));
    node_append(loader->arena, list, node);
    return list;
}
