/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/decode.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/units.h"
#include "orchestrator/compose/environment.h"
#include "orchestrator/compose/keys.h"
#include "orchestrator/compose/number.h"

static void decode_scalar(const struct node *node, const struct shape *shape, void *field)
{
    switch (shape->scalar) {
    case SCALAR_BOOL:
        *(bool *)field = node->kind == NODE_BOOL && node->boolean;
        break;
    case SCALAR_INT:
    case SCALAR_MICROS:
    case SCALAR_OCTAL:
        *(int64_t *)field = node->kind == NODE_INT ? node->integer : 0;
        break;
    case SCALAR_FLOAT:
        *(double *)field = node->kind == NODE_FLOAT ? node->real : 0;
        break;
    case SCALAR_BYTES:
        (void)!number_parse_int(node_text(node) ? node->text : "0", field);
        break;
    case SCALAR_DURATION:
        (void)!duration_parse(node_text(node) ? node->text : "0", field);
        break;
    case SCALAR_ANY:
    case SCALAR_STRING:
    case SCALAR_MODE:
        *(const char **)field = node_text(node);
        break;
    }
}

void decode_fields(struct decoder *decoder, const struct node *map, const struct shape *shape,
                   void *object)
{
    for (size_t i = 0; node_is(map, NODE_MAP) && i < map->map.count; i++) {
        const struct key *key = shape_find_key(shape, map->map.entries[i].key);
        const struct node *value = map->map.entries[i].value;

        if (!key || key->field == 0)
            continue;
        if (key->shape->decode)
            key->shape->decode(decoder, value, (char *)object + key->field - 1);
        else if (value->kind != NODE_NULL)
            decode_scalar(value, key->shape, (char *)object + key->field - 1);
    }
}

DECODE_RULE(decode_int)
{
    (void)decoder;
    *(int *)field = node->kind == NODE_INT ? (int)node->integer : 0;
}

DECODE_RULE(decode_strings)
{
    struct string_list *list = field;

    for (size_t i = 0; node->kind == NODE_LIST && i < node->list.count; i++)
        string_list_add(decoder->arena, list,
                        node_scalar_text(decoder->arena, node->list.items[i]));
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;

    return strcmp(left->name, right->name);
}

DECODE_RULE(decode_pairs)
{
    struct pair_list *list = field;

    if (node->kind != NODE_MAP)
        return;
    list->items = arena_new_array(decoder->arena, struct pair, node->map.count);
    for (size_t i = 0; i < node->map.count; i++) {
        const struct node_entry *entry = &node->map.entries[i];

        if (entry->value->kind != NODE_NULL)
            list->items[list->count++] = (struct pair){
                entry->key, node_scalar_text(decoder->arena, entry->value), entry->value->at};
    }
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_pairs);
}

DECODE_RULE(decode_command)
{
    struct command *command = field;

    if (node->kind != NODE_LIST)
        return;
    command->given = true;
    command->at = node->at;
    decode_strings(decoder, node, &command->words);
}

static const struct shape *shape_at(const char *key)
{
    return shape_of_entry(&shape_service, key);
}

DECODE_RULE(decode_healthcheck)
{
    struct healthcheck *healthcheck = field;

    if (node->kind != NODE_MAP)
        return;
    healthcheck->given = true;
    healthcheck->at = node->at;
    decode_fields(decoder, node, shape_at("healthcheck"), healthcheck);
    if (healthcheck->test.count > 0 && string_eq(healthcheck->test.items[0], "NONE"))
        healthcheck->disable = true;
}

DECODE_RULE(decode_fields_logging)
{
    decode_fields(decoder, node, shape_at("logging"), field);
}

static void decode_pool(struct decoder *decoder, const struct node *config, struct ip_pool *pool)
{
    const struct node *aux = node_get(config, "aux_addresses");

    pool->subnet = node_get_text(config, "subnet");
    pool->gateway = node_get_text(config, "gateway");
    pool->ip_range = node_get_text(config, "ip_range");
    for (size_t i = 0; node_is(aux, NODE_MAP) && i < aux->map.count; i++)
        string_list_add(decoder->arena, &pool->aux_addresses, node_text(aux->map.entries[i].value));
}

