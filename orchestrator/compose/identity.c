/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/identity.h"

#include <string.h>

#include "common/path.h"
#include "common/text.h"

const char *identity_value(struct arena *arena, const struct node *item)
{
    if (item->kind == NODE_LIST || item->kind == NODE_MAP || item->kind == NODE_NULL)
        return NULL;
    return node_scalar_text(arena, item);
}

const char *identity_tmpfs(struct arena *arena, const struct node *item)
{
    const char *text = node_text(item);

    return text ? arena_strndup(arena, text, strcspn(text, ":")) : NULL;
}

const char *identity_env_file(struct arena *arena, const struct node *item)
{
    (void)arena;
    return node_get_text(item, "path");
}

static const char *scalar_at(struct arena *arena, const struct node *map, const char *key,
                             const char *fallback)
{
    const struct node *value = node_get(map, key);

    return value && value->kind != NODE_NULL ? node_scalar_text(arena, value) : fallback;
}

const char *identity_port(struct arena *arena, const struct node *item)
{
    if (!node_is(item, NODE_MAP) || !node_get(item, "target"))
        return NULL;
    return arena_printf(arena, "%s:%s:%s/%s", scalar_at(arena, item, "host_ip", "0.0.0.0"),
                        scalar_at(arena, item, "published", ""),
                        scalar_at(arena, item, "target", ""),
                        scalar_at(arena, item, "protocol", "tcp"));
}

const char *identity_target(struct arena *arena, const struct node *item)
{
    const char *target = node_get_text(item, "target");

    return target ? path_clean(arena, target) : NULL;
}

static const char *grant_target(struct arena *arena, const struct node *item, const char *directory)
{
    const char *target = node_get_text(item, "target");
    const char *source = node_get_text(item, "source");

    if (target)
        return target;
    return source ? arena_printf(arena, "%s/%s", directory, source) : NULL;
}

const char *identity_secret(struct arena *arena, const struct node *item)
{
    return grant_target(arena, item, "/run/secrets");
}

const char *identity_config(struct arena *arena, const struct node *item)
{
    return grant_target(arena, item, "");
}

/* The items' identities so far are the keys of `seen`, whose values are their places. */
static void unite_list(struct loader *loader, struct node *list, const struct shape *shape)
{
    struct node *seen = node_new(loader->arena, NODE_MAP, list->at);
    size_t kept = 0;

    for (size_t i = 0; i < list->list.count; i++) {
        struct node *item = list->list.items[i];
        const char *identity = shape->identity(loader->arena, item);
        const struct node *place = identity ? node_get(seen, identity) : NULL;

        if (place) {
            list->list.items[place->integer] = item;
            continue;
        }
        if (identity)
            node_put(loader->arena, seen, identity,
                     node_int(loader->arena, (int64_t)kept, item->at));
        list->list.items[kept++] = item;
    }
    list->list.count = kept;
}

void identity_unite(struct loader *loader, struct node *node, const struct shape *shape)
{
    if (!shape)
        return;
    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++)
            identity_unite(loader, node->map.entries[i].value,
                           shape_of_entry(shape, node->map.entries[i].key));
        return;
    }
    if (node->kind != NODE_LIST)
        return;
    if (shape->identity && node->list.count > 1)
        unite_list(loader, node, shape);
    for (size_t i = 0; i < node->list.count; i++)
        identity_unite(loader, node->list.items[i], shape_of_item(shape));
}
