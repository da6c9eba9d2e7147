/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/plain_words.h"

#include <stdbool.h>
#include <string.h>

/* Length of the well-formed UTF-8 character at `bytes`, or 0. */
static size_t character_length(const unsigned char *bytes, size_t left)
{
    size_t length = bytes[0] < 0x80                       ? 1
                    : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2
                    : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3
                    : bytes[0] >= 0xf0 && bytes[0] < 0xf5 ? 4
                                                          : 0;

    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* C0, DEL, and C1 (which terminals obey too), and marks that turn the direction of text. */
static bool character_is_control(const unsigned char *bytes, size_t length)
{
    if (length == 1)
        return bytes[0] <= ' ' || bytes[0] == 0x7f;
    if (length == 2)
        return bytes[0] == 0xc2 && bytes[1] < 0xa0;
    return length == 3 && bytes[0] == 0xe2 &&
           ((bytes[1] == 0x80 && bytes[2] >= 0x8b) || (bytes[1] == 0x81 && bytes[2] >= 0xa0));
}

void plain_words(const char *bytes, size_t length, char *ret_words, size_t room)
{
    static const char cut[] = "...";
    const unsigned char *text = (const unsigned char *)bytes;
    size_t used = 0, next;

    for (size_t i = 0; i < length; i += next) {
        size_t width = character_length(text + i, length - i);
        bool blank = width > 0 && character_is_control(text + i, width);
        const void *piece = width == 0 ? "?" : blank ? " " : (const void *)(text + i);

        next = width > 0 ? width : 1;
        width = width == 0 || blank ? 1 : width;
        if (blank && (used == 0 || ret_words[used - 1] == ' '))
            continue;
        if (used + width + sizeof(cut) > room) {
            memcpy(ret_words + used, cut, sizeof(cut));
            return;
        }
        memcpy(ret_words + used, piece, width);
        used += width;
    }
    while (used > 0 && ret_words[used - 1] == ' ')
        used--;
    ret_words[used] = '\0';
}