DECODE_RULE(decode_ipam)
{
    struct network *network = field;
    const struct node *configs = node_get(node, "config");

    network->more_pools = arena_new_array(decoder->arena, struct ip_pool,
                                          node_is(configs, NODE_LIST) ? configs->list.count : 0);
    for (size_t i = 0; node_is(configs, NODE_LIST) && i < configs->list.count; i++) {
        const struct node *config = configs->list.items[i];
        const char *subnet = node_get_text(config, "subnet");
        bool v6 = subnet && strchr(subnet, ':');
        struct ip_pool *pool = v6 ? &network->pool6 : &network->pool;

        if (pool->subnet)
            pool = &network->more_pools[network->n_more_pools++];
        decode_pool(decoder, config, pool);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct node_entry *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

/* The entries of a mapping by name; NULL-terminated, in the arena. */
static const struct node_entry **sorted(struct decoder *decoder, const struct node *map,
                                        size_t *ret_count)
{
    size_t count = node_is(map, NODE_MAP) ? map->map.count : 0;
    const struct node_entry **entries =
        arena_new_array(decoder->arena, const struct node_entry *, count + 1);

    for (size_t i = 0; i < count; i++)
        entries[i] = &map->map.entries[i];
    if (count > 1)
        qsort(entries, count, sizeof(*entries), compare_names);
    *ret_count = count;
    return entries;
}

static void decode_services(struct decoder *decoder, const struct node *model,
                            struct project *project)
{
    const struct node_entry **entries =
        sorted(decoder, node_get(model, "services"), &project->n_services);

    project->services = arena_new_array(decoder->arena, struct service, project->n_services);
    for (size_t i = 0; i < project->n_services; i++) {
        struct service *service = &project->services[i];

        service->name = entries[i]->key;
        service->at = entries[i]->at;
        decode_service(decoder, entries[i]->value, service);
    }
}

static void decode_networks(struct decoder *decoder, const struct node *model,
                            struct project *project)
{
    const struct node_entry **entries =
        sorted(decoder, node_get(model, "networks"), &project->n_networks);

    project->networks = arena_new_array(decoder->arena, struct network, project->n_networks);
    for (size_t i = 0; i < project->n_networks; i++) {
        project->networks[i].key = entries[i]->key;
        project->networks[i].at = entries[i]->at;
        project->networks[i].enable_ipv4 = true;
        decode_fields(decoder, entries[i]->value, shape_networks.each, &project->networks[i]);
        project->networks[i].uplink = node_get_text(entries[i]->value, "x-uplink"); /* our own */
    }
}

static void decode_volumes_of_project(struct decoder *decoder, const struct node *model,
                                      struct project *project)
{
    const struct node_entry **entries =
        sorted(decoder, node_get(model, "volumes"), &project->n_volumes);

    project->volumes = arena_new_array(decoder->arena, struct volume, project->n_volumes);
    for (size_t i = 0; i < project->n_volumes; i++) {
        project->volumes[i].key = entries[i]->key;
        project->volumes[i].at = entries[i]->at;
        decode_fields(decoder, entries[i]->value, shape_volumes.each, &project->volumes[i]);
    }
}

static struct secret *decode_secrets(struct decoder *decoder, const struct node *map,
                                     const struct shape *shape, size_t *ret_count)
{
    const struct node_entry **entries = sorted(decoder, map, ret_count);
    struct secret *secrets = arena_new_array(decoder->arena, struct secret, *ret_count);

    for (size_t i = 0; i < *ret_count; i++) {
        secrets[i].key = entries[i]->key;
        secrets[i].at = entries[i]->at;
        decode_fields(decoder, entries[i]->value, shape, &secrets[i]);
        if (secrets[i].environment)
            secrets[i].content =
                variables_get(decoder->loader->scope.variables, secrets[i].environment);
    }
    return secrets;
}

struct project *decode_project(struct loader *loader, const struct node *model,
                               const struct node *disabled)
{
    struct decoder decoder = {loader, loader->arena};
    struct project *project = arena_new_object(loader->arena, struct project);
    const struct node_entry **entries;
    size_t count;

    project->name = loader->project_name;
    project->separator =
        loader->options->compatible ||
                environment_says_yes(loader->scope.variables, "COMPOSE_COMPATIBILITY")
            ? "_"
            : "-";
    project->directory = loader->scope.directory;
    project->files = loader->files;
    decode_services(&decoder, model, project);
    decode_networks(&decoder, model, project);
    decode_volumes_of_project(&decoder, model, project);
    project->secrets = decode_secrets(&decoder, node_get(model, "secrets"), shape_secrets.each,
                                      &project->n_secrets);
    project->configs = decode_secrets(&decoder, node_get(model, "configs"), shape_configs.each,
                                      &project->n_configs);
    entries = sorted(&decoder, disabled, &count);
    for (size_t i = 0; i < count; i++)
        string_list_add(loader->arena, &project->disabled_services, entries[i]->key);
    return project;
}
