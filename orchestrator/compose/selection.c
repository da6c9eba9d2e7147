/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/selection.h"

#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/environment.h"

static bool has(const struct string_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return false;
}

static bool is_active(const struct node *service, const struct string_list *active)
{
    const struct node *profiles = node_get(service, "profiles");

    if (!node_is(profiles, NODE_LIST) || profiles->list.count == 0)
        return true;
    for (size_t i = 0; i < profiles->list.count; i++) {
        const char *profile = node_text(profiles->list.items[i]);

        if (has(active, "*") || (profile && has(active, profile)))
            return true;
    }
    return false;
}

static struct string_list active_profiles(struct loader *loader, const struct node *services)
{
    struct string_list active = {0};
    const char *from_environment = variables_get(loader->scope.variables, "COMPOSE_PROFILES");
    struct string_list given = loader->options->profiles;

    if (given.count == 0)
        given = environment_split(loader->arena, from_environment, ",");
    for (size_t i = 0; i < given.count; i++)
        string_list_add(loader->arena, &active, given.items[i]);

    /* A service that is named is switched on with its profiles. */
    for (size_t i = 0; i < loader->options->services.count; i++) {
        const struct node *service = node_get(services, loader->options->services.items[i]);
        const struct node *profiles = node_get(service, "profiles");

        if (!service || is_active(service, &active))
            continue;
        for (size_t j = 0; node_is(profiles, NODE_LIST) && j < profiles->list.count; j++)
            string_list_add(loader->arena, &active, node_text(profiles->list.items[j]));
    }
    return active;
}

struct node *selection_apply_profiles(struct loader *loader, struct node *model)
{
    struct node *services = node_get(model, "services");
    struct node *disabled = node_new(loader->arena, NODE_MAP, model->at);
    struct node *enabled = node_new(loader->arena, NODE_MAP, model->at);
    struct string_list active;

    if (!node_is(services, NODE_MAP))
        return disabled;
    active = active_profiles(loader, services);
    for (size_t i = 0; i < services->map.count; i++)
        node_set(loader->arena,
                 is_active(services->map.entries[i].value, &active) ? enabled : disabled,
                 services->map.entries[i]);
    node_put(loader->arena, model, "services", enabled);
    return disabled;
}

/* Adds the service and all that it depends on to `chosen`, without recursion: a worklist in the
 * mapping. */
static void choose(struct loader *loader, const struct node *services, struct node *chosen)
{
    for (size_t i = 0; i < chosen->map.count; i++) {
        const struct node *depends_on = node_get(chosen->map.entries[i].value, "depends_on");

        for (size_t j = 0; node_is(depends_on, NODE_MAP) && j < depends_on->map.count; j++) {
            const struct node_entry *found = node_find(services, depends_on->map.entries[j].key);

            if (found && !node_find(chosen, found->key))
                node_set(loader->arena, chosen, *found);
        }
    }
}

static void report_unknown(struct loader *loader, const struct node *services, const char *name,
                           bool disabled)
{
    size_t count = node_is(services, NODE_MAP) ? services->map.count : 0;
    const char **names = arena_new_array(loader->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = services->map.entries[i].key;
    loader_error_hint(loader, NULL, NULL, string_suggest(name, names, count),
                      arena_printf(loader->arena, "no such service: %s%s", name,
                                   disabled ? " (disabled by its profiles)" : ""));
}

void selection_apply_services(struct loader *loader, struct node *model,
                              const struct node *disabled)
{
    const struct string_list *wanted = &loader->options->services;
    const struct node *services = node_get(model, "services");
    struct node *chosen = node_new(loader->arena, NODE_MAP, model->at);

    if (wanted->count == 0)
        return;
    for (size_t i = 0; i < wanted->count; i++) {
        const struct node_entry *found = node_find(services, wanted->items[i]);

        if (found)
            node_set(loader->arena, chosen, *found);
        else
            report_unknown(loader, services, wanted->items[i],
                           node_find(disabled, wanted->items[i]) != NULL);
    }
    if (!loader->options->no_deps)
        choose(loader, services, chosen);
    node_put(loader->arena, model, "services", chosen);
}

struct use {
    struct loader *loader;
    struct node *networks, *volumes, *secrets, *configs, *models;
};

static void note(struct use *use, struct node *names, const char *name)
{
    if (name)
        node_put(use->loader->arena, names, name, node_bool(use->loader->arena, true, names->at));
}

static void note_keys(struct use *use, struct node *names, const struct node *map)
{
    for (size_t i = 0; node_is(map, NODE_MAP) && i < map->map.count; i++)
        note(use, names, map->map.entries[i].key);
}

static void note_sources(struct use *use, struct node *names, const struct node *list)
{
    for (size_t i = 0; node_is(list, NODE_LIST) && i < list->list.count; i++)
        note(use, names, node_get_text(list->list.items[i], "source"));
}

static void note_service(struct use *use, const struct node *service)
{
    note_keys(use, use->networks, node_get(service, "networks"));
    note_keys(use, use->models, node_get(service, "models"));
    note_sources(use, use->secrets, node_get(service, "secrets"));
    note_sources(use, use->secrets, node_get(node_get(service, "build"), "secrets"));
    note_sources(use, use->configs, node_get(service, "configs"));
    note_sources(use, use->volumes, node_get(service, "volumes"));
}

static void keep_used(struct node *model, const char *key, const struct node *used)
{
    struct node *resources = node_get(model, key);

    for (size_t i = 0; node_is(resources, NODE_MAP) && i < resources->map.count;) {
        if (node_find(used, resources->map.entries[i].key))
            i++;
        else
            node_remove(resources, resources->map.entries[i].key);
    }
    if (node_is(resources, NODE_MAP) && resources->map.count == 0)
        node_remove(model, key);
}

void selection_prune(struct loader *loader, struct node *model)
{
    const struct node *services = node_get(model, "services");
    struct use use = {.loader = loader};
    struct node **sets[] = {&use.networks, &use.volumes, &use.secrets, &use.configs, &use.models};

    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++)
        *sets[i] = node_new(loader->arena, NODE_MAP, model->at);
    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++)
        note_service(&use, services->map.entries[i].value);
    keep_used(model, "networks", use.networks);
    keep_used(model, "volumes", use.volumes);
    keep_used(model, "secrets", use.secrets);
    keep_used(model, "configs", use.configs);
    keep_used(model, "models", use.models);
}
