/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_config.h"

#include "common/json.h"
#include "common/limits.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"

/* One document being read: where texts go and where the mistake is told. */
struct config_reader {
    struct arena *arena;
    struct error *err;
};

/* The member, or NULL when it is absent or null. */
static json_t *member_of(const json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);

    return json_is_null(member) ? NULL : member;
}

static int read_text(struct config_reader *reader, const json_t *object, const char *key,
                     const char **ret_text)
{
    json_t *member = member_of(object, key);

    if (member && !json_is_string(member))
        return error_set(reader->err, "'%s' is not a string", key);
    *ret_text = member ? arena_strdup(reader->arena, json_string_value(member)) : "";
    return 0;
}

static int read_object(struct config_reader *reader, const json_t *object, const char *key,
                       json_t **ret_member)
{
    json_t *member = member_of(object, key);

    if (member && !json_is_object(member))
        return error_set(reader->err, "'%s' is not an object", key);
    if (json_object_size(member) > LIMIT_CONFIG_STRINGS)
        return error_set(reader->err, "'%s' has more than %d members", key, LIMIT_CONFIG_STRINGS);
    *ret_member = member;
    return 0;
}

/* An array of strings; a single string is a list of one, as docker reads it. */
static int read_list(struct config_reader *reader, const json_t *object, const char *key,
                     struct string_list *ret_list)
{
    json_t *member = member_of(object, key);
    size_t index;
    json_t *item;

    if (json_is_string(member)) {
        string_list_add(reader->arena, ret_list,
                        arena_strdup(reader->arena, json_string_value(member)));
        return 0;
    }
    if (member && !json_is_array(member))
        return error_set(reader->err, "'%s' is not an array", key);
    if (json_array_size(member) > LIMIT_CONFIG_STRINGS)
        return error_set(reader->err, "'%s' has more than %d items", key, LIMIT_CONFIG_STRINGS);

    json_array_foreach(member, index, item) {
        if (!json_is_string(item))
            return error_set(reader->err, "'%s[%zu]' is not a string", key, index);
        string_list_add(reader->arena, ret_list,
                        arena_strdup(reader->arena, json_string_value(item)));
    }
    return 0;
}

/* The keys of an object: Go's map[string]struct{}. */
static int read_keys(struct config_reader *reader, const json_t *object, const char *key,
                     struct string_list *ret_list)
{
    json_t *member = NULL;
    const char *name;
    json_t *value;

    if (read_object(reader, object, key, &member) < 0)
        return -1;
    json_object_foreach(member, name, value)
        string_list_add(reader->arena, ret_list, arena_strdup(reader->arena, name));
    return 0;
}

static int read_labels(struct config_reader *reader, const json_t *object,
                       struct string_list *ret_list)
{
    json_t *member = NULL;
    const char *name;
    json_t *value;

    if (read_object(reader, object, "Labels", &member) < 0)
        return -1;
    json_object_foreach(member, name, value) {
        if (!json_is_string(value))
            return error_set(reader->err, "'Labels.%s' is not a string", name);
        string_list_add(reader->arena, ret_list,
                        arena_printf(reader->arena, "%s=%s", name, json_string_value(value)));
    }
    return 0;
}

static int read_count(struct config_reader *reader, const json_t *object, const char *key,
                      int64_t *ret_value)
{
    json_t *member = member_of(object, key);

    if (member && !json_is_integer(member))
        return error_set(reader->err, "'Healthcheck.%s' is not a whole number", key);
    if (member && json_integer_value(member) < 0)
        return error_set(reader->err, "'Healthcheck.%s' is negative", key);
    *ret_value = member ? json_integer_value(member) : 0;
    return 0;
}

static int read_healthcheck(struct config_reader *reader, const json_t *config,
                            struct image_healthcheck *out)
{
    json_t *check = NULL;

    if (read_object(reader, config, "Healthcheck", &check) < 0 ||
        read_list(reader, check, "Test", &out->test) < 0 ||
        read_count(reader, check, "Interval", &out->interval_ns) < 0 ||
        read_count(reader, check, "Timeout", &out->timeout_ns) < 0 ||
        read_count(reader, check, "StartPeriod", &out->start_period_ns) < 0 ||
        read_count(reader, check, "StartInterval", &out->start_interval_ns) < 0 ||
        read_count(reader, check, "Retries", &out->retries) < 0)
        return -1;
    return 0;
}

static int read_diff_ids(struct config_reader *reader, const json_t *document,
                         struct string_list *out)
{
    json_t *rootfs = NULL;

    if (read_object(reader, document, "rootfs", &rootfs) < 0)
        return -1;
    if (!rootfs)
        return error_set(reader->err, "there is no 'rootfs'");
    if (!string_eq(json_get_string(rootfs, "type", "layers"), "layers"))
        return error_set(reader->err, "'rootfs.type' is not 'layers'");
    if (read_list(reader, rootfs, "diff_ids", out) < 0)
        return -1;
    if (out->count > LIMIT_LAYERS)
        return error_set(reader->err, "the image has more than %d layers", LIMIT_LAYERS);
    for (size_t i = 0; i < out->count; i++) {
        if (image_digest_check(out->items[i], reader->err) < 0)
            return error_wrap(reader->err, "'rootfs.diff_ids[%zu]'", i);
    }
    return 0;
}

static int read_config(struct config_reader *reader, const json_t *document,
                       struct image_config *out)
{
    json_t *config = NULL;

    if (read_object(reader, document, "config", &config) < 0 ||
        read_list(reader, config, "Entrypoint", &out->entrypoint) < 0 ||
        read_list(reader, config, "Cmd", &out->command) < 0 ||
        read_list(reader, config, "Env", &out->env) < 0 ||
        read_list(reader, config, "Shell", &out->shell) < 0 ||
        read_keys(reader, config, "Volumes", &out->volumes) < 0 ||
        read_keys(reader, config, "ExposedPorts", &out->exposed_ports) < 0 ||
        read_labels(reader, config, &out->labels) < 0 ||
        read_text(reader, config, "User", &out->user) < 0 ||
        read_text(reader, config, "WorkingDir", &out->working_dir) < 0 ||
        read_text(reader, config, "StopSignal", &out->stop_signal) < 0)
        return -1;
    return read_healthcheck(reader, config, &out->healthcheck);
}

static int read_document(struct config_reader *reader, const json_t *document,
                         struct image_config *out)
{
    if (!json_is_object(document))
        return error_set(reader->err, "it is not an object");
    if (read_text(reader, document, "architecture", &out->architecture) < 0 ||
        read_text(reader, document, "os", &out->os) < 0 ||
        read_text(reader, document, "variant", &out->variant) < 0 ||
        read_diff_ids(reader, document, &out->diff_ids) < 0)
        return -1;
    return read_config(reader, document, out);
}

int image_config_parse(const char *bytes, size_t length, struct arena *arena,
                       struct image_config *ret_config, struct error *err)
{
    scoped(json_release) json_t *document = json_parse(bytes, length, err);
    struct config_reader reader = {.arena = arena, .err = err};
    struct image_config config = {0};
    char digest[IMAGE_DIGEST_SIZE];

    if (!document || read_document(&reader, document, &config) < 0)
        return error_wrap(err, "read image configuration");
    image_digest_of_bytes(bytes, length, digest);
    config.digest = arena_strdup(arena, digest);
    *ret_config = config;
    return 0;
}
