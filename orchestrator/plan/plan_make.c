/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan_make.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/sha256.h"
#include "common/text.h"
#include "orchestrator/plan/plan_build.h"
#include "orchestrator/plan/plan_network_options.h"
#include "orchestrator/plan/plan_replicas.h"
#include "orchestrator/plan/plan_volume.h"

void plan_build_error(struct plan_build *build, struct position at, const char *key,
                      const char *format, ...)
{
    scoped_text struct text message = {0}, path = {0};
    va_list args;

    va_start(args, format);
    text_vappendf(&message, format, args);
    va_end(args);
    text_appendf(&path, "services.%s%s%s", build->service->name, *key ? "." : "", key);
    if (at.line == 0)
        at = build->service->at;
    diagnostics_error(build->diagnostics, at, text_get(&path), "%s", text_get(&message));
}

static const struct plan_side_image *side_image_find(const struct plan_build *build,
                                                     const char *reference)
{
    const struct plan_options *options = build->options;

    for (size_t i = 0; i < options->n_side_images; i++)
        if (string_eq(options->side_images[i].service, build->service->name) &&
            string_eq(options->side_images[i].reference, reference))
            return &options->side_images[i];
    return NULL;
}

const struct plan_side_image *plan_build_side_image(struct plan_build *build, const char *reference,
                                                    struct position at, const char *key)
{
    const struct plan_side_image *image = side_image_find(build, reference);

    if (!image)
        plan_build_error(build, at, key, "there is no image '%s'", reference);
    return image;
}

const struct plan_image *plan_build_image(const struct plan_options *options, const char *service)
{
    for (size_t i = 0; i < options->n_images; i++)
        if (string_eq(options->images[i].service, service))
            return &options->images[i];
    return NULL;
}

/*
 * What a change of makes a running container out of date: the service as resolved,
 * the image, those of image volumes, and how we run it. The layout of the plan itself is left out:
 * a new version of yawl recreates nothing.
 */
static const char *instance_hash(const struct plan_build *build, const char *name)
{
    scoped_text struct text text = {0};
    char hex[SHA256_HEX_SIZE];

    text_appendf(&text, "%s\n%s\n%s", build->image->config_hash, build->image->config->digest,
                 name);
    for (size_t i = 0; i < build->service->n_volumes; i++) {
        const struct service_volume *volume = &build->service->volumes[i];
        const struct plan_side_image *image =
            volume->kind == VOLUME_IMAGE ? side_image_find(build, volume->source) : NULL;

        if (image)
            text_appendf(&text, "\n%s", image->config->digest);
    }
    sha256_hex(text.data, text.length, hex);
    return arena_strdup(build->arena, hex);
}

const char *plan_build_name(const struct plan_build *build, int number)
{
    const struct service *service = build->service;

    if (build->oneoff)
        return arena_strdup(build->arena, build->oneoff->name);
    if (service->container_name)
        return arena_strdup(build->arena, service->container_name);
    return arena_printf(build->arena, "%s%s%s%s%d", build->project->name, build->project->separator,
                        service->name, build->project->separator, number);
}

/* Both exist for a while, so nothing of it may be there once only: its name, an address, or what
 * only this container has on disk. */
static bool starts_first(const struct plan_build *build)
{
    const struct service *service = build->service;

    if (!service->start_first || service->container_name || build->oneoff ||
        build->image->config->volumes.count > 0)
        return false;
    for (size_t i = 0; i < service->n_networks; i++)
        if (service->networks[i].ipv4_address || service->networks[i].ipv6_address ||
            service->networks[i].mac_address)
            return false;
    if (service->mac_address)
        return false;
    for (size_t i = 0; i < service->n_volumes; i++)
        if (service->volumes[i].kind == VOLUME_NAMED && !service->volumes[i].source)
            return false;
    return true;
}

