/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/units.h"
#include "orchestrator/compose/cdi_spec.h"
#include "orchestrator/compose/decode.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/number.h"

static const struct shape *shape_at(const char *key)
{
    return shape_of_entry(&shape_service, key);
}

static size_t list_length(const struct node *node)
{
    return node_is(node, NODE_LIST) ? node->list.count : 0;
}

static size_t map_length(const struct node *node)
{
    return node_is(node, NODE_MAP) ? node->map.count : 0;
}

DECODE_RULE(decode_image)
{
    struct service *service = field;

    (void)decoder;
    service->image = node_text(node);
    service->image_at = node->at;
}

DECODE_RULE(decode_build)
{
    struct service *service = field;

    if (node->kind != NODE_MAP)
        return;
    service->build = arena_new_object(decoder->arena, struct build);
    service->build->at = node->at;
    decode_fields(decoder, node, &shape_build, service->build);
}

DECODE_RULE(decode_grace_period)
{
    struct service *service = field;

    (void)decoder;
    service->has_stop_grace_period =
        node_text(node) && duration_parse(node->text, &service->stop_grace_period_ns);
}

static int64_t int_at(const struct node *map, const char *key)
{
    const struct node *value = node_get(map, key);

    return node_is(value, NODE_INT) ? value->integer : 0;
}

static int64_t bytes_at(const struct node *map, const char *key)
{
    const char *text = node_get_text(map, key);
    int64_t bytes = 0;

    if (text)
        (void)!number_parse_int(text, &bytes);
    return bytes;
}

static void decode_limits(const struct node *limits, struct service *service)
{
    const struct node *cpus = node_get(limits, "cpus");

    if (node_is(cpus, NODE_FLOAT))
        service->cpus = cpus->real;
    if (bytes_at(limits, "memory"))
        service->mem_limit_bytes = bytes_at(limits, "memory");
    if (int_at(limits, "pids"))
        service->pids_limit = int_at(limits, "pids");
}

static int64_t duration_at(const struct node *map, const char *key)
{
    const char *text = node_get_text(map, key);
    int64_t ns = 0;

    if (text)
        (void)!duration_parse(text, &ns);
    return ns;
}

/* deploy.restart_policy wins over `restart`: any is always, none is no. */
static void decode_restart_policy(struct decoder *decoder, const struct node *policy,
                                  struct service *service)
{
    const char *condition = node_get_text(policy, "condition");
    int64_t attempts = int_at(policy, "max_attempts");

    if (!policy)
        return;
    service->has_restart_delay = node_get(policy, "delay") != NULL;
    service->restart_delay_ns = duration_at(policy, "delay");
    service->restart_window_ns = duration_at(policy, "window");
    if (!condition || strcmp(condition, "any") == 0)
        service->restart = "always";
    else if (strcmp(condition, "none") == 0)
        service->restart = "no";
    else if (attempts > 0)
        service->restart = arena_printf(decoder->arena, "on-failure:%lld", (long long)attempts);
    else
        service->restart = condition;
}

static void decode_device_request(struct decoder *decoder, const struct node *node, bool gpu,
                                  struct service *service);

DECODE_RULE(decode_deploy)
{
    const struct node *resources = node_get(node, "resources");
    const struct node *reservations = node_get(resources, "reservations");
    const struct node *devices = node_get(reservations, "devices");
    struct service *service = field;

    if (node_get(node, "replicas"))
        service->scale = int_at(node, "replicas");
    decode_limits(node_get(resources, "limits"), service);
    if (bytes_at(reservations, "memory"))
        service->mem_reservation_bytes = bytes_at(reservations, "memory");
    for (size_t i = 0; i < list_length(devices); i++)
        decode_device_request(decoder, devices->list.items[i], false, service);
    decode_restart_policy(decoder, node_get(node, "restart_policy"), service);
    service->start_first =
        string_eq(node_get_text(node_get(node, "update_config"), "order"), "start-first");
}

