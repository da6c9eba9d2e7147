/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/check.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/text.h"
#include "orchestrator/compose/shape.h"

static void check_ports(struct loader *loader, const struct node *service,
                        const struct trail *trail)
{
    const struct node *ports = node_get(service, "ports");
    unsigned char address[sizeof(struct in6_addr)];

    for (size_t i = 0; node_is(ports, NODE_LIST) && i < ports->list.count; i++) {
        const struct node *host_ip = node_get(ports->list.items[i], "host_ip");
        struct trail list = {trail, "ports", 0}, here = {&list, NULL, i};

        if (node_text(host_ip) && inet_pton(AF_INET, host_ip->text, address) != 1 &&
            inet_pton(AF_INET6, host_ip->text, address) != 1)
            loader_error(loader, host_ip, &here, "invalid ip address: %s", host_ip->text);
    }
}

static void check_mounts(struct loader *loader, const struct node *service,
                         const struct trail *trail)
{
    const struct node *volumes = node_get(service, "volumes");

    for (size_t i = 0; node_is(volumes, NODE_LIST) && i < volumes->list.count; i++) {
        const struct node *mount = volumes->list.items[i];
        struct trail list = {trail, "volumes", 0}, here = {&list, NULL, i};

        if (!mount->broken && string_eq(node_get_text(mount, "type"), "bind") &&
            !node_get(mount, "source"))
            loader_error(loader, mount, &here, "a bind mount needs a source");
    }
}

static void check_devices(struct loader *loader, const struct node *list, const struct trail *trail)
{
    for (size_t i = 0; node_is(list, NODE_LIST) && i < list->list.count; i++) {
        const struct node *request = list->list.items[i];
        struct trail here = {trail, NULL, i};

        if (node_get(request, "count") && node_get(request, "device_ids"))
            loader_error(loader, request, &here,
                         "\"count\" and \"device_ids\" attributes are exclusive");
    }
}

static void check_watch(struct loader *loader, const struct node *service,
                        const struct trail *trail)
{
    const struct node *watch = node_get(node_get(service, "develop"), "watch");
    struct trail list = {trail, "develop.watch", 0};

    for (size_t i = 0; node_is(watch, NODE_LIST) && i < watch->list.count; i++) {
        const struct node *item = watch->list.items[i];
        const char *action = node_get_text(item, "action");
        struct trail here = {&list, NULL, i};

        if (!node_get(item, "path"))
            loader_error(loader, item, &here, "path: value can't be blank");
        if (action && strcmp(action, "rebuild") != 0 && strcmp(action, "restart") != 0 &&
            !node_get(item, "target"))
            loader_error(loader, item, &here, "target is required for non-rebuild actions");
    }
}

static void check_external(struct loader *loader, const struct node *volume,
                           const struct trail *trail)
{
    if (!node_get_bool(volume, "external"))
        return;
    for (size_t i = 0; i < volume->map.count; i++) {
        const struct node_entry *entry = &volume->map.entries[i];

        if (strcmp(entry->key, "external") == 0 || strcmp(entry->key, "name") == 0 ||
            is_extension(entry->key))
            continue;
        loader_error(loader, entry->value, trail,
                     "conflicting parameters \"external\" and \"%s\" specified", entry->key);
    }
}

/* Where a secret or config comes from: exactly one of `sources`. An empty text counts: a variable
 * may have made it so. */
static void check_source(struct loader *loader, const struct node *object,
                         const char *const *sources, const struct trail *trail)
{
    scoped_text struct text names = {0};
    size_t given = 0;

    if (!node_is(object, NODE_MAP) || object->broken)
        return;
    for (size_t i = 0; sources[i]; i++) {
        text_appendf(&names, "%s%s", i ? "|" : "", sources[i]);
        given += node_find(object, sources[i]) != NULL;
    }
    if (given == 0 && !node_get_bool(object, "external") && !node_get(object, "driver"))
        loader_error(loader, object, trail, "one of %s must be set", text_get(&names));
    else if (given > 1)
        loader_error(loader, object, trail, "%s attributes are mutually exclusive",
                     text_get(&names));
}

