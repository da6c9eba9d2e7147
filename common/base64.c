/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct text *out, const void *bytes, size_t length)
{
    const unsigned char *in = bytes;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (left > 2 ? in[i + 2] : 0);

        text_append_char(out, alphabet[group >> 18]);
        text_append_char(out, alphabet[group >> 12 & 63]);
        text_append_char(out, left > 1 ? alphabet[group >> 6 & 63] : '=');
        text_append_char(out, left > 2 ? alphabet[group & 63] : '=');
    }
}

bool base64_decode(const char *text, struct text *out)
{
    size_t length = strcspn(text, "=");
    size_t padding = strspn(text + length, "=");
    uint32_t group = 0;

    if (text[length + padding] != '\0' || length % 4 == 1 || padding > 2 ||
        (padding > 0 && (length + padding) % 4 != 0))
        return false;
    for (size_t i = 0; i < length; i++) {
        const char *place = strchr(alphabet, text[i]);

        if (!place)
            return false;
        group = group << 6 | (uint32_t)(place - alphabet);
        if (i % 4 != 0) /* 6, 12, 18, 24 bits: a byte at each but the first */
            text_append_char(out, (char)(group >> (6 - 2 * (i % 4)) & 0xff));
    }
    return true;
}