static enum dependency_condition condition_of(const char *text)
{
    if (string_eq(text, "service_healthy"))
        return CONDITION_HEALTHY;
    if (string_eq(text, "service_completed_successfully"))
        return CONDITION_COMPLETED;
    return CONDITION_STARTED;
}

DECODE_RULE(decode_depends_on)
{
    struct service *service = field;

    service->depends_on = arena_new_array(decoder->arena, struct dependency, map_length(node));
    for (size_t i = 0; i < map_length(node); i++) {
        const struct node_entry *entry = &node->map.entries[i];

        service->depends_on[service->n_depends_on++] = (struct dependency){
            .service = entry->key,
            .condition = condition_of(node_get_text(entry->value, "condition")),
            .restart = node_get_bool(entry->value, "restart"),
            .required = node_get_bool(entry->value, "required"),
            .at = entry->at,
        };
    }
}

DECODE_RULE(decode_ports)
{
    struct service *service = field;

    service->ports = arena_new_array(decoder->arena, struct service_port, list_length(node));
    for (size_t i = 0; i < list_length(node); i++) {
        struct service_port *port = &service->ports[service->n_ports++];

        port->at = node->list.items[i]->at;
        decode_fields(decoder, node->list.items[i], shape_ports.item, port);
    }
}

static enum volume_kind kind_of(const char *type)
{
    if (string_eq(type, "bind"))
        return VOLUME_BIND;
    if (string_eq(type, "tmpfs"))
        return VOLUME_TMPFS;
    if (string_eq(type, "image"))
        return VOLUME_IMAGE;
    return VOLUME_NAMED;
}

static struct service_volume decode_volume(const struct node *node)
{
    const struct node *bind = node_get(node, "bind");
    const struct node *tmpfs = node_get(node, "tmpfs");
    const char *in_volume = node_get_text(node_get(node, "volume"), "subpath");
    const char *in_image = node_get_text(node_get(node, "image"), "subpath");
    struct service_volume volume = {
        .kind = kind_of(node_get_text(node, "type")),
        .source = node_get_text(node, "source"),
        .target = node_get_text(node, "target"),
        .read_only = node_get_bool(node, "read_only"),
        .nocopy = node_get_bool(node_get(node, "volume"), "nocopy"),
        .propagation = node_get_text(bind, "propagation"),
        .recursive = node_get_text(bind, "recursive"),
        .subpath = in_volume ? in_volume : in_image,
        .tmpfs_size_bytes = bytes_at(tmpfs, "size"),
        .tmpfs_mode = (int)int_at(tmpfs, "mode"),
        .at = node->at,
    };

    volume.create_host_path = !bind || node_get_bool(bind, "create_host_path");
    return volume;
}

DECODE_RULE(decode_volumes)
{
    struct service *service = field;

    service->volumes = arena_new_array(decoder->arena, struct service_volume, list_length(node));
    for (size_t i = 0; i < list_length(node); i++)
        service->volumes[service->n_volumes++] = decode_volume(node->list.items[i]);
}

DECODE_RULE(decode_tmpfs)
{
    struct service *service = field;

    service->tmpfs = arena_new_array(decoder->arena, struct tmpfs, list_length(node));
    for (size_t i = 0; i < list_length(node); i++) {
        const char *text = node_scalar_text(decoder->arena, node->list.items[i]);
        const char *colon = strchr(text, ':');
        struct tmpfs *tmpfs = &service->tmpfs[service->n_tmpfs++];

        tmpfs->target = colon ? arena_strndup(decoder->arena, text, (size_t)(colon - text)) : text;
        tmpfs->options = colon ? colon + 1 : NULL;
    }
}

DECODE_RULE(decode_devices)
{
    struct service *service = field;

    for (size_t i = 0; i < list_length(node); i++) {
        const struct node *device = node->list.items[i];
        const char *source = node_get_text(device, "source");
        const char *target = node_get_text(device, "target");
        const char *permissions = node_get_text(device, "permissions");

        if (source && cdi_name_is_qualified(source))
            string_list_add(decoder->arena, &service->devices, source);
        else if (source)
            string_list_add(decoder->arena, &service->devices,
                            arena_printf(decoder->arena, "%s:%s:%s", source,
                                         target ? target : source,
                                         permissions ? permissions : "rwm"));
    }
}

