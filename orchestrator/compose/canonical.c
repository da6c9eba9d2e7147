/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/canonical.h"

#include <ctype.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/number.h"
#include "orchestrator/compose/shape.h"
#include "orchestrator/compose/short_port.h"
#include "orchestrator/compose/short_volume.h"

static void canonical_children(struct loader *loader, struct node *node, const struct shape *shape,
                               const struct trail *trail)
{
    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++) {
            struct node_entry *entry = &node->map.entries[i];
            struct trail here = {trail, entry->key, 0};

            entry->value =
                canonical_tree(loader, entry->value, shape_of_entry(shape, entry->key), &here);
        }
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++) {
            struct trail here = {trail, NULL, i};

            node->list.items[i] =
                canonical_tree(loader, node->list.items[i], shape_of_item(shape), &here);
        }
    }
}

struct node *canonical_tree(struct loader *loader, struct node *node, const struct shape *shape,
                            const struct trail *trail)
{
    enum node_mark mark = node->mark;
    bool broken = node->broken;

    if (!shape || mark == MARK_RESET || node->kind == NODE_NULL || broken)
        return node;
    if (shape->canonical)
        node = shape->canonical(loader, node, trail);
    canonical_children(loader, node, shape, trail);
    node->mark = mark;
    return node;
}

/* A new node that stands where the old one stood. */
static struct node *in_place_of(struct loader *loader, const struct node *old, enum node_kind kind)
{
    struct node *node = node_new(loader->arena, kind, old->at);

    node->came_by = old->came_by;
    node->came_how = old->came_how;
    return node;
}

static struct node *text_at(struct loader *loader, const struct node *old, const char *text)
{
    struct node *node = in_place_of(loader, old, NODE_STRING);

    node->text = text;
    return node;
}

static void put_text(struct loader *loader, struct node *map, const char *key, const char *text)
{
    node_put(loader->arena, map, key, text_at(loader, map, text));
}

static bool is_list_of_strings(const struct node *node)
{
    if (node->kind != NODE_LIST)
        return false;
    for (size_t i = 0; i < node->list.count; i++) {
        if (node->list.items[i]->kind != NODE_STRING)
            return false;
    }
    return true;
}

CANONICAL_RULE(canonical_list)
{
    struct node *list;

    (void)trail;
    if (node->kind != NODE_STRING)
        return node;
    list = in_place_of(loader, node, NODE_LIST);
    node_append(loader->arena, list, node);
    node->mark = MARK_NONE;
    return list;
}

CANONICAL_RULE(canonical_names)
{
    struct node *map;

    if (!is_list_of_strings(node))
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    for (size_t i = 0; i < node->list.count; i++) {
        struct node *item = node->list.items[i];
        struct node_entry entry = {item->text, item->at, in_place_of(loader, item, NODE_NULL)};

        if (node_find(map, item->text))
            loader_error(loader, item, trail, "'%s' is named twice", item->text);
        node_set(loader->arena, map, entry);
    }
    return map;
}

/* Splits "key=value"; without '=' the value is null. */
static struct node_entry split_pair(struct loader *loader, const struct node *item)
{
    const char *equals = strchr(item->text, '=');
    struct node_entry entry = {item->text, item->at, NULL};

    if (!equals) {
        entry.value = in_place_of(loader, item, NODE_NULL);
        return entry;
    }
    entry.key = arena_strndup(loader->arena, item->text, (size_t)(equals - item->text));
    entry.value = text_at(loader, item, equals + 1);
    return entry;
}

CANONICAL_RULE(canonical_pairs)
{
    struct node *map;

    (void)trail;
    if (!is_list_of_strings(node))
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    for (size_t i = 0; i < node->list.count; i++)
        node_set(loader->arena, map, split_pair(loader, node->list.items[i]));
    return map;
}

CANONICAL_RULE(canonical_environment)
{
    struct node *map = canonical_pairs(loader, node, trail);

    if (map == node)
        return node;
    for (size_t i = 0; i < map->map.count; i++) {
        const char *name = map->map.entries[i].key;

        if (*name && isspace((unsigned char)name[strlen(name) - 1]))
            loader_error(loader, map->map.entries[i].value, trail,
                         "environment variable '%s' is declared with a trailing space", name);
    }
    return map;
}

/* One entry for each of the addresses, which are separated by commas. */
static void add_host(struct loader *loader, struct node *list, const struct node *item,
                     const char *host, const char *addresses)
{
    for (;;) {
        size_t length = strcspn(addresses, ",");
        bool brackets = length > 2 && addresses[0] == '[' && addresses[length - 1] == ']';
        const char *entry =
            arena_printf(loader->arena, "%s=%.*s", host, (int)(brackets ? length - 2 : length),
                         addresses + brackets);

        if (length > 0)
            node_append(loader->arena, list, text_at(loader, item, entry));
        if (!addresses[length])
            return;
        addresses += length + 1;
    }
}

