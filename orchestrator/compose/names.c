/* SPDX-License-Identifier: Apache-2.0 */
/* What a loaded model declares, as sorted lists of names. */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/compose_model.h"
#include "orchestrator/compose/environment.h"

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, and keeps of equal texts one. */
static void settle(struct string_list *list)
{
    size_t kept = 0;

    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_texts);
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || strcmp(list->items[kept - 1], list->items[i]) != 0)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

struct string_list compose_names(const struct compose *compose, struct arena *arena,
                                 const char *key)
{
    const struct node *map = node_get(compose->model, key);
    struct string_list names = {0};

    for (size_t i = 0; node_is(map, NODE_MAP) && i < map->map.count; i++)
        string_list_add(arena, &names, map->map.entries[i].key);
    settle(&names);
    return names;
}

static void add_profiles(struct arena *arena, const struct node *services,
                         struct string_list *profiles)
{
    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        const struct node *list = node_get(services->map.entries[i].value, "profiles");

        for (size_t j = 0; node_is(list, NODE_LIST) && j < list->list.count; j++) {
            const char *profile = node_text(list->list.items[j]);

            if (profile)
                string_list_add(arena, profiles, profile);
        }
    }
}

struct string_list compose_profiles(const struct compose *compose, struct arena *arena)
{
    struct string_list profiles = {0};

    add_profiles(arena, node_get(compose->model, "services"), &profiles);
    add_profiles(arena, compose->disabled, &profiles);
    settle(&profiles);
    return profiles;
}

bool compose_setting(const struct compose *compose, const char *name)
{
    return environment_says_yes(compose->variables, name);
}

struct string_list compose_environment(const struct compose *compose, struct arena *arena)
{
    struct string_list pairs = {0};

    for (size_t i = 0; i < variables_count(compose->variables); i++) {
        const struct variable *variable = variables_at(compose->variables, i);

        string_list_add(arena, &pairs,
                        arena_printf(arena, "%s=%s", variable->name, variable->value));
    }
    settle(&pairs);
    return pairs;
}
