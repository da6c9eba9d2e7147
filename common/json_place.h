/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where something stands in a JSON text that a person wrote, for messages.
 */
#ifndef YAWL_COMMON_JSON_PLACE_H
#define YAWL_COMMON_JSON_PLACE_H

#include "common/error.h"

/* A path, as below. */
#define JSON_PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

/*
 * The position of the member or element that `path` leads to: names of members and decimal indexes
 * of elements, NULL-terminated. `text` was parsed before without an error. When the way is lost (a
 * name that is written with escapes), what was reached so far. `file` of the result is NULL.
 */
struct position json_place(const char *text, const char *const *path);

/* Sets "line L, column C: " and what is wrong at that place; returns -1. */
int json_place_error(const char *text, const char *const *path, struct error *err,
                     const char *format, ...) PRINTF_LIKE(4, 5);

#endif
