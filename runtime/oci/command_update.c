/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/units.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/oci/record.h"

/* Options that stand for members of a resources object. */
struct update_options {
    const char *resources;
    const char *values[16];
};

static const struct {
    const char *name, *object, *member;
    bool is_bytes, is_text;
} members[] = {
    {"memory", "memory", "limit", true, false},
    {"memory-swap", "memory", "swap", true, false},
    {"memory-reservation", "memory", "reservation", true, false},
    {"cpu-share", "cpu", "shares", false, false},
    {"cpu-quota", "cpu", "quota", false, false},
    {"cpu-period", "cpu", "period", false, false},
    {"cpu-burst", "cpu", "burst", false, false},
    {"cpu-rt-period", "cpu", "realtimePeriod", false, false},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", false, false},
    {"cpu-idle", "cpu", "idle", false, false},
    {"cpuset-cpus", "cpu", "cpus", false, true},
    {"cpuset-mems", "cpu", "mems", false, true},
    {"pids-limit", "pids", "limit", false, false},
    {"blkio-weight", "blockIO", "weight", false, false},
};

static int value_of(size_t member, const char *text, json_t **ret_value, struct error *err)
{
    bool is_negative = text[0] == '-';
    unsigned long long number = 0;
    int64_t bytes = 0;

    if (members[member].is_text) {
        *ret_value = json_string(text);
        return *ret_value ? 0 : error_set(err, "--%s: '%s' is no text", members[member].name, text);
    }
    if (members[member].is_bytes && bytes_parse(text, &bytes)) {
        *ret_value = json_integer(bytes);
        return 0;
    }
    if (!string_to_u64(text + is_negative, INT64_MAX, &number))
        return error_set(err, "--%s: '%s' is no number", members[member].name, text);
    *ret_value = json_integer(is_negative ? -(json_int_t)number : (json_int_t)number);
    return 0;
}

static int add_options(const struct update_options *options, json_t *resources, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        json_t *object = json_object_get(resources, members[i].object);
        json_t *value;

        if (!options->values[i])
            continue;
        if (value_of(i, options->values[i], &value, err) < 0)
            return -1;
        if (!object) {
            object = json_object();
            (void)json_object_set_new(resources, members[i].object, object);
        }
        (void)json_object_set_new(object, members[i].member, value);
    }
    return 0;
}

static json_t *read_resources(const struct update_options *options, struct error *err)
{
    scoped_text struct text text = {0};
    scoped(json_release) json_t *json = NULL;

    if (!options->resources) {
        json = json_object();
    } else {
        int result =
            string_eq(options->resources, "-")
                ? fd_read_all(0, LIMIT_JSON_BYTES, &text, err)
                : file_read(AT_FDCWD, options->resources, LIMIT_JSON_BYTES, &text, NULL, err);

        json = result < 0 ? NULL : oci_json_parse(text_get(&text), text.length, err);
    }
    if (!json || add_options(options, json, err) < 0)
        return NULL;
    return steal(json);
}

static int update(struct oci_call *call, struct oci_container *container, const json_t *json,
                  struct error *err)
{
    struct oci_reader reader = {.arena = call->arena, .file = "resources"};
    struct oci_at at = {json, ""};
    struct resource_spec resources = {0};
    struct cgroup *cgroup = container->handle ? container_cgroup(container->handle) : NULL;

    if (!cgroup)
        return error_set(err, "container '%s' is not running", container->record.id);
    oci_resources_read(&reader, at, &resources);
    oci_refuse(&reader, at, "devices", "rules cannot be changed later");
    if (oci_finish(&reader, err) < 0)
        return -1;
    if (container->record.unit &&
        systemd_scope_change(container->record.unit, &resources, call->arena, err) < 0)
        return -1;
    return cgroup_set(cgroup, resources.settings, resources.n_settings, err);
}

int command_update(struct oci_call *call, struct error *err)
{
    struct update_options options = {0};
    struct option_row rows[ARRAY_LENGTH(members) + 2] = {
        {'r', "resources", OPTION_STRING, &options.resources, "FILE",
         "a resources object; - is standard input"}};
    const struct oci_usage usage = {"update [OPTIONS] ID", rows, 1, false};
    scoped(json_release) json_t *json = NULL;
    struct oci_container container;
    struct string_list operands = {0};
    int result;

    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        rows[i + 1] = (struct option_row){0,
                                          members[i].name,
                                          OPTION_STRING,
                                          &options.values[i],
                                          "VALUE",
                                          arena_printf(call->arena, "%s.%s of the resources",
                                                       members[i].object, members[i].member)};
    result = call_options(call, &usage, &operands, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    json = read_resources(&options, err);
    if (!json)
        return error_wrap(err, "update");
    result = oci_container_open(call, operands.items[0], 0, &container, err);
    if (result == 0)
        result = update(call, &container, json, err);
    oci_container_close(&container);
    return result;
}