static void decode_device_request(struct decoder *decoder, const struct node *node, bool gpu,
                                  struct service *service)
{
    const struct node *capabilities = node_get(node, "capabilities");
    const struct node *names = node_get(node, "device_ids");
    struct device_request request = {
        .driver = node_get_text(node, "driver"),
        .count = node_get(node, "count") ? int_at(node, "count") : -1,
        .gpu = gpu,
        .at = node->at,
    };

    if (names)
        decode_strings(decoder, names, &request.names);
    for (size_t i = 0; i < list_length(capabilities); i++)
        request.gpu = request.gpu || string_eq(node_text(capabilities->list.items[i]), "gpu");
    service->device_requests =
        arena_room(decoder->arena, service->device_requests, service->n_device_requests);
    service->device_requests[service->n_device_requests++] = request;
}

DECODE_RULE(decode_gpus)
{
    for (size_t i = 0; i < list_length(node); i++)
        decode_device_request(decoder, node->list.items[i], true, field);
}

/* A list of one value for each device, or one for all. */
static void decode_block_limit(struct decoder *decoder, const char *key, const struct node *node,
                               struct service *service)
{
    size_t count = node_is(node, NODE_LIST) ? node->list.count : 1;

    for (size_t i = 0; i < count; i++) {
        const struct node *item = node_is(node, NODE_LIST) ? node->list.items[i] : NULL;
        struct block_limit limit = {.key = key, .path = node_get_text(item, "path")};

        if (item)
            limit.value =
                node_get(item, "weight") ? int_at(item, "weight") : bytes_at(item, "rate");
        else if (node_is(node, NODE_INT))
            limit.value = node->integer;
        service->block_limits =
            arena_room(decoder->arena, service->block_limits, service->n_block_limits);
        service->block_limits[service->n_block_limits++] = limit;
    }
}

DECODE_RULE(decode_blkio)
{
    for (size_t i = 0; i < map_length(node); i++)
        decode_block_limit(decoder, node->map.entries[i].key, node->map.entries[i].value, field);
}

DECODE_RULE(decode_ulimits)
{
    struct ulimit_list *list = field;

    list->items = arena_new_array(decoder->arena, struct ulimit, map_length(node));
    for (size_t i = 0; i < map_length(node); i++) {
        const struct node_entry *entry = &node->map.entries[i];
        struct ulimit *ulimit = &list->items[list->count++];

        ulimit->name = entry->key;
        if (entry->value->kind == NODE_INT) {
            ulimit->soft = ulimit->hard = entry->value->integer;
        } else {
            ulimit->soft = int_at(entry->value, "soft");
            ulimit->hard = int_at(entry->value, "hard");
        }
    }
}

static int compare_networks(const void *a, const void *b)
{
    const struct service_network *left = a, *right = b;

    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    return strcmp(left->network, right->network);
}

DECODE_RULE(decode_service_networks)
{
    struct service *service = field;

    service->networks = arena_new_array(decoder->arena, struct service_network, map_length(node));
    for (size_t i = 0; i < map_length(node); i++) {
        const struct node_entry *entry = &node->map.entries[i];
        struct service_network *network = &service->networks[service->n_networks++];

        network->network = entry->key;
        network->at = entry->at;
        decode_fields(decoder, entry->value, shape_at("networks")->each, network);
    }
    if (service->n_networks > 1)
        qsort(service->networks, service->n_networks, sizeof(*service->networks), compare_networks);
}

static struct grant *decode_grants(struct decoder *decoder, const struct node *node,
                                   const char *directory, size_t *ret_count)
{
    size_t count = list_length(node);
    struct grant *grants = arena_new_array(decoder->arena, struct grant, count);

    for (size_t i = 0; i < count; i++) {
        const struct node *item = node->list.items[i];
        const char *mode = node_get_text(item, "mode");
        int64_t octal = -1;

        decode_fields(decoder, item, shape_service_secrets.item, &grants[i]);
        if (mode)
            (void)!number_parse_octal(mode, &octal);
        grants[i].mode = (int)octal;
        grants[i].at = item->at;
        if (!grants[i].target)
            grants[i].target = grants[i].source;
        if (grants[i].target && grants[i].target[0] != '/')
            grants[i].target = arena_printf(decoder->arena, "%s/%s", directory, grants[i].target);
    }
    *ret_count = count;
    return grants;
}

