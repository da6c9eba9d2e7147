/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/node.h"

#include <assert.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/number.h"

enum { INDEX_FROM_COUNT = 24 };

/* Open addressing over entry numbers + 1; 0 is free. Built when a mapping grows, dropped on
 * removal. */
struct node_index {
    size_t size; /* a power of two, at least twice the entries */
    uint32_t slots[];
};

static size_t hash_key(const char *key)
{
    uint64_t hash = 1469598103934665603u;

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)(hash ^ (hash >> 29));
}

static void index_add(struct node_index *index, const char *key, size_t number)
{
    size_t slot = hash_key(key) & (index->size - 1);

    while (index->slots[slot])
        slot = (slot + 1) & (index->size - 1);
    index->slots[slot] = (uint32_t)number + 1;
}

static void index_build(struct arena *arena, struct node *map)
{
    size_t size = 64;

    while (size < map->map.count * 4)
        size *= 2;
    map->map.index = arena_alloc(arena, sizeof(struct node_index) + size * sizeof(uint32_t));
    map->map.index->size = size;
    for (size_t i = 0; i < map->map.count; i++)
        index_add(map->map.index, map->map.entries[i].key, i);
}

static void index_note(struct arena *arena, struct node *map, size_t number)
{
    struct node_index *index = map->map.index;

    if (map->map.count < INDEX_FROM_COUNT)
        return;
    if (!index || map->map.count * 2 > index->size)
        index_build(arena, map);
    else
        index_add(index, map->map.entries[number].key, number);
}

static struct node_entry *index_find(const struct node *map, const char *key)
{
    const struct node_index *index = map->map.index;
    size_t slot = hash_key(key) & (index->size - 1);

    for (; index->slots[slot]; slot = (slot + 1) & (index->size - 1)) {
        struct node_entry *entry = &map->map.entries[index->slots[slot] - 1];

        if (strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

struct node *node_new(struct arena *arena, enum node_kind kind, struct position at)
{
    struct node *node = arena_new_object(arena, struct node);

    node->kind = kind;
    node->at = at;
    return node;
}

struct node *node_string(struct arena *arena, const char *text, struct position at)
{
    struct node *node = node_new(arena, NODE_STRING, at);

    node->text = text;
    return node;
}

struct node *node_int(struct arena *arena, int64_t integer, struct position at)
{
    struct node *node = node_new(arena, NODE_INT, at);

    node->integer = integer;
    return node;
}

struct node *node_bool(struct arena *arena, bool boolean, struct position at)
{
    struct node *node = node_new(arena, NODE_BOOL, at);

    node->boolean = boolean;
    return node;
}

struct node_entry *node_find(const struct node *map, const char *key)
{
    if (!node_is(map, NODE_MAP))
        return NULL;
    if (map->map.index)
        return index_find(map, key);
    for (size_t i = 0; i < map->map.count; i++) {
        if (strcmp(map->map.entries[i].key, key) == 0)
            return &map->map.entries[i];
    }
    return NULL;
}

struct node *node_get(const struct node *map, const char *key)
{
    struct node_entry *entry = node_find(map, key);

    return entry ? entry->value : NULL;
}

const char *node_get_text(const struct node *map, const char *key)
{
    return node_text(node_get(map, key));
}

bool node_get_bool(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);

    return node_is(value, NODE_BOOL) && value->boolean;
}

/* Doubles the room; the old array stays in the arena, which costs at most as much again. */
static void *grow(struct arena *arena, const void *old, size_t count, size_t *capacity, size_t size)
{
    size_t more = *capacity ? *capacity * 2 : 4;
    void *items = arena_array(arena, size, more);

    if (count)
        memcpy(items, old, count * size);
    *capacity = more;
    return items;
}

void node_set(struct arena *arena, struct node *map, struct node_entry entry)
{
    struct node_entry *found = node_find(map, entry.key);

    assert(map->kind == NODE_MAP);
    if (found) {
        found->value = entry.value;
        found->at = entry.at;
        return;
    }
    if (map->map.count == map->map.capacity)
        map->map.entries = grow(arena, map->map.entries, map->map.count, &map->map.capacity,
                                sizeof(struct node_entry));
    map->map.entries[map->map.count++] = entry;
    index_note(arena, map, map->map.count - 1);
}

void node_put(struct arena *arena, struct node *map, const char *key, struct node *value)
{
    struct node_entry *found = node_find(map, key);
    struct node_entry entry = {key, found ? found->at : value->at, value};

    node_set(arena, map, entry);
}

void node_remove(struct node *map, const char *key)
{
    struct node_entry *found = node_find(map, key);
    size_t behind;

    if (!found)
        return;
    behind = map->map.count - (size_t)(found - map->map.entries) - 1;
    memmove(found, found + 1, behind * sizeof(*found));
    map->map.count--;
    map->map.index = NULL;
}

void node_append(struct arena *arena, struct node *list, struct node *item)
{
    assert(list->kind == NODE_LIST);
    if (list->list.count == list->list.capacity)
        list->list.items = grow(arena, list->list.items, list->list.count, &list->list.capacity,
                                sizeof(struct node *));
    list->list.items[list->list.count++] = item;
}

struct node *node_child_map(struct arena *arena, struct node *map, const char *key)
{
    struct node *child = node_get(map, key);

    if (child && child->kind != NODE_NULL)
        return child->kind == NODE_MAP ? child : NULL;
    child = node_new(arena, NODE_MAP, child ? child->at : map->at);
    node_put(arena, map, key, child);
    return child;
}

static void copy_map(struct arena *arena, struct node *to, const struct node *from)
{
    to->map.entries = arena_new_array(arena, struct node_entry, from->map.count);
    to->map.capacity = to->map.count = from->map.count;
    to->map.index = NULL;
    for (size_t i = 0; i < from->map.count; i++) {
        to->map.entries[i] = from->map.entries[i];
        to->map.entries[i].value = node_copy(arena, from->map.entries[i].value);
    }
    if (to->map.count >= INDEX_FROM_COUNT)
        index_build(arena, to);
}

struct node *node_copy(struct arena *arena, const struct node *node)
{
    struct node *copy = arena_new_object(arena, struct node);

    *copy = *node;
    if (node->kind == NODE_MAP) {
        copy_map(arena, copy, node);
    } else if (node->kind == NODE_LIST) {
        copy->list.items = arena_new_array(arena, struct node *, node->list.count);
        copy->list.capacity = node->list.count;
        for (size_t i = 0; i < node->list.count; i++)
            copy->list.items[i] = node_copy(arena, node->list.items[i]);
    }
    return copy;
}

void node_came_by(struct node *node, struct position by, const char *how)
{
    if (node->came_by.line == 0) {
        node->came_by = by;
        node->came_how = how;
    }
    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++)
            node_came_by(node->map.entries[i].value, by, how);
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++)
            node_came_by(node->list.items[i], by, how);
    }
}

