/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/build/build_event.h"

#include "common/json.h"

static enum build_event_kind kind_of(const char *word)
{
    static const struct {
        const char *word;
        enum build_event_kind kind;
    } kinds[] = {
        {"step", BUILD_EVENT_STEP},   {"output", BUILD_EVENT_OUTPUT},
        {"built", BUILD_EVENT_BUILT}, {"warning", BUILD_EVENT_WARNING},
        {"error", BUILD_EVENT_ERROR}, {"pulled", BUILD_EVENT_PULLED},
        {"shell", BUILD_EVENT_SHELL},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (string_eq(kinds[i].word, word))
            return kinds[i].kind;
    return BUILD_EVENT_OTHER;
}

static enum build_step_state state_of(const char *word)
{
    static const char *const states[] = {
        [BUILD_STEP_CACHED] = "cached", [BUILD_STEP_DONE] = "done", [BUILD_STEP_FAILED] = "failed"};

    for (size_t i = BUILD_STEP_CACHED; i < ARRAY_LENGTH(states); i++)
        if (string_eq(states[i], word))
            return (enum build_step_state)i;
    return BUILD_STEP_RUNNING;
}

int build_event_parse(const char *line, size_t length, struct arena *arena,
                      struct build_event *ret_event, struct error *err)
{
    scoped(json_release) json_t *json = json_parse(line, length, err);

    if (!json)
        return error_wrap(err, "the image worker said something strange");
    *ret_event = (struct build_event){
        .kind = kind_of(json_get_string(json, "event", "")),
        .build = arena_strdup(arena, json_get_string(json, "build", "")),
        .id = json_get_int(json, "id", 0),
        .state = state_of(json_get_string(json, "state", "")),
        .label = arena_strdup(arena, json_get_string(json, "label", "")),
        .text = arena_strdup(arena, json_get_string(json, "text", "")),
        .image = arena_strdup(arena, json_get_string(json, "image", "")),
        .message = arena_strdup(arena, json_get_string(json, "message", "")),
        .ms = json_get_int(json, "ms", -1),
    };
    return 0;
}
