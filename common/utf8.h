/* SPDX-License-Identifier: Apache-2.0 */
/* Text of others, which may be no UTF-8 at all. */
#ifndef YAWL_COMMON_UTF8_H
#define YAWL_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character at the front has; 0 when it is no UTF-8 (RFC 3629), or not whole.
 * There is at least one byte. */
size_t utf8_character_length(const unsigned char *at, size_t length);

/* Whether a character begins with this byte, in text that is UTF-8: what counts where each
 * character takes one column. */
static inline bool utf8_is_start(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

#endif