static void plan_make_instance(struct plan_build *build, int number)
{
    struct plan_instance *instance = build->instance;
    const struct service *service = build->service;
    struct arena *arena = build->arena;

    instance->number = number;
    instance->service = arena_strdup(arena, service->name);
    instance->name = plan_build_name(build, number);
    instance->label = service->container_name || build->oneoff
                          ? instance->name
                          : arena_printf(arena, "%s-%d", service->name, number);
    instance->image = arena_strdup(arena, build->image->reference);
    instance->image_digest = arena_strdup(arena, build->image->config->digest);
    instance->config_hash = instance_hash(build, instance->name);
    instance->config = arena_strdup(arena, build->image->service_config);
    instance->attach = service->attach;
    instance->start_first = starts_first(build);
    instance->oneoff = build->oneoff != NULL;
    instance->auto_remove = build->oneoff && build->oneoff->auto_remove;
    instance->stdin_open = build->oneoff && build->oneoff->stdin_open;
    instance->stdin_held = service->stdin_open && !service->tty && !instance->stdin_open;

    plan_build_container(build);
    plan_build_mounts(build);
    plan_build_cdi(build);
    plan_build_network(build);
    plan_build_supervision(build);
    plan_build_logging(build);
}

static void network_pools(const struct network *network, struct arena *arena,
                          struct network_spec *spec)
{
    spec->subnet = arena_strdup(arena, network->pool.subnet);
    spec->gateway = arena_strdup(arena, network->pool.gateway);
    spec->ip_range = arena_strdup(arena, network->pool.ip_range);
    spec->reserved = string_list_copy(arena, network->pool.aux_addresses);
    spec->no_ipv4 = !network->enable_ipv4;
    spec->ipv6 = network->enable_ipv6;
    spec->subnet6 = arena_strdup(arena, network->pool6.subnet);
    spec->gateway6 = arena_strdup(arena, network->pool6.gateway);
    spec->ip_range6 = arena_strdup(arena, network->pool6.ip_range);
    spec->reserved6 = string_list_copy(arena, network->pool6.aux_addresses);
    spec->pools = arena_new_array(arena, struct pool_spec, network->n_more_pools);
    for (size_t i = 0; i < network->n_more_pools; i++) {
        const struct ip_pool *pool = &network->more_pools[i];

        spec->pools[spec->n_pools++] =
            (struct pool_spec){.subnet = arena_strdup(arena, pool->subnet),
                               .gateway = arena_strdup(arena, pool->gateway),
                               .ip_range = arena_strdup(arena, pool->ip_range),
                               .reserved = string_list_copy(arena, pool->aux_addresses)};
    }
}

/* A name that is not made from the project's is one for others to know. */
static const char *network_shared_name(const struct network *network, const char *project,
                                       struct arena *arena)
{
    const char *own = arena_printf(arena, "%s_%s", project, network->key);

    return network->external || !string_eq(network->name, own) ? arena_strdup(arena, network->name)
                                                               : NULL;
}

static void network_make(const struct network *network, const char *project, struct arena *arena,
                         struct diagnostics *diagnostics, struct network_spec *ret_spec)
{
    bool is_station = plan_network_options_is_station(network);
    scoped_text struct text path = {0};

    text_appendf(&path, "networks.%s", network->key);
    if (network->driver && *network->driver && !string_eq(network->driver, "bridge") &&
        !string_eq(network->driver, "default") && !is_station)
        diagnostics_error(
            diagnostics, network->at, text_get(&path),
            "driver '%s' is not supported; there are 'bridge', 'macvlan' and 'ipvlan'",
            network->driver);
    *ret_spec = (struct network_spec){.name = arena_strdup(arena, network->key),
                                      .shared_name = network_shared_name(network, project, arena),
                                      .external = network->external,
                                      .internal = network->internal};
    if (network->external)
        return; /* it is what its maker says */
    network_pools(network, arena, ret_spec);
    if (is_station)
        plan_network_options_station(network, arena, ret_spec);
    if (is_station && !ret_spec->parent)
        diagnostics_error(diagnostics, network->at, text_get(&path),
                          "a network of driver '%s' has driver_opts.parent, an interface of this "
                          "machine",
                          network->driver);
    ret_spec->kernel_uplink = network->uplink != NULL;
    if (network->uplink && !string_eq(network->uplink, "kernel"))
        diagnostics_error(diagnostics, network->at, text_get(&path),
                          "x-uplink '%s' is not known; there is 'kernel'", network->uplink);
    if (network->pool6.subnet && !network->enable_ipv6)
        diagnostics_warning(diagnostics, network->at, text_get(&path),
                            "subnet '%s' has no effect without 'enable_ipv6: true'",
                            network->pool6.subnet);
    plan_network_options_apply(network, diagnostics, ret_spec);
}

