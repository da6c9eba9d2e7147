/* SPDX-License-Identifier: Apache-2.0 */
/* Images of a loaded model, pinned for printing. */
#include "orchestrator/compose/compose_model.h"

void compose_set_image(struct compose *compose, const char *service, const char *image)
{
    struct node *found = node_get(node_get(compose->model, "services"), service);
    struct node *old = node_get(found, "image");

    if (old)
        node_put(compose->arena, found, "image",
                 node_string(compose->arena, arena_strdup(compose->arena, image), old->at));
}

void compose_keep_images(struct compose *compose)
{
    struct arena *arena = compose->arena;
    const struct node *services = node_get(compose->model, "services");
    struct node *model = node_new(arena, NODE_MAP, compose->model->at);
    struct node *kept = node_child_map(arena, model, "services");

    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        const struct node_entry *entry = &services->map.entries[i];
        struct node *service = node_child_map(arena, kept, entry->key);
        struct node *image = node_get(entry->value, "image");

        if (image)
            node_put(arena, service, "image", image);
    }
    compose->model = model;
}
