/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices by CDI: what the specifications of this machine say of those that a service names or asks
 * for becomes part of its container.
 *
 * Without a driver a GPU is whatever of the known kinds is here, as docker has it since it knows
 * CDI.
 */
#include <string.h>

#include "common/text.h"
#include "orchestrator/plan/plan_build.h"

/* Of whom there are GPUs, in the order in which they are looked for. */
static const char *const gpu_kinds[] = {"nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu"};

struct injection {
    struct plan_build *build;
    struct container_spec *container;
    struct string_list applied; /* names, and kinds whose common edits are in */
    const char *name;           /* of the device, for messages */
    struct position at;
};

/* -- edits */

static void env_apply(struct injection *injection, const struct cdi_edits *edits)
{
    struct arena *arena = injection->build->arena;

    for (size_t i = 0; i < edits->env.count; i++) {
        const char *entry = edits->env.items[i], *equals = strchr(entry, '=');
        struct pair pair = {arena_strndup(arena, entry, (size_t)(equals - entry)), equals + 1,
                            injection->at};
        const struct pair_list one = {&pair, 1};

        plan_build_env(injection->build, &injection->container->env, &one);
    }
}

static void nodes_apply(struct injection *injection, const struct cdi_edits *edits)
{
    struct container_spec *container = injection->container;
    struct arena *arena = injection->build->arena;
    struct device_spec *devices =
        arena_new_array(arena, struct device_spec, container->n_devices + edits->n_nodes);

    if (container->n_devices > 0)
        memcpy(devices, container->devices, container->n_devices * sizeof(*devices));
    for (size_t i = 0; i < edits->n_nodes; i++)
        devices[container->n_devices++] =
            (struct device_spec){.source = arena_strdup(arena, edits->nodes[i].host_path),
                                 .target = arena_strdup(arena, edits->nodes[i].path),
                                 .permissions = arena_strdup(arena, edits->nodes[i].permissions)};
    container->devices = devices;
}

static bool mount_make(struct injection *injection, const struct cdi_mount *mount,
                       struct mount_spec *ret_mount)
{
    static const char *const spreads[] = {"rprivate", "private", "rslave",
                                          "slave",    "rshared", "shared"};
    struct arena *arena = injection->build->arena;
    const struct string_list *options = &mount->options;

    if (mount->type && *mount->type && !string_eq(mount->type, "bind") &&
        !string_eq(mount->type, "none") && !string_list_has(options, "bind") &&
        !string_list_has(options, "rbind")) {
        plan_build_error(injection->build, injection->at, "devices",
                         "'%s' wants a mount of type '%s' on '%s': only bind mounts are made",
                         injection->name, mount->type, mount->container_path);
        return false;
    }
    *ret_mount = (struct mount_spec){.kind = MOUNT_BIND,
                                     .source = arena_strdup(arena, mount->host_path),
                                     .target = arena_strdup(arena, mount->container_path),
                                     .read_only = string_list_has(options, "ro"),
                                     .recursive = string_list_has(options, "rbind"),
                                     .no_fill = true};
    for (size_t i = 0; i < ARRAY_LENGTH(spreads); i++)
        if (string_list_has(options, spreads[i]))
            ret_mount->propagation = spreads[i];
    return true;
}

static void mounts_apply(struct injection *injection, const struct cdi_edits *edits)
{
    struct container_spec *container = injection->container;

    for (size_t i = 0; i < edits->n_mounts; i++) {
        struct mount_spec mount;

        if (!mount_make(injection, &edits->mounts[i], &mount))
            continue;
        container->mounts =
            arena_room(injection->build->arena, container->mounts, container->n_mounts);
        container->mounts[container->n_mounts++] = mount;
    }
}

static void hooks_apply(struct injection *injection, const struct cdi_edits *edits)
{
    struct container_spec *container = injection->container;
    struct arena *arena = injection->build->arena;

    for (size_t i = 0; i < edits->n_hooks; i++) {
        const struct cdi_hook *hook = &edits->hooks[i];

        if (!string_eq(hook->name, "createContainer")) {
            plan_build_error(injection->build, injection->at, "devices",
                             "'%s' wants a hook at '%s': only those at 'createContainer' are run",
                             injection->name, hook->name);
            continue;
        }
        container->device_hooks =
            arena_room(arena, container->device_hooks, container->n_device_hooks);
        container->device_hooks[container->n_device_hooks++] =
            (struct device_hook){.path = arena_strdup(arena, hook->path),
                                 .args = string_list_copy(arena, hook->args),
                                 .env = string_list_copy(arena, hook->env),
                                 .timeout_s = hook->timeout_s};
    }
}