static bool map_equal(const struct node *a, const struct node *b)
{
    if (a->map.count != b->map.count)
        return false;
    for (size_t i = 0; i < a->map.count; i++) {
        const struct node *other = node_get(b, a->map.entries[i].key);

        if (!other || !node_equal(a->map.entries[i].value, other))
            return false;
    }
    return true;
}

static bool list_equal(const struct node *a, const struct node *b)
{
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count; i++) {
        if (!node_equal(a->list.items[i], b->list.items[i]))
            return false;
    }
    return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case NODE_NULL:
        return true;
    case NODE_BOOL:
        return a->boolean == b->boolean;
    case NODE_INT:
        return a->integer == b->integer;
    case NODE_FLOAT:
        return !(a->real < b->real) && !(a->real > b->real);
    case NODE_STRING:
        return strcmp(a->text, b->text) == 0;
    case NODE_LIST:
        return list_equal(a, b);
    case NODE_MAP:
        return map_equal(a, b);
    }
    return false;
}

const char *node_kind_name(const struct node *node)
{
    static const char *const names[] = {
        [NODE_NULL] = "nothing",   [NODE_BOOL] = "true or false", [NODE_INT] = "a number",
        [NODE_FLOAT] = "a number", [NODE_STRING] = "a string",    [NODE_LIST] = "a list",
        [NODE_MAP] = "a mapping",
    };

    return names[node->kind];
}

const char *node_scalar_text(struct arena *arena, const struct node *node)
{
    char buffer[NUMBER_TEXT_SIZE];

    switch (node->kind) {
    case NODE_BOOL:
        return node->boolean ? "true" : "false";
    case NODE_INT:
        return arena_printf(arena, "%lld", (long long)node->integer);
    case NODE_FLOAT:
        number_format(node->real, false, buffer);
        return arena_strdup(arena, buffer);
    case NODE_STRING:
        return node->text;
    case NODE_NULL:
    case NODE_LIST:
    case NODE_MAP:
        break;
    }
    return "";
}
