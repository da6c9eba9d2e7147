/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive reader over libyaml's events. Each anchor remembers the node that it names; an alias
 * copies that node, so that the result is a tree. A mapping's merge keys (`<<`) are set aside while
 * it is read and laid below its own keys at its end: own keys win, then the earlier of several
 * merged mappings.
 */
#include "orchestrator/compose/yaml_reader.h"

#include <string.h>
#include <yaml.h>

#include "common/limits.h"
#include "common/text.h"
#include "orchestrator/compose/yaml_scalar.h"

struct anchor {
    const char *name;
    struct node *node;
    bool open; /* still being read: an alias to it would contain itself */
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct arena *arena;
    struct diagnostics *diagnostics;
    const char *file;
    struct anchor *anchors;
    size_t n_anchors, anchors_capacity;
    size_t n_nodes, n_alias_nodes;
    unsigned depth;
};

static struct position position_of(const struct reader *reader, yaml_mark_t mark)
{
    struct position at = {reader->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};

    return at;
}

static struct position here(const struct reader *reader)
{
    return position_of(reader, reader->event.start_mark);
}

static int fail(struct reader *reader, struct position at, const char *message)
{
    diagnostics_error(reader->diagnostics, at, NULL, "%s", message);
    return -1;
}

static int parser_failed(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    struct position at = position_of(reader, parser->problem_mark);

    diagnostics_error(reader->diagnostics, at, NULL, "read YAML: %s%s%s",
                      parser->context ? parser->context : "", parser->context ? ": " : "",
                      parser->problem ? parser->problem : "not readable");
    return -1;
}

static int next_event(struct reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = false;
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return parser_failed(reader);
    reader->has_event = true;
    return 0;
}

static int count_node(struct reader *reader)
{
    if (++reader->n_nodes > LIMIT_YAML_NODES)
        return fail(reader, here(reader), "the file has too many values");
    return 0;
}

static void anchor_add(struct reader *reader, const yaml_char_t *name, struct node *node)
{
    struct anchor *more;

    if (!name)
        return;
    if (reader->n_anchors == reader->anchors_capacity) {
        reader->anchors_capacity = reader->anchors_capacity ? reader->anchors_capacity * 2 : 16;
        more = arena_new_array(reader->arena, struct anchor, reader->anchors_capacity);
        if (reader->n_anchors)
            memcpy(more, reader->anchors, reader->n_anchors * sizeof(*more));
        reader->anchors = more;
    }
    reader->anchors[reader->n_anchors++] = (struct anchor){
        .name = arena_strdup(reader->arena, (const char *)name), .node = node, .open = true};
}

static void anchor_close(struct reader *reader, const struct node *node)
{
    for (size_t i = reader->n_anchors; i-- > 0;) {
        if (reader->anchors[i].node == node)
            reader->anchors[i].open = false;
    }
}

static size_t count_nodes(const struct node *node)
{
    size_t count = 1;

    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++)
            count += count_nodes(node->map.entries[i].value);
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++)
            count += count_nodes(node->list.items[i]);
    }
    return count;
}

static void mark_arrival(struct node *node, struct position by)
{
    node->came_by = by;
    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++)
            mark_arrival(node->map.entries[i].value, by);
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++)
            mark_arrival(node->list.items[i], by);
    }
}

static int read_alias(struct reader *reader, struct node **ret_node)
{
    const char *name = (const char *)reader->event.data.alias.anchor;

    for (size_t i = reader->n_anchors; i-- > 0;) {
        const struct anchor *anchor = &reader->anchors[i];
        size_t count;

        if (strcmp(anchor->name, name) != 0)
            continue;
        if (anchor->open)
            return fail(reader, here(reader), "cycle detected: the anchor contains itself");
        count = count_nodes(anchor->node);
        reader->n_alias_nodes += count;
        reader->n_nodes += count;
        if (reader->n_alias_nodes > LIMIT_YAML_ALIAS_NODES || reader->n_nodes > LIMIT_YAML_NODES)
            return fail(reader, here(reader), "aliases expand to too many values");
        *ret_node = node_copy(reader->arena, anchor->node);
        mark_arrival(*ret_node, here(reader));
        return 0;
    }
    diagnostics_error(reader->diagnostics, here(reader), NULL, "unknown anchor '%s'", name);
    return -1;
}

