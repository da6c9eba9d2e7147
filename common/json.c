/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"

#include <fcntl.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"

json_t *json_parse(const char *bytes, size_t length, struct error *err)
{
    json_error_t problem;
    json_t *json;

    if (length > LIMIT_JSON_BYTES) {
        error_set(err, "JSON document is larger than %d bytes", LIMIT_JSON_BYTES);
        return NULL;
    }
    json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &problem);
    if (!json)
        error_at(
            err,
            (struct position){.line = (unsigned)problem.line, .column = (unsigned)problem.column},
            "JSON line %d, column %d: %s", problem.line, problem.column, problem.text);
    return json;
}

json_t *json_read_file(int dir_fd, const char *name, struct error *err)
{
    scoped_text struct text bytes = {0};
    json_t *json;

    if (file_read(dir_fd, name, LIMIT_JSON_BYTES, &bytes, NULL, err) < 0)
        return NULL;
    json = json_parse(text_get(&bytes), bytes.length, err);
    if (!json)
        error_wrap(err, "'%s'", name);
    return json;
}

static int json_format_piece(const char *bytes, size_t length, void *out)
{
    text_append_bytes(out, bytes, length);
    return 0;
}

void json_format(const json_t *json, struct text *out)
{
    if (json_dump_callback(json, json_format_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
        abort();
}

const char *json_get_string(const json_t *json, const char *key, const char *fallback)
{
    const json_t *member = json_object_get(json, key);

    return json_is_string(member) ? json_string_value(member) : fallback;
}

int64_t json_get_int(const json_t *json, const char *key, int64_t fallback)
{
    const json_t *member = json_object_get(json, key);

    return json_is_integer(member) ? json_integer_value(member) : fallback;
}

bool json_get_bool(const json_t *json, const char *key, bool fallback)
{
    const json_t *member = json_object_get(json, key);

    return json_is_boolean(member) ? json_is_true(member) : fallback;
}

json_t *json_get_array(const json_t *json, const char *key)
{
    json_t *member = json_object_get(json, key);

    return json_is_array(member) ? member : NULL;
}

json_t *json_get_object(const json_t *json, const char *key)
{
    json_t *member = json_object_get(json, key);

    return json_is_object(member) ? member : NULL;
}
