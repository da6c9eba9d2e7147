/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where something stands in a JSON text that a person wrote, for messages.
 */
#ifndef YAWL_COMMON_JSON_PLACE_H
#define YAWL_COMMON_JSON_PLACE_H

#include "common/error.h"

/*
 * The position of the member or element that `path` leads to: names of members and decimal indexes
 * of elements, NULL-terminated. `text` was parsed before without an error. When the way is lost (a
 * name that is written with escapes), what was reached so far. `file` of the result is NULL.
 */
struct position json_place(const char *text, const char *const *path);

#endif