static enum node_mark mark_of(const yaml_char_t *tag)
{
    if (tag && strcmp((const char *)tag, "!reset") == 0)
        return MARK_RESET;
    if (tag && strcmp((const char *)tag, "!override") == 0)
        return MARK_OVERRIDE;
    return MARK_NONE;
}

/* A value under an explicit core tag: !!str keeps the text, the numeric ones must read as such. */
static int read_tagged(struct reader *reader, const char *tag, const char *text, struct node *node)
{
    const char *type = tag + strlen(YAML_DEFAULT_SCALAR_TAG) - strlen("str");

    if (strcmp(tag, YAML_STR_TAG) == 0 || strcmp(type, "binary") == 0) {
        node->kind = NODE_STRING;
        node->text = arena_strdup(reader->arena, text);
        return 0;
    }
    yaml_scalar_resolve(reader->arena, text, node);
    if (strcmp(tag, YAML_FLOAT_TAG) == 0 && node->kind == NODE_INT) {
        node->kind = NODE_FLOAT;
        node->real = (double)node->integer;
    }
    if ((strcmp(tag, YAML_INT_TAG) == 0 && node->kind != NODE_INT) ||
        (strcmp(tag, YAML_FLOAT_TAG) == 0 && node->kind != NODE_FLOAT) ||
        (strcmp(tag, YAML_BOOL_TAG) == 0 && node->kind != NODE_BOOL))
        return fail(reader, node->at, "the value does not match its tag");
    return 0;
}

