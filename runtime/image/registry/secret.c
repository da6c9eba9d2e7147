/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/secret.h"

#include <stdint.h>
#include <string.h>

#include "common/memory.h"

char *secret_copy(const char *text)
{
    return text ? memory_strdup(text) : NULL;
}

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void secret_text_done(struct text *text)
{
    if (text->data)
        explicit_bzero(text->data, text->capacity);
    text_done(text);
}

static void json_wipe(const json_t *json);

static void json_wipe_members(const json_t *json)
{
    void *place;

    for (place = json_object_iter((json_t *)(uintptr_t)json); place;
         place = json_object_iter_next((json_t *)(uintptr_t)json, place))
        json_wipe(json_object_iter_value(place));
}

/* jansson hands out its own buffers, read-only; depth is bounded by its parser. */
static void json_wipe(const json_t *json)
{
    if (json_is_string(json))
        explicit_bzero((char *)(uintptr_t)json_string_value(json), json_string_length(json));
    if (json_is_object(json))
        json_wipe_members(json);
    for (size_t i = 0; i < json_array_size(json); i++)
        json_wipe(json_array_get(json, i));
}

void secret_json_free(json_t *json)
{
    json_wipe(json);
    json_decref(json);
}
