/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/defaults.h"

#include "common/text.h"

void defaults_fill(struct loader *loader, struct node *node, const struct shape *shape)
{
    if (!shape)
        return;
    if (shape->defaults && node->kind == NODE_MAP)
        shape->defaults(loader, node);
    if (node->kind == NODE_MAP) {
        for (size_t i = 0; i < node->map.count; i++)
            defaults_fill(loader, node->map.entries[i].value,
                          shape_of_entry(shape, node->map.entries[i].key));
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->list.count; i++)
            defaults_fill(loader, node->list.items[i], shape_of_item(shape));
    }
}

static void default_text(struct loader *loader, struct node *map, const char *key, const char *text)
{
    if (!node_get(map, key))
        node_put(loader->arena, map, key, node_string(loader->arena, text, map->at));
}

void default_build(struct loader *loader, struct node *node)
{
    default_text(loader, node, "context", ".");
}

void default_device_request(struct loader *loader, struct node *node)
{
    if (!node_get(node, "count") && !node_get(node, "device_ids"))
        node_put(loader->arena, node, "count", node_int(loader->arena, -1, node->at));
}

void default_dependency(struct loader *loader, struct node *node)
{
    if (!node_get(node, "required"))
        node_put(loader->arena, node, "required", node_bool(loader->arena, true, node->at));
}

void default_port(struct loader *loader, struct node *node)
{
    default_text(loader, node, "protocol", "tcp");
    default_text(loader, node, "mode", "ingress");
}

/* The short form of a bind mount creates a missing source; so does the long one unless it says
 * otherwise. */
void default_mount(struct loader *loader, struct node *node)
{
    struct node *bind = node_get(node, "bind");

    if (node_is(bind, NODE_MAP) && !node_get(bind, "create_host_path"))
        node_put(loader->arena, bind, "create_host_path", node_bool(loader->arena, true, bind->at));
}

void default_secret_grant(struct loader *loader, struct node *node)
{
    const char *source = node_get_text(node, "source");

    if (source)
        default_text(loader, node, "target",
                     arena_printf(loader->arena, "/run/secrets/%s", source));
}