/* Shared ones and those with a subnet of their own come first: the others are made to fit beside
 * them. */
static void plan_make_networks(const struct project *project, struct arena *arena,
                               struct diagnostics *diagnostics, struct plan *plan)
{
    struct network_spec *made = arena_new_array(arena, struct network_spec, project->n_networks);

    plan->networks = arena_new_array(arena, struct network_spec, project->n_networks);
    for (size_t i = 0; i < project->n_networks; i++)
        network_make(&project->networks[i], project->name, arena, diagnostics, &made[i]);
    for (int fits = 0; fits < 2; fits++)
        for (size_t i = 0; i < project->n_networks; i++)
            if ((!made[i].subnet && !made[i].shared_name) == fits)
                plan->networks[plan->n_networks++] = made[i];
}

static void plan_make_volumes(const struct project *project, struct arena *arena,
                              struct diagnostics *diagnostics, struct plan *plan)
{
    plan->volumes = arena_new_array(arena, struct plan_volume, project->n_volumes);
    for (size_t i = 0; i < project->n_volumes; i++) {
        const struct volume *volume = &project->volumes[i];
        scoped_text struct text path = {0};

        text_appendf(&path, "volumes.%s", volume->key);
        if (volume->driver && *volume->driver && !string_eq(volume->driver, "local"))
            diagnostics_error(diagnostics, volume->at, text_get(&path),
                              "driver '%s' is not supported; there is 'local'", volume->driver);
        plan_volume_check(volume, text_get(&path), diagnostics);
        if (plan_volume_kind(volume) == VOLUME_IS_DIRECTORY)
            plan->volumes[plan->n_volumes++] = (struct plan_volume){
                .name = arena_strdup(arena, volume->name), .external = volume->external};
        else if (plan_volume_kind(volume) == VOLUME_IS_FILESYSTEM)
            plan->volumes[plan->n_volumes++] = (struct plan_volume){
                .name = arena_strdup(arena, volume->name),
                .type = arena_strdup(arena, plan_volume_option(volume, "type")),
                .device = arena_strdup(arena, plan_volume_option(volume, "device")),
                .options = arena_strdup(arena, plan_volume_option(volume, "o"))};
    }
}

static const struct plan_oneoff *oneoff_of(const struct plan_options *options,
                                           const struct service *service)
{
    return options->oneoff && string_eq(options->oneoff->service, service->name) ? options->oneoff
                                                                                 : NULL;
}

static int64_t scale_of(const struct plan_options *options, const struct service *service)
{
    if (oneoff_of(options, service))
        return 1;
    for (size_t i = options->n_scales; i > 0; i--)
        if (string_eq(options->scales[i - 1].service, service->name))
            return options->scales[i - 1].count;
    return service->scale > 0 ? service->scale : 0;
}

static size_t count_instances(const struct project *project, const struct plan_options *options)
{
    size_t count = 0;

    for (size_t i = 0; i < project->n_services && count <= LIMIT_INSTANCES; i++) {
        const struct service *service = &project->services[i];
        size_t scale = (size_t)scale_of(options, service);

        count += scale + scale * service->n_pre_start;
    }
    return count;
}

static int compare_instances(const void *a, const void *b)
{
    return strcmp(((const struct plan_instance *)a)->name, ((const struct plan_instance *)b)->name);
}

/* Names become names of files and control groups. */
static bool container_name_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t first = strspn(name, letters);

    return first > 0 && strlen(name) <= 200 &&
           strlen(name) == first + strspn(name + first, "abcdefghijklmnopqrstuvwxyz"
                                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
}

