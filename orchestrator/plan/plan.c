/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/plan/plan.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

static const struct codec_field plan_dependency_codec[] = {
    CODEC_FIELD(struct plan_dependency, service, CODEC_STRING),
    CODEC_FIELD(struct plan_dependency, by_name, CODEC_BOOL),
    CODEC_FIELD(struct plan_dependency, condition, CODEC_INT),
    CODEC_FIELD(struct plan_dependency, restart, CODEC_BOOL),
    CODEC_FIELD(struct plan_dependency, required, CODEC_BOOL),
    {0},
};

static const struct codec_field plan_health_codec[] = {
    CODEC_FIELD(struct plan_health, args, CODEC_STRINGS),
    CODEC_FIELD(struct plan_health, interval_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_health, timeout_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_health, start_period_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_health, start_interval_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_health, retries, CODEC_INT64),
    {0},
};

static const struct codec_field plan_hook_codec[] = {
    CODEC_FIELD(struct plan_hook, args, CODEC_STRINGS),
    CODEC_FIELD(struct plan_hook, env, CODEC_STRINGS),
    CODEC_FIELD(struct plan_hook, user, CODEC_STRING),
    CODEC_FIELD(struct plan_hook, cwd, CODEC_STRING),
    CODEC_FIELD(struct plan_hook, privileged, CODEC_BOOL),
    {0},
};

static const struct codec_field plan_file_codec[] = {
    CODEC_FIELD(struct plan_file, name, CODEC_STRING),
    CODEC_FIELD(struct plan_file, content, CODEC_STRING),
    CODEC_FIELD(struct plan_file, source, CODEC_STRING),
    CODEC_FIELD(struct plan_file, uid, CODEC_INT),
    CODEC_FIELD(struct plan_file, gid, CODEC_INT),
    CODEC_FIELD(struct plan_file, mode, CODEC_INT),
    {0},
};

const struct codec_field plan_instance_codec[] = {
    CODEC_FIELD(struct plan_instance, name, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, service, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, label, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, number, CODEC_INT),
    CODEC_FIELD(struct plan_instance, image, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, image_digest, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, config_hash, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, config, CODEC_STRING),
    CODEC_NESTED(struct plan_instance, container, container_spec_codec),
    CODEC_LIST(struct plan_instance, endpoints, n_endpoints, endpoint_spec_codec),
    CODEC_LIST(struct plan_instance, ports, n_ports, port_spec_codec),
    CODEC_LIST(struct plan_instance, dependencies, n_dependencies, plan_dependency_codec),
    CODEC_LIST(struct plan_instance, files, n_files, plan_file_codec),
    CODEC_FIELD(struct plan_instance, anonymous_volumes, CODEC_STRINGS),
    CODEC_FIELD(struct plan_instance, volume_images, CODEC_STRINGS),
    CODEC_NESTED(struct plan_instance, health, plan_health_codec),
    CODEC_LIST(struct plan_instance, post_start, n_post_start, plan_hook_codec),
    CODEC_LIST(struct plan_instance, pre_stop, n_pre_stop, plan_hook_codec),
    CODEC_FIELD(struct plan_instance, network_of, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, pid_of, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, ipc_of, CODEC_STRING),
    CODEC_FIELD(struct plan_instance, restart, CODEC_INT),
    CODEC_FIELD(struct plan_instance, restart_max, CODEC_INT),
    CODEC_FIELD(struct plan_instance, restart_delay_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_instance, restart_window_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_instance, run_once, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, stop_signal, CODEC_INT),
    CODEC_FIELD(struct plan_instance, grace_ms, CODEC_INT64),
    CODEC_FIELD(struct plan_instance, attach, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, oneoff, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, hook, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, start_first, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, auto_remove, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, stdin_open, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, stdin_held, CODEC_BOOL),
    CODEC_FIELD(struct plan_instance, hosts, CODEC_STRINGS),
    CODEC_FIELD(struct plan_instance, host_access, CODEC_INT),
    CODEC_FIELD(struct plan_instance, links, CODEC_STRINGS),
    CODEC_FIELD(struct plan_instance, dns, CODEC_STRINGS),
    CODEC_FIELD(struct plan_instance, dns_search, CODEC_STRINGS),
    CODEC_FIELD(struct plan_instance, dns_options, CODEC_STRINGS),
    CODEC_FIELD(struct plan_instance, log_max_bytes, CODEC_INT64),
    CODEC_FIELD(struct plan_instance, log_max_files, CODEC_INT64),
    CODEC_FIELD(struct plan_instance, log_buffer_bytes, CODEC_INT64),
    CODEC_FIELD(struct plan_instance, log_discard, CODEC_BOOL),
    {0},
};