static void edits_apply(struct injection *injection, const struct cdi_edits *edits)
{
    struct arena *arena = injection->build->arena;

    env_apply(injection, edits);
    nodes_apply(injection, edits);
    mounts_apply(injection, edits);
    hooks_apply(injection, edits);
    for (size_t i = 0; i < edits->groups.count; i++)
        string_list_add(arena, &injection->container->groups,
                        arena_strdup(arena, edits->groups.items[i]));
}

/* -- devices */

/* Once, however often it is named. */
static bool is_new(struct injection *injection, const char *name)
{
    if (string_list_has(&injection->applied, name))
        return false;
    string_list_add(injection->build->arena, &injection->applied, name);
    return true;
}

/* False after an error was added. */
static bool device_apply(struct injection *injection, const char *name)
{
    const struct cdi_specs *specs = injection->build->options->cdi;
    const struct cdi_device *device;
    const struct cdi_spec *spec;

    injection->name = name;
    if (!specs || !cdi_specs_find(specs, name, &spec, &device)) {
        plan_build_error(injection->build, injection->at, "devices",
                         "no CDI specification of this machine has a device '%s'", name);
        return false;
    }
    if (!is_new(injection, name))
        return true;
    if (is_new(injection, spec->path))
        edits_apply(injection, &spec->edits);
    edits_apply(injection, &device->edits);
    return true;
}

static bool has_kind(const struct cdi_specs *specs, const char *kind)
{
    for (size_t i = 0; specs && i < specs->count; i++)
        if (string_eq(specs->items[i].kind, kind))
            return true;
    return false;
}

/* The kind that the request's devices are of; NULL after an error was added. */
static const char *kind_of(struct injection *injection, const struct device_request *request)
{
    const struct cdi_specs *specs = injection->build->options->cdi;

    if (request->gpu && string_eq(request->driver, "nvidia"))
        return gpu_kinds[0];
    if (request->driver || !request->gpu) {
        plan_build_error(injection->build, request->at, "devices",
                         "there is no driver '%s' with these capabilities: there is 'cdi', and "
                         "'nvidia' for GPUs",
                         request->driver ? request->driver : "");
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(gpu_kinds); i++)
        if (has_kind(specs, gpu_kinds[i]))
            return gpu_kinds[i];
    return gpu_kinds[0];
}

static void request_apply(struct injection *injection, const struct device_request *request)
{
    struct arena *arena = injection->build->arena;
    const char *kind;

    injection->at = request->at;
    if (string_eq(request->driver, "cdi")) {
        for (size_t i = 0; i < request->names.count; i++)
            device_apply(injection, request->names.items[i]);
        return;
    }
    kind = kind_of(injection, request);
    if (!kind)
        return;
    for (size_t i = 0; i < request->names.count; i++)
        device_apply(injection, arena_printf(arena, "%s=%s", kind, request->names.items[i]));
    if (request->names.count == 0 && request->count < 0)
        device_apply(injection, arena_printf(arena, "%s=all", kind));
    /* The first that is not there is told of, and none is looked for behind it. */
    for (int64_t i = 0; request->names.count == 0 && i < request->count; i++)
        if (!device_apply(injection, arena_printf(arena, "%s=%lld", kind, (long long)i)))
            return;
}

void plan_build_cdi(struct plan_build *build)
{
    const struct service *service = build->service;
    struct injection injection = {
        .build = build, .container = &build->instance->container, .at = service->at};

    for (size_t i = 0; i < service->devices.count; i++)
        if (cdi_name_is_qualified(service->devices.items[i]))
            device_apply(&injection, arena_strdup(build->arena, service->devices.items[i]));
    for (size_t i = 0; i < service->n_device_requests; i++)
        request_apply(&injection, &service->device_requests[i]);
}