static void hosts_from_map(struct loader *loader, struct node *list, const struct node *map)
{
    for (size_t i = 0; i < map->map.count; i++) {
        const struct node_entry *entry = &map->map.entries[i];
        const struct node *value = entry->value;

        if (value->kind == NODE_STRING)
            add_host(loader, list, value, entry->key, value->text);
        for (size_t j = 0; value->kind == NODE_LIST && j < value->list.count; j++)
            add_host(loader, list, value->list.items[j], entry->key,
                     node_scalar_text(loader->arena, value->list.items[j]));
    }
}

static bool hosts_are_texts(const struct node *map)
{
    for (size_t i = 0; i < map->map.count; i++) {
        const struct node *value = map->map.entries[i].value;

        if (value->kind != NODE_STRING && !is_list_of_strings(value))
            return false;
    }
    return true;
}

CANONICAL_RULE(canonical_extra_hosts)
{
    struct node *list = in_place_of(loader, node, NODE_LIST);

    if (node->kind == NODE_MAP && hosts_are_texts(node)) {
        hosts_from_map(loader, list, node);
        return list;
    }
    if (!is_list_of_strings(node))
        return node;
    for (size_t i = 0; i < node->list.count; i++) {
        const struct node *item = node->list.items[i];
        const char *split = strchr(item->text, '=');

        if (!split)
            split = strchr(item->text, ':');
        if (!split || split == item->text || !split[1]) {
            loader_error(loader, item, trail, "'%s' is not HOST=ADDRESS", item->text);
            continue;
        }
        add_host(loader, list, item,
                 arena_strndup(loader->arena, item->text, (size_t)(split - item->text)), split + 1);
    }
    return list;
}

static struct node *env_file_of(struct loader *loader, struct node *item)
{
    struct node *map = in_place_of(loader, item, NODE_MAP);

    if (item->kind == NODE_STRING) {
        node_put(loader->arena, map, "path", item);
    } else if (item->kind == NODE_MAP) {
        map = item;
    } else {
        return item;
    }
    if (!node_get(map, "required"))
        node_put(loader->arena, map, "required", node_bool(loader->arena, true, item->at));
    return map;
}

CANONICAL_RULE(canonical_env_files)
{
    struct node *list = canonical_list(loader, node, trail);

    for (size_t i = 0; list->kind == NODE_LIST && i < list->list.count; i++)
        list->list.items[i] = env_file_of(loader, list->list.items[i]);
    return list;
}

CANONICAL_RULE(canonical_build)
{
    struct node *map;

    (void)trail;
    if (node->kind != NODE_STRING)
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    node_put(loader->arena, map, "context", node);
    node->mark = MARK_NONE;
    return map;
}

CANONICAL_RULE(canonical_ssh)
{
    if (node->kind == NODE_STRING && strcmp(node->text, "default") == 0)
        node = canonical_list(loader, node, trail);
    if (!is_list_of_strings(node))
        return node;
    for (size_t i = 0; i < node->list.count; i++) {
        const char *text = node->list.items[i]->text;
        const char *colon = strstr(text, ": ");

        /* "ID: PATH" is how it is printed. */
        if (colon && !strchr(text, '='))
            node->list.items[i]->text =
                arena_printf(loader->arena, "%.*s=%s", (int)(colon - text), text, colon + 2);
        else if (!strchr(text, '=') && strcmp(text, "default") != 0) {
            loader_error(loader, node->list.items[i], trail, "'%s' is not ID=PATH or 'default'",
                         text);
            node->list.items[i]->text = "default";
        }
    }
    return canonical_pairs(loader, node, trail);
}

CANONICAL_RULE(canonical_gpus)
{
    struct node *list, *map;

    (void)trail;
    if (!string_eq(node_text(node), "all"))
        return node;
    list = in_place_of(loader, node, NODE_LIST);
    map = in_place_of(loader, node, NODE_MAP);
    node_put(loader->arena, map, "count", node_int(loader->arena, -1, node->at));
    node_append(loader->arena, list, map);
    return list;
}

CANONICAL_RULE(canonical_device_count)
{
    int64_t count;

    if (node->kind != NODE_STRING)
        return node;
    if (strcmp(node->text, "all") == 0) {
        count = -1;
    } else if (!number_parse_int(node->text, &count)) {
        loader_error(loader, node, trail,
                     "invalid value \"%s\", the only value allowed is 'all' or a number",
                     node->text);
        return node;
    }
    return node_int(loader->arena, count, node->at);
}