DECODE_RULE(decode_secret_grants)
{
    struct service *service = field;

    service->secrets = decode_grants(decoder, node, "/run/secrets", &service->n_secrets);
}

DECODE_RULE(decode_config_grants)
{
    struct service *service = field;

    service->configs = decode_grants(decoder, node, "", &service->n_configs);
}

/* For a build the target is an id, not a path. */
DECODE_RULE(decode_build_secrets)
{
    struct build *build = field;

    build->secrets = arena_new_array(decoder->arena, struct grant, list_length(node));
    for (size_t i = 0; i < list_length(node); i++) {
        struct grant *grant = &build->secrets[build->n_secrets++];

        decode_fields(decoder, node->list.items[i], shape_service_secrets.item, grant);
        grant->at = node->list.items[i]->at;
    }
}

DECODE_RULE(decode_agents)
{
    struct pair_list *list = field;

    list->items = arena_new_array(decoder->arena, struct pair, map_length(node));
    for (size_t i = 0; i < map_length(node); i++) {
        const struct node_entry *entry = &node->map.entries[i];

        list->items[list->count++] = (struct pair){
            entry->key,
            entry->value->kind == NODE_NULL ? "" : node_scalar_text(decoder->arena, entry->value),
            entry->value->at};
    }
}

static struct hook *decode_hooks(struct decoder *decoder, const struct node *node,
                                 const struct shape *shape, size_t *ret_count)
{
    size_t count = list_length(node);
    struct hook *hooks = arena_new_array(decoder->arena, struct hook, count);

    for (size_t i = 0; i < count; i++) {
        hooks[i].at = node->list.items[i]->at;
        decode_fields(decoder, node->list.items[i], shape->item, &hooks[i]);
    }
    *ret_count = count;
    return hooks;
}

DECODE_RULE(decode_pre_start)
{
    struct service *service = field;

    service->pre_start = decode_hooks(decoder, node, &shape_pre_start_hooks, &service->n_pre_start);
}

DECODE_RULE(decode_post_start)
{
    struct service *service = field;

    service->post_start =
        decode_hooks(decoder, node, &shape_post_start_hooks, &service->n_post_start);
}

DECODE_RULE(decode_pre_stop)
{
    struct service *service = field;

    service->pre_stop = decode_hooks(decoder, node, &shape_pre_stop_hooks, &service->n_pre_stop);
}

/* Our own: "x-run: on-change", or {when: on-change, inputs: [...]}. */
static void decode_run(struct decoder *decoder, const struct node *run, struct service *service)
{
    const struct node *inputs = node_get(run, "inputs");
    const char *when = node_text(run) ? node_text(run) : node_get_text(run, "when");

    service->runs_on_change = string_eq(when, "on-change");
    if (inputs)
        decode_strings(decoder, inputs, &service->inputs);
}

/* Our own: "x-bandwidth: 10mbit", or {egress: 10mbit, ingress: 1gbit}. */
static void decode_bandwidth(const struct node *bandwidth, struct service *service)
{
    bool both = node_text(bandwidth) != NULL;

    service->egress = both ? node_text(bandwidth) : node_get_text(bandwidth, "egress");
    service->ingress = both ? node_text(bandwidth) : node_get_text(bandwidth, "ingress");
}

DECODE_RULE(decode_service)
{
    struct service *service = field;

    service->attach = true;
    service->scale = 1;
    if (node->kind != NODE_MAP)
        return;
    decode_fields(decoder, node, &shape_service, service);
    decode_run(decoder, node_get(node, "x-run"), service);
    decode_bandwidth(node_get(node, "x-bandwidth"), service);
    service->host_gateway = node_get_text(node, "x-host-gateway");
}
