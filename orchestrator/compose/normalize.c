/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/normalize.h"

#include <string.h>

#include "common/path.h"
#include "common/text.h"

static struct node *text_node(struct loader *loader, const char *text, const struct node *near)
{
    return node_string(loader->arena, text, near->at);
}

/* True when the service takes part in the network `default`; notes so in the service when it is
 * implied. */
static bool joins_default(struct loader *loader, struct node *service)
{
    struct node *networks = node_get(service, "networks");

    if (node_get(service, "provider") || node_get(service, "network_mode"))
        return false;
    if (node_is(networks, NODE_MAP) && networks->map.count > 0)
        return node_find(networks, "default") != NULL;
    networks = node_new(loader->arena, NODE_MAP, service->at);
    node_put(loader->arena, networks, "default", node_new(loader->arena, NODE_NULL, service->at));
    node_put(loader->arena, service, "networks", networks);
    return true;
}

static void add_default_network(struct loader *loader, struct node *model)
{
    const struct node *services = node_get(model, "services");
    struct node *networks;
    bool used = false;

    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++)
        used |= joins_default(loader, services->map.entries[i].value);
    if (!used)
        return;
    networks = node_child_map(loader->arena, model, "networks");
    if (networks && !node_find(networks, "default"))
        node_put(loader->arena, networks, "default", node_new(loader->arena, NODE_NULL, model->at));
}

static void name_resources(struct loader *loader, struct node *resources)
{
    for (size_t i = 0; node_is(resources, NODE_MAP) && i < resources->map.count; i++) {
        const struct node_entry *entry = &resources->map.entries[i];
        struct node *resource = node_child_map(loader->arena, resources, entry->key);
        const char *name = entry->key;

        if (!resource || node_get(resource, "name"))
            continue;
        if (!node_get_bool(resource, "external"))
            name = arena_printf(loader->arena, "%s_%s", loader->project_name, entry->key);
        node_put(loader->arena, resource, "name", text_node(loader, name, resource));
    }
}

struct implied {
    const char *service;
    const struct node *by;
    bool restart;
};

static void imply(struct loader *loader, struct node *service, const struct implied *implied)
{
    struct node *depends_on = node_child_map(loader->arena, service, "depends_on");
    struct node *dependency;

    if (!depends_on || node_find(depends_on, implied->service))
        return;
    dependency = node_new(loader->arena, NODE_MAP, implied->by->at);
    node_put(loader->arena, dependency, "condition",
             text_node(loader, "service_started", implied->by));
    if (implied->restart)
        node_put(loader->arena, dependency, "restart",
                 node_bool(loader->arena, true, implied->by->at));
    node_put(loader->arena, dependency, "required",
             node_bool(loader->arena, true, implied->by->at));
    node_put(loader->arena, depends_on, implied->service, dependency);
}

/* Each item names a service before its first colon. */
static void imply_each(struct loader *loader, struct node *service, const char *key, bool restart)
{
    const struct node *list = node_get(service, key);

    for (size_t i = 0; node_is(list, NODE_LIST) && i < list->list.count; i++) {
        const char *text = node_text(list->list.items[i]);
        struct implied implied = {NULL, list->list.items[i], restart};

        if (!text || (!restart && string_starts_with(text, "container:")))
            continue;
        implied.service = arena_strndup(loader->arena, text, strcspn(text, ":"));
        imply(loader, service, &implied);
    }
}

static void imply_dependencies(struct loader *loader, struct node *service)
{
    static const char *const namespaces[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};

    imply_each(loader, service, "links", true);
    for (size_t i = 0; i < ARRAY_LENGTH(namespaces); i++) {
        const struct node *value = node_get(service, namespaces[i]);
        const char *text = node_text(value);

        if (text && string_starts_with(text, "service:")) {
            struct implied implied = {text + strlen("service:"), value, true};

            imply(loader, service, &implied);
        }
    }
    imply_each(loader, service, "volumes_from", false);
}

static bool is_said(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);

    return value && !string_eq(node_text(value), "");
}

/* An empty text says nothing: it is not printed, so it must not count when that is read again. */
static void normalize_build(struct loader *loader, const struct node *service)
{
    struct node *build = node_get(service, "build");

    if (!node_is(build, NODE_MAP))
        return;
    if (!is_said(build, "dockerfile") && !is_said(build, "dockerfile_inline"))
        node_put(loader->arena, build, "dockerfile", text_node(loader, "Dockerfile", build));
}

static void clean_targets(struct loader *loader, const struct node *service)
{
    const struct node *volumes = node_get(service, "volumes");

    for (size_t i = 0; node_is(volumes, NODE_LIST) && i < volumes->list.count; i++) {
        struct node *target = node_get(volumes->list.items[i], "target");

        if (node_text(target))
            target->text = path_clean(loader->arena, target->text);
    }
}

/* A pre_start hook without an image runs from the service's. */
static void normalize_hooks(struct loader *loader, const struct node *service)
{
    const struct node *hooks = node_get(service, "pre_start");
    struct node *image = node_get(service, "image");

    for (size_t i = 0; image && node_is(hooks, NODE_LIST) && i < hooks->list.count; i++) {
        struct node *hook = hooks->list.items[i];

        if (node_is(hook, NODE_MAP) && !node_get(hook, "image"))
            node_put(loader->arena, hook, "image", node_copy(loader->arena, image));
    }
}

static void normalize_service(struct loader *loader, struct node *service)
{
    struct node *policy = node_get(service, "pull_policy");

    if (string_eq(node_text(policy), "if_not_present"))
        policy->text = "missing";
    normalize_build(loader, service);
    imply_dependencies(loader, service);
    clean_targets(loader, service);
    normalize_hooks(loader, service);
}

static void resolve_pairs(struct node *pairs, const struct scope *scope, struct arena *arena)
{
    for (size_t i = 0; node_is(pairs, NODE_MAP) && i < pairs->map.count; i++) {
        struct node_entry *entry = &pairs->map.entries[i];
        const char *value = variables_get(scope->variables, entry->key);

        if (entry->value->kind == NODE_NULL && value)
            entry->value = node_string(arena, value, entry->at);
    }
}

void normalize_environment(struct node *model, const struct scope *scope, struct arena *arena)
{
    const struct node *services = node_get(model, "services");

    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        const struct node *service = services->map.entries[i].value;

        resolve_pairs(node_get(service, "environment"), scope, arena);
        resolve_pairs(node_get(node_get(service, "build"), "args"), scope, arena);
    }
}

/* A build argument that has no value after all is not given. */
static void drop_empty_args(const struct node *service)
{
    struct node *args = node_get(node_get(service, "build"), "args");

    for (size_t i = 0; node_is(args, NODE_MAP) && i < args->map.count;) {
        if (args->map.entries[i].value->kind == NODE_NULL)
            node_remove(args, args->map.entries[i].key);
        else
            i++;
    }
}

void normalize_model(struct loader *loader, struct node *model)
{
    static const char *const resources[] = {"networks", "volumes", "configs", "secrets"};
    const struct node *services = node_get(model, "services");

    normalize_environment(model, &loader->scope, loader->arena);
    add_default_network(loader, model);
    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        struct node *service = services->map.entries[i].value;

        if (service->kind != NODE_MAP)
            continue;
        normalize_service(loader, service);
        drop_empty_args(service);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(resources); i++)
        name_resources(loader, node_get(model, resources[i]));
}
