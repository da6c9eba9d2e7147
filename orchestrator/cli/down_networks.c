/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/down_networks.h"

#include "net/shared_registry.h"

int down_networks(const struct roots *roots, const char *project, const struct progress *progress,
                  struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list names;

    if (shared_registry_open(roots->data, roots->run, &registry, err) < 0 ||
        shared_registry_leave(registry, project, err) < 0 ||
        shared_registry_list(registry, arena, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        scoped_text struct text words = {0};
        struct shared_definition *network;
        struct shared_pages pages;

        if (shared_registry_find(registry, names.items[i], arena, &network, err) < 0 ||
            shared_registry_read_pages(registry, names.items[i], arena, &pages, err) < 0)
            return -1;
        if (!network || !string_eq(network->project, project))
            continue;
        text_append(&words, "Resource is still in use by ");
        if (shared_pages_words(&pages, NULL, &words))
            progress_line(progress, "Network", names.items[i], text_get(&words));
    }
    return 0;
}
