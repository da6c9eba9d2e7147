/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/sha256.h"
#include "common/text.h"
#include "orchestrator/plan/plan_build.h"
#include "orchestrator/plan/plan_volume.h"

enum { CPU_PERIOD_US = 100000, MEMORY_MINIMUM_BYTES = 6 * 1024 * 1024 };

static void list_append(struct arena *arena, struct string_list *list, struct string_list more)
{
    for (size_t i = 0; i < more.count; i++)
        string_list_add(arena, list, arena_strdup(arena, more.items[i]));
}

/* Setting an entrypoint discards the image's command; an explicitly empty one clears. */
static void container_args(struct plan_build *build, struct container_spec *container)
{
    const struct service *service = build->service;
    const struct image_config *image = build->image->config;

    if (service->entrypoint.given)
        list_append(build->arena, &container->args, service->entrypoint.words);
    else
        list_append(build->arena, &container->args, image->entrypoint);
    if (service->command.given)
        list_append(build->arena, &container->args, service->command.words);
    else if (!service->entrypoint.given)
        list_append(build->arena, &container->args, image->command);
    if (container->args.count == 0)
        plan_build_error(build, service->at, "",
                         "image '%s' names no program to run: give 'command' or 'entrypoint'",
                         build->image->reference);
}

/* Sets NAME=value, in the place of an earlier value of the same name. */
static void environment_set(struct arena *arena, struct string_list *env, const char *name,
                            size_t name_length, const char *entry)
{
    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->items[i], name, name_length) == 0 && env->items[i][name_length] == '=') {
            env->items[i] = entry;
            return;
        }
    string_list_add(arena, env, entry);
}

void plan_build_env(struct plan_build *build, struct string_list *env,
                    const struct pair_list *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->items[i];

        if (pair->value)
            environment_set(build->arena, env, pair->name, strlen(pair->name),
                            arena_printf(build->arena, "%s=%s", pair->name, pair->value));
    }
}

static void container_env(struct plan_build *build, struct container_spec *container)
{
    static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const struct image_config *image = build->image->config;
    struct string_list *env = &container->env;

    string_list_add(build->arena, env, path);
    string_list_add(build->arena, env,
                    arena_printf(build->arena, "HOSTNAME=%s",
                                 container->hostname ? container->hostname : "localhost"));
    if (container->tty)
        string_list_add(build->arena, env, "TERM=xterm");
    for (size_t i = 0; i < image->env.count; i++)
        environment_set(build->arena, env, image->env.items[i], strcspn(image->env.items[i], "="),
                        arena_strdup(build->arena, image->env.items[i]));
    plan_build_env(build, env, &build->service->environment);
}

/* Twelve hexadecimal digits, as docker names a host; the same one every time. */
static const char *default_hostname(struct plan_build *build)
{
    scoped_text struct text text = {0};
    char hex[SHA256_HEX_SIZE];

    text_appendf(&text, "%s/%s", build->project->name, build->instance->name);
    sha256_hex(text.data, text.length, hex);
    return arena_strndup(build->arena, hex, 12);
}

/* "service:NAME" and "container:NAME" are whose namespace it is to be; else NULL. */
static const char *mode_partner(struct plan_build *build, const char *mode)
{
    if (!mode || (!string_starts_with(mode, "service:") && !string_starts_with(mode, "container:")))
        return NULL;
    return arena_strdup(build->arena, mode);
}

/* The host's, when it is neither its own nor a partner's. */
static bool mode_is_host(struct plan_build *build, const char *mode, const char *key)
{
    if (!mode || !*mode || string_eq(mode, "private") || string_eq(mode, "shareable") ||
        mode_partner(build, mode))
        return false;
    if (!string_eq(mode, "host"))
        plan_build_error(build, build->service->at, key, "'%s' is not supported yet", mode);
    return true;
}