static void check_service_values(struct loader *loader, const struct node *service,
                                 const struct trail *trail)
{
    const struct node *resources = node_get(node_get(service, "deploy"), "resources");
    struct trail devices = {trail, "deploy.resources.reservations.devices", 0};
    struct trail gpus = {trail, "gpus", 0};

    check_ports(loader, service, trail);
    check_mounts(loader, service, trail);
    check_devices(loader, node_get(node_get(resources, "reservations"), "devices"), &devices);
    check_devices(loader, node_get(service, "gpus"), &gpus);
    check_watch(loader, service, trail);
}

/* Calls `check` for each resource of that kind. */
static void check_each(struct loader *loader, const struct node *model, const char *kind,
                       void (*check)(struct loader *, const struct node *, const struct trail *))
{
    const struct node *resources = node_get(model, kind);
    struct trail all = {NULL, kind, 0};

    for (size_t i = 0; node_is(resources, NODE_MAP) && i < resources->map.count; i++) {
        struct trail here = {&all, resources->map.entries[i].key, 0};

        check(loader, resources->map.entries[i].value, &here);
    }
}

static void check_secret(struct loader *loader, const struct node *secret,
                         const struct trail *trail)
{
    static const char *const sources[] = {"file", "environment", NULL};

    check_source(loader, secret, sources, trail);
}

static void check_config(struct loader *loader, const struct node *config,
                         const struct trail *trail)
{
    static const char *const sources[] = {"file", "environment", "content", NULL};

    check_source(loader, config, sources, trail);
}

void check_sources(struct loader *loader, const struct node *model)
{
    check_each(loader, model, "secrets", check_secret);
    check_each(loader, model, "configs", check_config);
}

void check_values(struct loader *loader, const struct node *model)
{
    check_each(loader, model, "services", check_service_values);
    check_each(loader, model, "volumes", check_external);
}

enum visit { VISIT_NONE, VISIT_OPEN, VISIT_DONE };

/* The walk below is recursive. */
enum { MAX_SERVICES = 16 * 1024 };

struct walk {
    struct loader *loader;
    const struct node *services;
    enum visit *visits;
    size_t *path; /* numbers of the services on the way */
    size_t length;
};

static void report_cycle(struct walk *walk, size_t number, const struct node *edge)
{
    scoped_text struct text chain = {0};
    const struct node_entry *services = walk->services->map.entries;
    size_t start = 0;

    while (walk->path[start] != number)
        start++;
    for (size_t i = start; i < walk->length; i++)
        text_appendf(&chain, "%s -> ", services[walk->path[i]].key);
    text_append(&chain, services[number].key);
    loader_error(walk->loader, edge, NULL, "dependency cycle detected: %s", text_get(&chain));
}

static void visit(struct walk *walk, size_t number)
{
    const struct node *depends_on =
        node_get(walk->services->map.entries[number].value, "depends_on");

    walk->visits[number] = VISIT_OPEN;
    walk->path[walk->length++] = number;
    for (size_t i = 0; node_is(depends_on, NODE_MAP) && i < depends_on->map.count; i++) {
        const struct node_entry *edge = &depends_on->map.entries[i];
        const struct node_entry *target = node_find(walk->services, edge->key);
        size_t next = target ? (size_t)(target - walk->services->map.entries) : 0;

        if (!target)
            continue;
        if (walk->visits[next] == VISIT_OPEN)
            report_cycle(walk, next, edge->value);
        else if (walk->visits[next] == VISIT_NONE)
            visit(walk, next);
    }
    walk->visits[number] = VISIT_DONE;
    walk->length--;
}

void check_cycles(struct loader *loader, const struct node *model)
{
    const struct node *services = node_get(model, "services");
    struct walk walk = {.loader = loader, .services = services};

    if (!node_is(services, NODE_MAP))
        return;
    if (services->map.count > MAX_SERVICES) {
        loader_error(loader, services, NULL, "more than %d services", MAX_SERVICES);
        return;
    }
    walk.visits = arena_new_array(loader->arena, enum visit, services->map.count);
    walk.path = arena_new_array(loader->arena, size_t, services->map.count);
    for (size_t i = 0; i < services->map.count; i++) {
        if (walk.visits[i] == VISIT_NONE)
            visit(&walk, i);
    }
}
