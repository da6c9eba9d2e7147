/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON by jansson; this header is its one home. Everything that is parsed here is bounded.
 */
#ifndef YAWL_COMMON_JSON_H
#define YAWL_COMMON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"

static inline UNUSED void json_release(json_t *json)
{
    json_decref(json);
}
DEFINE_SCOPED(json_t *, json_release)

/* Parses text of at most LIMIT_JSON_BYTES, duplicate keys refused. The caller owns the result. The
 * error has the place, without a file. */
json_t *json_parse(const char *bytes, size_t length, struct error *err);

/* As above, from a file below dir_fd. */
json_t *json_read_file(int dir_fd, const char *name, struct error *err);

/* Writes compactly, keys in insertion order. */
void json_format(const json_t *json, struct text *out);

/* The member when it has that type, else the default; `json` may be NULL or no object. */
const char *json_get_string(const json_t *json, const char *key, const char *fallback);
int64_t json_get_int(const json_t *json, const char *key, int64_t fallback);
bool json_get_bool(const json_t *json, const char *key, bool fallback);
json_t *json_get_array(const json_t *json, const char *key);
json_t *json_get_object(const json_t *json, const char *key);

#endif
