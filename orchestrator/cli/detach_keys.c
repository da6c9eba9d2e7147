/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/detach_keys.h"

#include <string.h>

#define CONTROL_PREFIX "ctrl-"

/* The code of one key; false when the word names none. */
static bool key_parse(const char *word, size_t length, unsigned char *ret_key)
{
    size_t prefix = strlen(CONTROL_PREFIX);
    char letter;

    if (length == 1) {
        *ret_key = (unsigned char)word[0];
        return true;
    }
    if (length != prefix + 1 || strncmp(word, CONTROL_PREFIX, prefix) != 0)
        return false;
    letter = word[prefix];
    if (letter >= 'a' && letter <= 'z')
        letter = (char)(letter - 'a' + 'A');
    if (letter < '@' || letter > '_')
        return false;
    *ret_key = (unsigned char)(letter - '@');
    return true;
}

int detach_keys_parse(const char *text, struct detach_keys *ret_keys, struct error *err)
{
    struct detach_keys keys = {0};
    const char *rest = text;

    for (;;) {
        /* A comma is a key as well: alone between commas, or at the end. */
        size_t length = *rest == ',' ? 1 : strcspn(rest, ",");

        if (keys.count == DETACH_KEYS_MAX)
            return error_set(err, "'%s' is more than %d keys", text, DETACH_KEYS_MAX);
        if (!key_parse(rest, length, &keys.keys[keys.count]))
            return error_set(err, "'%s' is no list of keys such as '" DETACH_KEYS_DEFAULT "'",
                             text);
        keys.count++;
        rest += length;
        if (*rest == '\0')
            break;
        rest++;
    }
    *ret_keys = keys;
    return 0;
}

/* How many keys may still be on their way when the next byte is not the one that was due: the
 * longest end of what was typed that the keys begin with. */
static size_t matched_otherwise(const struct detach_keys *keys)
{
    for (size_t length = keys->matched - 1; length > 0; length--)
        if (memcmp(keys->keys, keys->keys + keys->matched - length, length) == 0)
            return length;
    return 0;
}

bool detach_keys_filter(struct detach_keys *keys, const char *bytes, size_t length,
                        struct text *out)
{
    for (size_t i = 0; i < length; i++) {
        while (keys->matched > 0 && keys->keys[keys->matched] != (unsigned char)bytes[i]) {
            size_t matched = matched_otherwise(keys);

            text_append_bytes(out, keys->keys, keys->matched - matched);
            keys->matched = matched;
        }
        if (keys->count == 0 || keys->keys[keys->matched] != (unsigned char)bytes[i])
            text_append_bytes(out, &bytes[i], 1);
        else if (++keys->matched == keys->count)
            return true;
    }
    return false;
}