static const struct codec_field plan_volume_codec[] = {
    CODEC_FIELD(struct plan_volume, name, CODEC_STRING),
    CODEC_FIELD(struct plan_volume, external, CODEC_BOOL),
    CODEC_FIELD(struct plan_volume, labels, CODEC_STRINGS),
    CODEC_FIELD(struct plan_volume, type, CODEC_STRING),
    CODEC_FIELD(struct plan_volume, device, CODEC_STRING),
    CODEC_FIELD(struct plan_volume, options, CODEC_STRING),
    {0},
};

#define PLAN_SHARED_FIELDS                                                                         \
    CODEC_FIELD(struct plan, project, CODEC_STRING),                                               \
        CODEC_LIST(struct plan, networks, n_networks, network_spec_codec),                         \
        CODEC_LIST(struct plan, volumes, n_volumes, plan_volume_codec),                            \
        CODEC_FIELD(struct plan, declared_names, CODEC_STRINGS),                                   \
        CODEC_FIELD(struct plan, files, CODEC_STRINGS)

const struct codec_field plan_shared_codec[] = {PLAN_SHARED_FIELDS, {0}};

const struct codec_field plan_codec[] = {
    PLAN_SHARED_FIELDS,
    CODEC_LIST(struct plan, instances, n_instances, plan_instance_codec),
    {0},
};

const struct plan_instance *plan_find_instance(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_instances; i++)
        if (string_eq(plan->instances[i].name, name))
            return &plan->instances[i];
    return NULL;
}

int plan_shared_read(int run_fd, struct arena *arena, struct plan *ret_plan, bool *ret_there,
                     struct error *err)
{
    scoped(json_release) json_t *json = json_read_file(run_fd, "shared.json", err);

    *ret_there = json != NULL;
    if (!json)
        return err->number == ENOENT ? 0 : -1;
    if (codec_decode(plan_shared_codec, json, ret_plan, arena, err) < 0)
        return error_wrap(err, "read 'shared.json'");
    return 0;
}

static bool is_complete(const struct plan_instance *plan)
{
    return plan->name && plan->service && plan->label && plan->config_hash;
}

int plan_instance_read(int dir_fd, const char *name, const char *suffix, struct arena *arena,
                       struct plan_instance **ret_plan, struct error *err)
{
    const char *file_name = arena_printf(arena, "%s.%s", name, suffix);
    scoped(json_release) json_t *json = json_read_file(dir_fd, file_name, err);
    struct plan_instance *plan;

    *ret_plan = NULL;
    if (!json)
        return err->number == ENOENT ? 0 : -1;
    plan = arena_new_object(arena, struct plan_instance);
    if (codec_decode(plan_instance_codec, json, plan, arena, err) < 0)
        return error_wrap(err, "plan '%s'", file_name);
    if (!is_complete(plan))
        return error_set(err, "plan '%s' is incomplete", file_name);
    *ret_plan = plan;
    return 0;
}

int plan_instance_copy(const struct plan_instance *plan, struct arena *arena,
                       struct plan_instance **ret_copy, struct error *err)
{
    if (!is_complete(plan))
        return error_set(err, "plan of a container is incomplete");
    *ret_copy = arena_new_object(arena, struct plan_instance);
    codec_copy(plan_instance_codec, plan, *ret_copy, arena);
    return 0;
}

const struct network_spec *plan_find_network(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_networks; i++)
        if (string_eq(plan->networks[i].name, name))
            return &plan->networks[i];
    return NULL;
}
