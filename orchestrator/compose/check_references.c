/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/path.h"
#include "common/text.h"
#include "orchestrator/compose/check.h"

struct service_check {
    struct loader *loader;
    const struct node *model, *disabled;
    const char *name;
    const struct node *service;
    const struct trail *trail;
    struct node *container_names; /* name: service that has it */
};

static const char *suggest(struct loader *loader, const struct node *map, const char *name)
{
    size_t count = node_is(map, NODE_MAP) ? map->map.count : 0;
    const char **names = arena_new_array(loader->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = map->map.entries[i].key;
    return string_suggest(name, names, count);
}

/* "refers to undefined <what> <name>", unless `resources` has it. */
static void refer(const struct service_check *check, const struct node *at, const char *resources,
                  const char *what, const char *name)
{
    const struct node *map = node_get(check->model, resources);
    const char *message;

    if (!name || node_find(map, name))
        return;
    /* Normalisation would have made it. */
    if (check->loader->options->no_normalize && string_eq(resources, "networks") &&
        string_eq(name, "default"))
        return;
    message = arena_printf(check->loader->arena, "service \"%s\" refers to undefined %s %s",
                           check->name, what, name);
    loader_error_hint(check->loader, at, check->trail, suggest(check->loader, map, name), message);
}

static void refer_each(const struct service_check *check, const struct node *grants,
                       const char *resources, const char *what)
{
    for (size_t i = 0; node_is(grants, NODE_LIST) && i < grants->list.count; i++)
        refer(check, grants->list.items[i], resources, what,
              node_get_text(grants->list.items[i], "source"));
}

static void refer_keys(const struct service_check *check, const char *key, const char *what)
{
    const struct node *names = node_get(check->service, key);

    for (size_t i = 0; node_is(names, NODE_MAP) && i < names->map.count; i++) {
        const struct node *value = names->map.entries[i].value;
        struct node at = {
            .at = names->map.entries[i].at, .came_by = value->came_by, .came_how = value->came_how};

        refer(check, &at, key, what, names->map.entries[i].key);
    }
}

static void check_volumes(const struct service_check *check)
{
    const struct node *volumes = node_get(check->service, "volumes");

    for (size_t i = 0; node_is(volumes, NODE_LIST) && i < volumes->list.count; i++) {
        const struct node *volume = volumes->list.items[i];

        if (string_eq(node_get_text(volume, "type"), "volume"))
            refer(check, volume, "volumes", "volume", node_get_text(volume, "source"));
    }
}

static void refer_to_service(const struct service_check *check, const struct node *at,
                             const char *name)
{
    const char *message =
        arena_printf(check->loader->arena, "service \"%s\" depends on undefined service \"%s\"",
                     check->name, name);

    loader_error_hint(check->loader, at, check->trail,
                      suggest(check->loader, node_get(check->model, "services"), name), message);
}

static void check_dependencies(const struct service_check *check)
{
    const struct node *depends_on = node_get(check->service, "depends_on");
    const struct node *services = node_get(check->model, "services");

    for (size_t i = 0; node_is(depends_on, NODE_MAP) && i < depends_on->map.count; i++) {
        const struct node_entry *entry = &depends_on->map.entries[i];
        bool optional = !node_get_bool(entry->value, "required");
        struct node at = {
            .at = entry->at, .came_by = entry->value->came_by, .came_how = entry->value->came_how};

        if (node_find(services, entry->key) || (optional && node_find(check->disabled, entry->key)))
            continue;
        if (node_find(check->disabled, entry->key))
            loader_error(check->loader, &at, check->trail,
                         "service \"%s\" depends on service \"%s\", which its profiles switch off",
                         check->name, entry->key);
        else
            refer_to_service(check, &at, entry->key);
    }
}

static void check_image(const struct service_check *check)
{
    const struct node *service = check->service;

    if (service->broken || node_get(service, "image") || node_get(service, "build") ||
        node_get(service, "provider"))
        return;
    loader_error(check->loader, service, check->trail,
                 "service \"%s\" has neither an image nor a build context specified", check->name);
}

static bool list_has(const struct node *list, const char *text)
{
    for (size_t i = 0; node_is(list, NODE_LIST) && i < list->list.count; i++) {
        if (string_eq(node_text(list->list.items[i]), text))
            return true;
    }
    return false;
}

static void check_contexts(const struct service_check *check, const struct node *build)
{
    const struct node *contexts = node_get(build, "additional_contexts");

    for (size_t i = 0; node_is(contexts, NODE_MAP) && i < contexts->map.count; i++) {
        const struct node *value = contexts->map.entries[i].value;
        const char *text = node_text(value);
        const struct node *target;

        if (!text || !string_starts_with(text, "service:"))
            continue;
        target = node_get(node_get(check->model, "services"), text + strlen("service:"));
        if (!target)
            loader_error(check->loader, value, check->trail,
                         "service \"%s\" declares unknown service \"%s\" as additional contexts %s",
                         check->name, text + strlen("service:"), contexts->map.entries[i].key);
        else if (!node_get(target, "build"))
            loader_error(check->loader, value, check->trail,
                         "service \"%s\" declares non-buildable service \"%s\" as additional "
                         "contexts %s",
                         check->name, text + strlen("service:"), contexts->map.entries[i].key);
    }
}

static void check_build(const struct service_check *check)
{
    const struct node *build = node_get(check->service, "build");
    const struct node *platforms = node_get(build, "platforms");
    const char *platform = node_get_text(check->service, "platform");

    if (!build)
        return;
    if (node_get(build, "dockerfile") && node_get(build, "dockerfile_inline"))
        loader_error(check->loader, build, check->trail,
                     "service \"%s\" declares mutually exclusive dockerfile and dockerfile_inline",
                     check->name);
    if (platform && platforms && !list_has(platforms, platform))
        loader_error(check->loader, platforms, check->trail,
                     "service.build.platforms MUST include service.platform \"%s\"", platform);
    refer_each(check, node_get(build, "secrets"), "secrets", "build secret");
    check_contexts(check, build);
}

static void check_network_mode(const struct service_check *check)
{
    const struct node *mode = node_get(check->service, "network_mode");
    const struct node *networks = node_get(check->service, "networks");
    const char *text = node_text(mode);

    if (!text)
        return;
    if (node_is(networks, NODE_MAP) && networks->map.count > 0)
        loader_error(check->loader, mode, check->trail,
                     "service %s declares mutually exclusive `network_mode` and `networks`",
                     check->name);
    if (string_starts_with(text, "service:") &&
        !node_find(node_get(check->model, "services"), text + strlen("service:")))
        loader_error(check->loader, mode, check->trail,
                     "service \"%s\" not found for network_mode '%s'", text + strlen("service:"),
                     text);
}

static void check_health(const struct service_check *check)
{
    const struct node *test = node_get(node_get(check->service, "healthcheck"), "test");
    const char *first =
        node_is(test, NODE_LIST) && test->list.count ? node_text(test->list.items[0]) : NULL;

    if (first && strcmp(first, "CMD") != 0 && strcmp(first, "CMD-SHELL") != 0 &&
        strcmp(first, "NONE") != 0)
        loader_error(check->loader, test, check->trail,
                     "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"");
}

/* The service's own limit and deploy's must agree where deploy has such a block. */
static void check_limit(const struct service_check *check, const char *key, const char *block,
                        const char *name)
{
    const struct node *resources = node_get(node_get(check->service, "deploy"), "resources");
    const struct node *own = node_get(check->service, key);
    const struct node *limits = node_get(resources, block);
    const struct node *theirs = node_get(limits, name);

    if (!own || !limits || (theirs && node_equal(own, theirs)))
        return;
    loader_error(check->loader, own, check->trail,
                 "can't set distinct values on '%s' and 'deploy.resources.%s.%s'", key, block,
                 name);
}

static void check_scale(const struct service_check *check)
{
    const struct node *scale = node_get(check->service, "scale");
    const struct node *replicas = node_get(node_get(check->service, "deploy"), "replicas");
    const struct node *name = node_get(check->service, "container_name");
    int64_t count = 1;

    if (node_is(scale, NODE_INT) && scale->integer < 0)
        loader_error(check->loader, scale, check->trail,
                     "scale: must be greater than or equal to 0");
    if (scale && replicas && !node_equal(scale, replicas))
        loader_error(check->loader, scale, check->trail,
                     "can't set distinct values on 'scale' and 'deploy.replicas'");
    if (node_is(scale, NODE_INT))
        count = scale->integer;
    else if (node_is(replicas, NODE_INT))
        count = replicas->integer;
    if (name && count > 1)
        loader_error(check->loader, name, check->trail,
                     "can't set container_name with %lld replicas as container name must be unique",
                     (long long)count);
}

static void check_container_name(const struct service_check *check)
{
    struct node *name = node_get(check->service, "container_name");
    const struct node *owner;

    if (!node_text(name))
        return;
    owner = node_get(check->container_names, name->text);
    if (owner)
        loader_error(check->loader, name, check->trail,
                     "container name \"%s\" is already in use by service %s", name->text,
                     owner->text);
    else
        node_put(check->loader->arena, check->container_names, name->text,
                 node_string(check->loader->arena, check->name, name->at));
}

/* Reports a target that is there already, else notes where it is used. */
static void take_target(const struct service_check *check, struct node *taken, struct node *used)
{
    const char *target = path_clean(check->loader->arena, used->text);
    const struct node *by = node_get(taken, target);

    if (by)
        loader_error(check->loader, used, check->trail, "target %s already mounted (line %u)",
                     target, by->at.line);
    else
        node_put(check->loader->arena, taken, target, used);
}

static void check_mounts(const struct service_check *check)
{
    const struct node *tmpfs = node_get(check->service, "tmpfs");
    const struct node *volumes = node_get(check->service, "volumes");
    struct arena *arena = check->loader->arena;
    struct node *taken = node_new(arena, NODE_MAP, check->service->at);

    for (size_t i = 0; node_is(tmpfs, NODE_LIST) && i < tmpfs->list.count; i++) {
        const char *text = node_text(tmpfs->list.items[i]);

        if (text)
            take_target(check, taken,
                        node_string(arena, arena_strndup(arena, text, strcspn(text, ":")),
                                    tmpfs->list.items[i]->at));
    }
    for (size_t i = 0; node_is(volumes, NODE_LIST) && i < volumes->list.count; i++) {
        struct node *target = node_get(volumes->list.items[i], "target");

        if (node_text(target))
            take_target(check, taken, target);
    }
}

static void check_service(const struct service_check *check)
{
    check_image(check);
    check_build(check);
    check_network_mode(check);
    check_health(check);
    refer_keys(check, "networks", "network");
    refer_keys(check, "models", "model");
    refer_each(check, node_get(check->service, "secrets"), "secrets", "secret");
    refer_each(check, node_get(check->service, "configs"), "configs", "config");
    check_volumes(check);
    check_dependencies(check);
    check_scale(check);
    check_limit(check, "cpus", "limits", "cpus");
    check_limit(check, "mem_limit", "limits", "memory");
    check_limit(check, "pids_limit", "limits", "pids");
    check_limit(check, "mem_reservation", "reservations", "memory");
    check_container_name(check);
    check_mounts(check);
}

void check_references(struct loader *loader, const struct node *model, const struct node *disabled)
{
    const struct node *services = node_get(model, "services");
    struct trail all = {NULL, "services", 0};
    struct service_check check = {.loader = loader, .model = model, .disabled = disabled};

    check.container_names = node_new(loader->arena, NODE_MAP, model->at);
    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        struct trail here = {&all, services->map.entries[i].key, 0};

        check.name = services->map.entries[i].key;
        check.service = services->map.entries[i].value;
        check.trail = &here;
        if (check.service->kind == NODE_MAP)
            check_service(&check);
    }
}