CANONICAL_RULE(canonical_ports)
{
    struct node *list;

    if (node->kind != NODE_LIST)
        return node;
    list = in_place_of(loader, node, NODE_LIST);
    for (size_t i = 0; i < node->list.count; i++) {
        struct node *item = node->list.items[i];
        struct trail here = {trail, NULL, i};
        struct error err = {0};

        if (item->kind == NODE_INT || item->kind == NODE_FLOAT)
            item = text_at(loader, item, node_scalar_text(loader->arena, item));
        if (item->kind != NODE_STRING) {
            node_append(loader->arena, list, item);
        } else if (short_port_expand(loader->arena, item, list, &err) < 0) {
            if (loader->options->no_interpolate)
                node_append(loader->arena, list, node->list.items[i]);
            else
                loader_error(loader, item, &here, "%s", err.text);
        }
    }
    return list;
}

/* "v:/data" is no volume called v to the reference, but an anonymous one. */
static void warn_of_drive(struct loader *loader, const struct node *mount,
                          const struct trail *trail)
{
    const char *target = node_get_text(mount, "target");

    if (!node_get(mount, "source") && target && strlen(target) > 2 && target[1] == ':')
        loader_warning(loader, mount, trail,
                       "'%s' is read as a path with a drive letter and gives an anonymous volume; "
                       "the long form can name a volume with one letter",
                       target);
}

CANONICAL_RULE(canonical_mount)
{
    struct error err = {0};
    const char *unknown;
    struct node *map;

    if (node->kind != NODE_STRING)
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    if (short_volume_read(loader->arena, node, map, &unknown, &err) == 0) {
        warn_of_drive(loader, map, trail);
        if (unknown)
            loader_warning(loader, node, trail, "the mount option '%s' is unknown and dropped",
                           unknown);
        return map;
    }
    if (!loader->options->no_interpolate) {
        loader_error(loader, node, trail, "%s", err.text);
        node->broken = true;
    }
    return node;
}

CANONICAL_RULE(canonical_grant)
{
    struct node *map;

    (void)trail;
    if (node->kind != NODE_STRING)
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    node_put(loader->arena, map, "source", node);
    return map;
}

CANONICAL_RULE(canonical_device)
{
    const char *first, *second, *target = "";
    struct node *map;

    if (node->kind != NODE_STRING)
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    first = strchr(node->text, ':');
    second = first ? strchr(first + 1, ':') : NULL;
    if (second && strchr(second + 1, ':')) {
        loader_error(loader, node, trail, "confusing device mapping, please use long syntax: %s",
                     node->text);
        node->broken = true;
        return node;
    }
    put_text(loader, map, "source",
             first ? arena_strndup(loader->arena, node->text, (size_t)(first - node->text))
                   : node->text);
    if (second)
        target = arena_strndup(loader->arena, first + 1, (size_t)(second - first - 1));
    else if (first)
        target = first + 1;
    put_text(loader, map, "target", *target ? target : node_get_text(map, "source"));
    put_text(loader, map, "permissions", second ? second + 1 : "rwm");
    return map;
}

CANONICAL_RULE(canonical_depends_on)
{
    struct node *map = canonical_names(loader, node, trail);

    if (map == node)
        return node;
    for (size_t i = 0; i < map->map.count; i++) {
        struct node *dependency = in_place_of(loader, map->map.entries[i].value, NODE_MAP);

        put_text(loader, dependency, "condition", "service_started");
        node_put(loader->arena, dependency, "required",
                 node_bool(loader->arena, true, dependency->at));
        map->map.entries[i].value = dependency;
    }
    return map;
}

CANONICAL_RULE(canonical_extends)
{
    struct node *map;

    (void)trail;
    if (node->kind != NODE_STRING)
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    node_put(loader->arena, map, "service", node);
    return map;
}

CANONICAL_RULE(canonical_include)
{
    struct node *map;

    (void)trail;
    if (node->kind != NODE_STRING)
        return node;
    map = in_place_of(loader, node, NODE_MAP);
    node_put(loader->arena, map, "path", node);
    return map;
}

CANONICAL_RULE(canonical_external)
{
    const struct node *external = node_get(node, "external");
    struct node *name = node_get(external, "name");

    if (!node_is(external, NODE_MAP))
        return node;
    for (size_t i = 0; i < external->map.count; i++) {
        const struct node_entry *entry = &external->map.entries[i];

        if (strcmp(entry->key, "name") != 0 && !is_extension(entry->key))
            loader_error(loader, entry->value, trail, "external: unknown key '%s'", entry->key);
    }
    node_put(loader->arena, node, "external", node_bool(loader->arena, true, external->at));
    if (!name)
        return node;
    loader_warning(loader, external, trail,
                   "external.name is deprecated. Please set name and external: true");
    if (node_get(node, "name") && !node_equal(node_get(node, "name"), name))
        loader_error(loader, external, trail, "name and external.name conflict; only use name");
    node_put(loader->arena, node, "name", name);
    return node;
}
