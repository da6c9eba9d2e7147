/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base 64 with the standard alphabet (RFC 4648, section 4).
 */
#ifndef YAWL_COMMON_BASE64_H
#define YAWL_COMMON_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text.h"

void base64_append(struct text *out, const void *bytes, size_t length);

/* False when it is none; padding may be absent. What was appended by then stays. */
bool base64_decode(const char *text, struct text *out);

#endif