/* One number for each container that is to be. */
static int *instance_numbers(const struct plan_build *build)
{
    const struct plan_options *options = build->options;
    struct replica *existing =
        arena_new_array(build->arena, struct replica, options->n_existing + 1);
    int *numbers = arena_new_array(build->arena, int, (size_t)build->scale + 1);
    size_t count = 0;

    for (size_t i = 0; i < options->n_existing; i++) {
        const struct plan_existing *one = &options->existing[i];

        if (!build->service->container_name && !build->oneoff &&
            string_eq(one->service, build->service->name))
            existing[count++] = (struct replica){
                one->number, !string_eq(one->config_hash,
                                        instance_hash(build, plan_build_name(build, one->number)))};
    }
    if (starts_first(build)) {
        plan_replicas_choose_beside(existing, count, (size_t)build->scale, numbers);
        return numbers;
    }
    plan_replicas_choose(existing, count, (size_t)build->scale, numbers);
    return numbers;
}

static void plan_make_service(struct plan_build *build, struct plan *plan)
{
    const struct service *service = build->service;
    size_t first = plan->n_instances;
    const int *numbers;

    if (service->container_name && build->scale > 1)
        plan_build_error(build, service->at, "container_name",
                         "a fixed name allows one container, scale is %lld",
                         (long long)build->scale);
    if (service->container_name && !container_name_valid(service->container_name)) {
        plan_build_error(build, service->at, "container_name",
                         "'%s' is not valid: letters, digits, '_', '.' and '-', the first a letter "
                         "or digit",
                         service->container_name);
        return;
    }
    plan_check_logging(build);
    numbers = instance_numbers(build);
    for (int64_t i = 0; i < build->scale; i++) {
        build->instance = &plan->instances[plan->n_instances++];
        plan_make_instance(build, numbers[i]);
    }
    if (!build->oneoff && build->scale > 0)
        plan_build_hooks(build, plan, first);
    string_list_add(build->arena, &plan->declared_names, arena_strdup(build->arena, service->name));
}

/* Sorted: the same name twice stands side by side. */
static void plan_check_names(const struct plan *plan, const struct project *project,
                             struct diagnostics *diagnostics)
{
    for (size_t i = 1; i < plan->n_instances; i++) {
        const struct plan_instance *instance = &plan->instances[i];
        const struct service *service = project_find_service(project, instance->service);
        scoped_text struct text path = {0};

        if (!string_eq(instance->name, plan->instances[i - 1].name))
            continue;
        text_appendf(&path, "services.%s.container_name", instance->service);
        diagnostics_error(diagnostics, service->at, text_get(&path),
                          "container name '%s' is already in use by service '%s'", instance->name,
                          plan->instances[i - 1].service);
    }
}

/* Those that others can read too: `run` adds one of its own, which is a descriptor. */
static void plan_make_files(const struct project *project, struct arena *arena, struct plan *plan)
{
    for (size_t i = 0; i < project->files.count; i++)
        if (!string_starts_with(project->files.items[i], "/proc/"))
            string_list_add(arena, &plan->files, arena_strdup(arena, project->files.items[i]));
}

struct plan *plan_make(const struct project *project, const struct plan_options *options,
                       struct arena *arena, struct diagnostics *diagnostics)
{
    size_t count = count_instances(project, options);
    struct plan *plan = arena_new_object(arena, struct plan);

    plan->project = arena_strdup(arena, project->name);
    if (count > LIMIT_INSTANCES) {
        diagnostics_error(diagnostics, (struct position){0}, NULL,
                          "the project has more than %d containers", LIMIT_INSTANCES);
        return NULL;
    }
    plan_make_files(project, arena, plan);
    plan_make_networks(project, arena, diagnostics, plan);
    plan_make_volumes(project, arena, diagnostics, plan);

    plan->instances = arena_new_array(arena, struct plan_instance, count);
    for (size_t i = 0; i < project->n_services; i++) {
        struct plan_build build = {.project = project,
                                   .options = options,
                                   .arena = arena,
                                   .diagnostics = diagnostics,
                                   .service = &project->services[i],
                                   .oneoff = oneoff_of(options, &project->services[i]),
                                   .scale = scale_of(options, &project->services[i])};

        build.image = plan_build_image(options, build.service->name);
        if (build.image)
            plan_make_service(&build, plan);
        else
            plan_build_error(&build, build.service->image_at, "image", "there is no image");
    }
    qsort(plan->instances, plan->n_instances, sizeof(*plan->instances), compare_instances);
    plan_check_names(plan, project, diagnostics);
    return plan;
}
