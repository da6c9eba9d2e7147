/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others, which may be no UTF-8 at all. */
#ifndef YAWL_COMMON_UTF8_H
#define YAWL_COMMON_UTF8_H

#include <stddef.h>

/* How many bytes the character at the front has; 0 when it is no UTF-8 (RFC 3629), or not whole.
 * There is at least one byte. */
size_t utf8_character_length(const unsigned char *at, size_t length);

#endif
