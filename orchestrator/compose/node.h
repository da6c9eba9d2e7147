/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of a Compose file as a tree: mappings, sequences and scalars, each with its place in
 * the text.
 *
 * Nodes and everything they point to live in one arena. A tree has no sharing: what came through an
 * alias was copied, so that each node may be changed in place. Nothing here reads files.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_NODE_H
#define YAWL_ORCHESTRATOR_COMPOSE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

enum node_kind {
    NODE_NULL,
    NODE_BOOL,
    NODE_INT,
    NODE_FLOAT,
    NODE_STRING,
    NODE_LIST,
    NODE_MAP,
};

/* The local tags of Compose: what happens to the value below when this one is merged over it. */
enum node_mark { MARK_NONE, MARK_RESET, MARK_OVERRIDE };

struct node;
struct node_index;

struct node_entry {
    const char *key;
    struct position at;
    struct node *value;
};

struct node {
    enum node_kind kind;
    enum node_mark mark;
    bool broken; /* a mistake was reported here; nothing more is to be said about it */
    struct position at;
    struct position came_by;    /* the alias, extension, ... that brought it here; line 0: none */
    const char *came_how;       /* "set in", "extended in", ...; NULL: "came by way of" */
    const struct node *shadows; /* what it replaced in a merge, or NULL */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text;
        struct {
            struct node **items;
            size_t count, capacity;
        } list;
        struct {
            struct node_entry *entries;
            size_t count, capacity;
            struct node_index *index; /* NULL while the mapping is small */
        } map;
    };
};

struct node *node_new(struct arena *arena, enum node_kind kind, struct position at);
struct node *node_string(struct arena *arena, const char *text, struct position at);
struct node *node_int(struct arena *arena, int64_t integer, struct position at);
struct node *node_bool(struct arena *arena, bool boolean, struct position at);

static inline bool node_is(const struct node *node, enum node_kind kind)
{
    return node && node->kind == kind;
}

/* The text of a string node, NULL for everything else. */
static inline const char *node_text(const struct node *node)
{
    return node_is(node, NODE_STRING) ? node->text : NULL;
}

/* The value below the key, or NULL; `map` may be NULL or no mapping. */
struct node *node_get(const struct node *map, const char *key);
struct node_entry *node_find(const struct node *map, const char *key);

/* The text below the key when it is a string, else NULL. */
const char *node_get_text(const struct node *map, const char *key);

/* True when the key holds the boolean true. */
bool node_get_bool(const struct node *map, const char *key);

/* Replaces the value of the key in its place, or appends. */
void node_set(struct arena *arena, struct node *map, struct node_entry entry);
void node_put(struct arena *arena, struct node *map, const char *key, struct node *value);
void node_remove(struct node *map, const char *key);
void node_append(struct arena *arena, struct node *list, struct node *item);

/* The child mapping of that name; added when it is missing or null. NULL when it is something else.
 */
struct node *node_child_map(struct arena *arena, struct node *map, const char *key);

/* A copy of the whole tree. */
struct node *node_copy(struct arena *arena, const struct node *node);

/* Tells of the whole tree how it came here, where nothing more exact is known yet. */
void node_came_by(struct node *node, struct position by, const char *how);

/* Same kind and same content, all the way down; the order of mappings does not matter. */
bool node_equal(const struct node *a, const struct node *b);

/* "a mapping", "a list", "a string", "a number", "true or false", "nothing". */
const char *node_kind_name(const struct node *node);

/* A scalar as text, spelled as the reference spells it (1.0 is "1", 1e21 is "1e+21", null is "").
 */
const char *node_scalar_text(struct arena *arena, const struct node *node);

#endif