static bool uses_remote_volume(const struct plan_build *build)
{
    const struct service *service = build->service;

    for (size_t i = 0; i < service->n_volumes; i++) {
        const struct volume *volume =
            service->volumes[i].kind == VOLUME_NAMED
                ? project_find_volume(build->project, service->volumes[i].source)
                : NULL;

        if (volume && plan_volume_is_remote(volume))
            return true;
    }
    return false;
}

static void container_namespaces(struct plan_build *build, struct container_spec *container)
{
    const struct service *service = build->service;
    const char *network = service->network_mode;

    container->privileged = service->privileged;
    container->host_pid = mode_is_host(build, service->pid_mode, "pid");
    container->host_ipc = mode_is_host(build, service->ipc_mode, "ipc");
    container->host_uts = mode_is_host(build, service->uts_mode, "uts");
    container->host_cgroup = string_eq(service->cgroup_mode, "host");
    build->instance->pid_of = mode_partner(build, service->pid_mode);
    build->instance->ipc_of = mode_partner(build, service->ipc_mode);
    build->instance->network_of = mode_partner(build, network);
    container->host_network = string_eq(network, "host");
    if (network && *network && !container->host_network && !string_eq(network, "none") &&
        !string_eq(network, "bridge") && !build->instance->network_of)
        plan_build_error(build, service->at, "network_mode", "'%s' is not supported yet", network);

    /* Shared namespaces of the host belong to its user namespace, and so must their users; and
     * another machine keeps files by the ids that are asked for there. */
    if (!container->privileged && !uses_remote_volume(build) && !container->host_pid &&
        !container->host_ipc && !container->host_network && !container->host_cgroup &&
        !string_eq(service->userns_mode, "host"))
        container->id_map = (struct id_map){.base = build->options->id_base, .count = 65536};
    container->hostname = container->host_uts ? NULL
                          : service->hostname ? arena_strdup(build->arena, service->hostname)
                                              : default_hostname(build);
    container->domainname = arena_strdup(build->arena, service->domainname);
}

static void container_security(struct plan_build *build, struct container_spec *container)
{
    const struct service *service = build->service;

    list_append(build->arena, &container->cap_add, service->cap_add);
    list_append(build->arena, &container->cap_drop, service->cap_drop);
    for (size_t i = 0; i < service->security_opt.count; i++) {
        const char *option = service->security_opt.items[i];

        if (string_eq(option, "no-new-privileges") || string_eq(option, "no-new-privileges:true") ||
            string_eq(option, "no-new-privileges=true"))
            container->no_new_privileges = true;
        else if (string_eq(option, "seccomp:unconfined") || string_eq(option, "seccomp=unconfined"))
            container->seccomp_unconfined = true;
        else if (!string_starts_with(option, "apparmor") && !string_starts_with(option, "label") &&
                 !string_eq(option, "no-new-privileges:false"))
            plan_build_error(build, service->at, "security_opt", "'%s' is not supported yet",
                             option);
    }
    for (size_t i = 0; i < service->sysctls.count; i++)
        string_list_add(build->arena, &container->sysctls,
                        arena_printf(build->arena, "%s=%s", service->sysctls.items[i].name,
                                     service->sysctls.items[i].value));
}

static void container_resources(struct plan_build *build, struct container_spec *container)
{
    const struct service *service = build->service;
    struct resource_spec *resources = &container->resources;

    resources->memory_bytes = service->mem_limit_bytes;
    resources->memory_swap_bytes = service->memswap_limit_bytes;
    resources->memory_reservation_bytes = service->mem_reservation_bytes;
    resources->cpu_shares = (uint64_t)(service->cpu_shares > 0 ? service->cpu_shares : 0);
    resources->cpu_quota_us = service->cpu_quota_us;
    resources->cpu_period_us = service->cpu_period_us;
    resources->cpuset = arena_strdup(build->arena, service->cpuset);
    resources->pids = service->pids_limit;
    if (service->cpus > 0) {
        resources->cpu_period_us = CPU_PERIOD_US;
        resources->cpu_quota_us = (int64_t)(service->cpus * CPU_PERIOD_US + 0.5);
    }
    if (resources->memory_bytes > 0 && resources->memory_bytes < MEMORY_MINIMUM_BYTES)
        plan_build_error(build, service->at, "mem_limit", "the least that can be given is 6m");

    container->ulimits = arena_new_array(build->arena, struct ulimit_spec, service->ulimits.count);
    for (size_t i = 0; i < service->ulimits.count; i++)
        container->ulimits[container->n_ulimits++] =
            (struct ulimit_spec){.name = arena_strdup(build->arena, service->ulimits.items[i].name),
                                 .soft = service->ulimits.items[i].soft,
                                 .hard = service->ulimits.items[i].hard};
}

