/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/cdi_spec.h"

#include <ctype.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/text.h"
#include "orchestrator/compose/yaml_reader.h"

enum { TIMEOUT_MOST_S = 86400 };

struct reading {
    struct arena *arena;
    struct error *err;
};

/* A mistake at a place. Returns -1. */
static int mistake(const struct reading *reading, const struct node *node, const char *text)
{
    return error_at(reading->err, node->at, "%s", text);
}

/* -- names */

/* Letters and digits at both ends, these and some more in between. */
static bool is_name(const char *text, size_t length, const char *more, bool digit_first)
{
    const unsigned char *name = (const unsigned char *)text;

    if (length == 0 || !isalnum(name[0]) || (!digit_first && isdigit(name[0])) ||
        !isalnum(name[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum(name[i]) && !strchr(more, name[i]))
            return false;
    return true;
}

static bool is_kind(const char *text, size_t length)
{
    const char *slash = memchr(text, '/', length);
    size_t vendor = slash ? (size_t)(slash - text) : 0;

    return slash && is_name(text, vendor, "._-", false) &&
           is_name(slash + 1, length - vendor - 1, "_-", false);
}

bool cdi_name_is_qualified(const char *text)
{
    const char *equals = strchr(text, '=');

    return equals && is_kind(text, (size_t)(equals - text)) &&
           is_name(equals + 1, strlen(equals + 1), "._:-", true);
}

/* -- parts */

static int strings_read(const struct reading *reading, const struct node *list,
                        struct string_list *ret_list)
{
    if (!list || list->kind == NODE_NULL)
        return 0;
    if (list->kind != NODE_LIST)
        return mistake(reading, list, "this is to be a list");
    for (size_t i = 0; i < list->list.count; i++) {
        if (!node_text(list->list.items[i]))
            return mistake(reading, list->list.items[i], "this is to be a text");
        string_list_add(reading->arena, ret_list, list->list.items[i]->text);
    }
    return 0;
}

/* An absolute path below the key; *ret_path stays as it is where there is none. */
static int path_read(const struct reading *reading, const struct node *map, const char *key,
                     bool required, const char **ret_path)
{
    const struct node *value = node_get(map, key);

    if (!value)
        return required ? error_at(reading->err, map->at, "'%s' is missing", key) : 0;
    if (!node_text(value) || value->text[0] != '/')
        return error_at(reading->err, value->at, "'%s' is to be an absolute path", key);
    *ret_path = value->text;
    return 0;
}

static int node_read(const struct reading *reading, const struct node *map, void *item)
{
    const char *permissions = node_get_text(map, "permissions");
    struct cdi_node *node = item;

    if (path_read(reading, map, "path", true, &node->path) < 0)
        return -1;
    node->host_path = node->path;
    node->permissions = permissions && *permissions ? permissions : "rwm";
    if (strspn(node->permissions, "rwm") != strlen(node->permissions))
        return error_at(reading->err, map->at, "permissions are some of 'rwm'");
    return path_read(reading, map, "hostPath", false, &node->host_path);
}

static int mount_read(const struct reading *reading, const struct node *map, void *item)
{
    struct cdi_mount *mount = item;

    mount->type = node_get_text(map, "type");
    if (path_read(reading, map, "containerPath", true, &mount->container_path) < 0 ||
        path_read(reading, map, "hostPath", true, &mount->host_path) < 0)
        return -1;
    return strings_read(reading, node_get(map, "options"), &mount->options);
}

static int hook_read(const struct reading *reading, const struct node *map, void *item)
{
    const struct node *timeout = node_get(map, "timeout");
    struct cdi_hook *hook = item;

    hook->name = node_get_text(map, "hookName");
    if (!hook->name)
        return error_at(reading->err, map->at, "'hookName' is missing");
    if (timeout &&
        (timeout->kind != NODE_INT || timeout->integer < 0 || timeout->integer > TIMEOUT_MOST_S))
        return mistake(reading, timeout, "this is no number of seconds");
    hook->timeout_s = timeout ? (int)timeout->integer : 0;
    if (path_read(reading, map, "path", true, &hook->path) < 0 ||
        strings_read(reading, node_get(map, "args"), &hook->args) < 0)
        return -1;
    return strings_read(reading, node_get(map, "env"), &hook->env);
}

/* What is read of each mapping of a list. */
struct item_kind {
    size_t size;
    int (*read)(const struct reading *reading, const struct node *map, void *item);
};

static const struct item_kind kind_node = {sizeof(struct cdi_node), node_read};
static const struct item_kind kind_mount = {sizeof(struct cdi_mount), mount_read};
static const struct item_kind kind_hook = {sizeof(struct cdi_hook), hook_read};

static int items_read(const struct reading *reading, const struct node *list,
                      const struct item_kind *kind, void **ret_items, size_t *ret_count)
{
    if (!list || list->kind == NODE_NULL)
        return 0;
    if (list->kind != NODE_LIST)
        return mistake(reading, list, "this is to be a list");
    *ret_items = arena_array(reading->arena, kind->size, list->list.count);
    *ret_count = list->list.count;
    for (size_t i = 0; i < list->list.count; i++) {
        const struct node *item = list->list.items[i];

        if (item->kind != NODE_MAP)
            return mistake(reading, item, "this is to be a mapping");
        if (kind->read(reading, item, (char *)*ret_items + i * kind->size) < 0)
            return -1;
    }
    return 0;
}

static int groups_read(const struct reading *reading, const struct node *list,
                       struct string_list *ret_groups)
{
    for (size_t i = 0; node_is(list, NODE_LIST) && i < list->list.count; i++) {
        const struct node *group = list->list.items[i];

        if (group->kind != NODE_INT || group->integer < 0)
            return mistake(reading, group, "this is no number of a group");
        if (group->integer > 0)
            string_list_add(reading->arena, ret_groups,
                            arena_printf(reading->arena, "%lld", (long long)group->integer));
    }
    return 0;
}

static int edits_read(const struct reading *reading, const struct node *map,
                      struct cdi_edits *ret_edits)
{
    void *nodes = NULL, *mounts = NULL, *hooks = NULL;

    if (!map || map->kind == NODE_NULL)
        return 0;
    if (map->kind != NODE_MAP)
        return mistake(reading, map, "this is to be a mapping");
    if (strings_read(reading, node_get(map, "env"), &ret_edits->env) < 0 ||
        groups_read(reading, node_get(map, "additionalGids"), &ret_edits->groups) < 0 ||
        items_read(reading, node_get(map, "deviceNodes"), &kind_node, &nodes, &ret_edits->n_nodes) <
            0 ||
        items_read(reading, node_get(map, "mounts"), &kind_mount, &mounts, &ret_edits->n_mounts) <
            0 ||
        items_read(reading, node_get(map, "hooks"), &kind_hook, &hooks, &ret_edits->n_hooks) < 0)
        return -1;
    for (size_t i = 0; i < ret_edits->env.count; i++)
        if (strcspn(ret_edits->env.items[i], "=") == 0 || !strchr(ret_edits->env.items[i], '='))
            return error_at(reading->err, map->at, "'%s' is not NAME=value",
                            ret_edits->env.items[i]);
    ret_edits->nodes = nodes;
    ret_edits->mounts = mounts;
    ret_edits->hooks = hooks;
    return 0;
}

static int device_read(const struct reading *reading, const struct node *map, void *item)
{
    const struct node *name = node_get(map, "name");
    struct cdi_device *device = item;

    if (!node_text(name) || !is_name(name->text, strlen(name->text), "._:-", true))
        return mistake(reading, name ? name : map, "this is no name of a device");
    device->name = name->text;
    return edits_read(reading, node_get(map, "containerEdits"), &device->edits);
}

static const struct item_kind kind_device = {sizeof(struct cdi_device), device_read};

static int document_read(const struct reading *reading, const struct node *map,
                         struct cdi_spec *ret_spec)
{
    const struct node *kind = node_get(map, "kind");
    void *devices = NULL;

    if (!node_get(map, "cdiVersion"))
        return mistake(reading, map, "'cdiVersion' is missing");
    if (!node_text(kind) || !is_kind(kind->text, strlen(kind->text)))
        return mistake(reading, kind ? kind : map, "'kind' is to be as in 'vendor.com/class'");
    ret_spec->kind = kind->text;
    if (items_read(reading, node_get(map, "devices"), &kind_device, &devices,
                   &ret_spec->n_devices) < 0)
        return -1;
    ret_spec->devices = devices;
    return edits_read(reading, node_get(map, "containerEdits"), &ret_spec->edits);
}

int cdi_spec_parse(const char *bytes, size_t length, const char *path, struct arena *arena,
                   struct cdi_spec *ret_spec, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    const struct reading reading = {.arena = arena, .err = err};
    const struct yaml_source source = {path, bytes, length};
    struct cdi_spec spec = {.path = path};
    struct node *documents;

    if (yaml_read(arena, diagnostics, &source, &documents) < 0 ||
        diagnostics_count(diagnostics, SEVERITY_ERROR) > 0)
        return error_set(err, "'%s' is no YAML", path);
    if (documents->list.count != 1 || documents->list.items[0]->kind != NODE_MAP)
        return error_set(err, "'%s' is to be one mapping", path);
    if (document_read(&reading, documents->list.items[0], &spec) < 0)
        return -1;
    *ret_spec = spec;
    return 0;
}

bool cdi_specs_find(const struct cdi_specs *specs, const char *name,
                    const struct cdi_spec **ret_spec, const struct cdi_device **ret_device)
{
    for (size_t i = 0; i < specs->count; i++) {
        const struct cdi_spec *spec = &specs->items[i];
        size_t length = strlen(spec->kind);

        if (strncmp(name, spec->kind, length) != 0 || name[length] != '=')
            continue;
        for (size_t j = 0; j < spec->n_devices; j++)
            if (string_eq(spec->devices[j].name, name + length + 1)) {
                *ret_spec = spec;
                *ret_device = &spec->devices[j];
                return true;
            }
    }
    return false;
}
