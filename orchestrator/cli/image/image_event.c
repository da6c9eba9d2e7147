/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_event.h"

#include <string.h>

#include "common/json.h"

struct word {
    const char *text;
    int value;
};

static const struct word kinds[] = {
    {"resolving", IMAGE_EVENT_RESOLVING},
    {"layer", IMAGE_EVENT_LAYER},
    {"pulled", IMAGE_EVENT_DONE},
    {"pushed", IMAGE_EVENT_DONE},
    {"warning", IMAGE_EVENT_WARNING},
    {"error", IMAGE_EVENT_ERROR},
    {NULL, IMAGE_EVENT_OTHER},
};

static const struct word states[] = {
    {"downloading", LAYER_DOWNLOADING},
    {"unpacking", LAYER_UNPACKING},
    {"pushing", LAYER_PUSHING},
    {"done", LAYER_DONE},
    {"pushed", LAYER_DONE},
    {"exists", LAYER_EXISTS},
    {"mounted", LAYER_EXISTS},
    {NULL, LAYER_WAITING},
};

static int word_value(const struct word *words, const char *text)
{
    while (words->text && !string_eq(words->text, text))
        words++;
    return words->value;
}

static int64_t bytes_of(const json_t *json, const char *key)
{
    int64_t value = json_get_int(json, key, 0);

    return value > 0 ? value : 0;
}

const char *image_event_reason(const char *message, const char *image)
{
    static const char *const verbs[] = {"pull", "push", "resolve"};

    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
        scoped_text struct text start = {0};
        const char *end;

        text_appendf(&start, "%s '%s", verbs[i], image);
        if (!string_starts_with(message, text_get(&start)))
            continue;
        /* The item that was asked for may have gone on: "a:1,platform=linux/arm64". */
        end = strstr(message + start.length, "': ");
        if (end && strchr("',", message[start.length]))
            return end + strlen("': ");
    }
    return message;
}

int image_event_parse(const char *line, size_t length, struct arena *arena,
                      struct image_event *ret_event, struct error *err)
{
    scoped(json_release) json_t *json = json_parse(line, length, err);

    if (!json)
        return error_wrap(err, "read an event of the image worker");
    if (!json_is_object(json))
        return error_set(err, "an event of the image worker is no object");
    *ret_event = (struct image_event){
        .kind = (enum image_event_kind)word_value(kinds, json_get_string(json, "event", "")),
        .image = arena_strdup(arena, json_get_string(json, "image", "")),
        .layer = arena_strdup(arena, json_get_string(json, "layer", "")),
        .state = (enum layer_state)word_value(states, json_get_string(json, "state", "")),
        .current = bytes_of(json, "current"),
        .total = bytes_of(json, "total"),
        .digest = arena_strdup(arena, json_get_string(json, "digest", "")),
        .message = arena_strdup(arena, image_event_reason(json_get_string(json, "message", ""),
                                                          json_get_string(json, "image", ""))),
        .changed = json_get_bool(json, "changed", false),
    };
    return 0;
}