/* "HOST[:CONTAINER[:rwm]]". */
static void container_devices(struct plan_build *build, struct container_spec *container)
{
    const struct string_list *devices = &build->service->devices;

    container->devices =
        arena_new_array(build->arena, struct device_spec,
                        devices->count + build->service->device_cgroup_rules.count);
    for (size_t i = 0; i < devices->count; i++) {
        char *source = arena_strdup(build->arena, devices->items[i]);
        char *target = strchr(source, ':');
        char *permissions = target ? strchr(target + 1, ':') : NULL;

        if (cdi_name_is_qualified(source))
            continue; /* plan_cdi.c */
        if (target)
            *target++ = '\0';
        if (permissions)
            *permissions++ = '\0';
        container->devices[container->n_devices++] =
            (struct device_spec){.source = source,
                                 .target = target ? target : source,
                                 .permissions = permissions ? permissions : "rwm"};
    }
}

/* The form that the spec gives: "c 189:* rmw". */
static bool is_device_rule(const char *text)
{
    static const char digits[] = "0123456789*";
    size_t major_length = *text && text[1] == ' ' ? strspn(text + 2, digits) : 0;
    const char *colon = major_length > 0 ? text + 2 + major_length : "";
    size_t minor_length = *colon == ':' ? strspn(colon + 1, digits) : 0;
    const char *blank = minor_length > 0 ? colon + 1 + minor_length : "";

    return *blank == ' ' && blank[1] && strspn(blank + 1, "rwm") == strlen(blank + 1) &&
           strchr("abc", *text);
}

/* Leave to use what is no node of the container's own, e.g. of a mounted /dev. */
static void container_device_rules(struct plan_build *build, struct container_spec *container)
{
    const struct string_list *rules = &build->service->device_cgroup_rules;

    for (size_t i = 0; i < rules->count; i++) {
        char *rule = arena_strdup(build->arena, rules->items[i]);
        char *permissions = strrchr(rule, ' ');

        if (!is_device_rule(rule)) {
            plan_build_error(build, build->service->at, "device_cgroup_rules",
                             "'%s' is no rule for devices, such as 'c 189:* rmw'", rule);
            continue;
        }
        *permissions++ = '\0';
        container->devices[container->n_devices++] =
            (struct device_spec){.source = rule, .permissions = permissions};
    }
}

void plan_build_container(struct plan_build *build)
{
    struct container_spec *container = &build->instance->container;
    const struct service *service = build->service;
    const struct image_config *image = build->image->config;
    struct arena *arena = build->arena;

    container->init = service->init;
    container->tty = service->tty;
    container->read_only = service->read_only;
    container->shm_bytes = service->shm_size_bytes;
    container->oom_score_adj = service->oom_score_adj;
    container->cwd =
        arena_strdup(arena, service->working_dir ? service->working_dir : image->working_dir);
    container->user = arena_strdup(arena, service->user ? service->user : image->user);
    container->layers = string_list_copy(arena, build->image->layers);
    list_append(arena, &container->groups, service->group_add);

    container_namespaces(build, container);
    container_args(build, container);
    container_env(build, container);
    container_security(build, container);
    container_resources(build, container);
    plan_build_control_group(build);
    plan_build_block_limits(build);
    container_devices(build, container);
    container_device_rules(build, container);
}