static int read_scalar(struct reader *reader, struct node **ret_node)
{
    const char *text = (const char *)reader->event.data.scalar.value;
    const char *tag = (const char *)reader->event.data.scalar.tag;
    struct node *node = node_new(reader->arena, NODE_STRING, here(reader));

    if (strlen(text) != reader->event.data.scalar.length)
        return fail(reader, node->at, "a value contains a NUL character");
    node->mark = mark_of(reader->event.data.scalar.tag);
    anchor_add(reader, reader->event.data.scalar.anchor, node);
    anchor_close(reader, node);
    *ret_node = node;
    if (tag && string_starts_with(tag, "tag:yaml.org,2002:"))
        return read_tagged(reader, tag, text, node);
    if (reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        yaml_scalar_resolve(reader->arena, text, node);
    else
        node->text = arena_strdup(reader->arena, text);
    return 0;
}

static int read_node(struct reader *reader, struct node **ret_node);

static int read_list(struct reader *reader, struct node **ret_node)
{
    struct node *list = node_new(reader->arena, NODE_LIST, here(reader));
    struct node *item;

    list->mark = mark_of(reader->event.data.sequence_start.tag);
    anchor_add(reader, reader->event.data.sequence_start.anchor, list);
    for (;;) {
        if (next_event(reader) < 0)
            return -1;
        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (read_node(reader, &item) < 0)
            return -1;
        node_append(reader->arena, list, item);
    }
    anchor_close(reader, list);
    *ret_node = list;
    return 0;
}

/* `<<` without quotes, or with the tag that says so. */
static bool is_merge_key(const struct reader *reader)
{
    const char *tag = (const char *)reader->event.data.scalar.tag;

    if (reader->event.type != YAML_SCALAR_EVENT)
        return false;
    if (tag)
        return strcmp(tag, "tag:yaml.org,2002:merge") == 0;
    return reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* A key of a mapping; *ret_merge tells that it is the merge key. */
static int read_key(struct reader *reader, struct node_entry *entry, bool *ret_merge)
{
    struct node *key;
    bool may_merge = is_merge_key(reader);

    entry->at = here(reader);
    if (count_node(reader) < 0 || read_node(reader, &key) < 0)
        return -1;
    *ret_merge = may_merge && string_eq(node_text(key), "<<");
    entry->key = node_text(key);
    if (entry->key)
        return 0;
    if (key->kind == NODE_LIST || key->kind == NODE_MAP)
        return fail(reader, entry->at, "non-string key: a key must be a string");
    diagnostics_error(reader->diagnostics, entry->at, NULL, "non-string key: %s (quote it)",
                      key->kind == NODE_NULL ? "null" : node_scalar_text(reader->arena, key));
    entry->key = node_scalar_text(reader->arena, key);
    return 0;
}

static void note_duplicate(struct reader *reader, const struct node_entry *first,
                           const struct node_entry *second)
{
    scoped_text struct text message = {0};
    struct diagnostic entry = {.severity = SEVERITY_ERROR, .at = second->at, .came_by = first->at};

    text_appendf(&message, "mapping key '%s' already defined at line %u", second->key,
                 first->at.line);
    entry.message = text_get(&message);
    diagnostics_add(reader->diagnostics, &entry);
}

/* Lays a merged mapping below: keys that are there already win. */
static void lay_below(struct reader *reader, struct node *map, const struct node *below)
{
    for (size_t i = 0; i < below->map.count; i++) {
        if (!node_find(map, below->map.entries[i].key))
            node_set(reader->arena, map, below->map.entries[i]);
    }
}

static int apply_merges(struct reader *reader, struct node *map, const struct node *merges)
{
    for (size_t i = 0; i < merges->list.count; i++) {
        const struct node *merged = merges->list.items[i];

        if (merged->kind == NODE_MAP) {
            lay_below(reader, map, merged);
            continue;
        }
        if (merged->kind == NODE_LIST && merged != merges) {
            if (apply_merges(reader, map, merged) < 0)
                return -1;
            continue;
        }
        return fail(reader, merged->at, "map merge requires map or sequence of maps as the value");
    }
    return 0;
}

static int read_entry(struct reader *reader, struct node *map, struct node *merges)
{
    struct node_entry entry;
    const struct node_entry *first;
    bool merge;

    if (read_key(reader, &entry, &merge) < 0 || next_event(reader) < 0 ||
        read_node(reader, &entry.value) < 0)
        return -1;
    if (merge) {
        node_append(reader->arena, merges, entry.value);
        return 0;
    }
    first = node_find(map, entry.key);
    if (first)
        note_duplicate(reader, first, &entry);
    else
        node_set(reader->arena, map, entry);
    return 0;
}

static int read_map(struct reader *reader, struct node **ret_node)
{
    struct node *map = node_new(reader->arena, NODE_MAP, here(reader));
    struct node *merges = node_new(reader->arena, NODE_LIST, here(reader));

    map->mark = mark_of(reader->event.data.mapping_start.tag);
    anchor_add(reader, reader->event.data.mapping_start.anchor, map);
    for (;;) {
        if (next_event(reader) < 0)
            return -1;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_entry(reader, map, merges) < 0)
            return -1;
    }
    anchor_close(reader, map);
    *ret_node = map;
    return apply_merges(reader, map, merges);
}

/* Reads the value that the current event begins. */
static int read_node(struct reader *reader, struct node **ret_node)
{
    int result;

    if (count_node(reader) < 0)
        return -1;
    if (++reader->depth > LIMIT_YAML_DEPTH)
        return fail(reader, here(reader), "the file is nested too deeply");
    switch (reader->event.type) {
    case YAML_ALIAS_EVENT:
        result = read_alias(reader, ret_node);
        break;
    case YAML_SEQUENCE_START_EVENT:
        result = read_list(reader, ret_node);
        break;
    case YAML_MAPPING_START_EVENT:
        result = read_map(reader, ret_node);
        break;
    default:
        result = read_scalar(reader, ret_node);
        break;
    }
    reader->depth--;
    return result;
}

static int read_documents(struct reader *reader, struct node *documents)
{
    struct node *document;

    for (;;) {
        if (next_event(reader) < 0)
            return -1;
        if (reader->event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (reader->event.type != YAML_DOCUMENT_START_EVENT)
            continue;
        reader->n_anchors = 0;
        if (next_event(reader) < 0 || read_node(reader, &document) < 0)
            return -1;
        node_append(reader->arena, documents, document);
    }
}

int yaml_read(struct arena *arena, struct diagnostics *diagnostics,
              const struct yaml_source *source, struct node **ret_documents)
{
    struct reader reader = {.arena = arena, .diagnostics = diagnostics, .file = source->file};
    struct position start = {source->file, 1, 1};
    struct node *documents = node_new(arena, NODE_LIST, start);
    int result;

    if (source->length > LIMIT_YAML_BYTES)
        return fail(&reader, start, "the file is too large");
    if (!yaml_parser_initialize(&reader.parser))
        abort();
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)source->bytes,
                                 source->length);
    result = read_documents(&reader, documents);
    if (reader.has_event)
        yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    if (result == 0)
        *ret_documents = documents;
    return result;
}
