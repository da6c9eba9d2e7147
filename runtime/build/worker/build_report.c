/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/build_report.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/utf8.h"

/* Takes the object; what could not be put into it is left out. */
static void say(json_t *take_event)
{
    scoped(json_release) json_t *event = take_event;
    scoped_text struct text line = {0};

    json_format(event, &line);
    text_append_char(&line, '\n');
    (void)fwrite(text_get(&line), 1, line.length, stdout);
    (void)fflush(stdout);
}

/* Text of others as JSON takes it. */
static json_t *clean_string(const char *bytes, size_t length)
{
    scoped_text struct text out = {0};

    for (size_t i = 0; i < length;) {
        size_t n = utf8_character_length((const unsigned char *)bytes + i, length - i);

        if (n == 0 || bytes[i] == '\0')
            text_append(&out, "\xef\xbf\xbd");
        else
            text_append_bytes(&out, bytes + i, n);
        i += n ? n : 1;
    }
    return json_stringn(text_get(&out), out.length);
}

static void put(json_t *event, const char *key, const char *text)
{
    if (text)
        (void)json_object_set_new(event, key, clean_string(text, strlen(text)));
}

static json_t *event_new(const char *kind, const char *build)
{
    json_t *event = json_object();

    put(event, "event", kind);
    put(event, "build", build);
    return event;
}

void build_report_step(const struct report_step *step)
{
    json_t *event = event_new("step", step->build);

    (void)json_object_set_new(event, "id", json_integer(step->id));
    put(event, "label", step->label);
    put(event, "text", step->text);
    put(event, "state", step->state);
    if (step->ms >= 0)
        (void)json_object_set_new(event, "ms", json_integer(step->ms));
    say(event);
}

void build_report_output(const struct report_step *step, const char *bytes, size_t length)
{
    json_t *event = event_new("output", step->build);

    (void)json_object_set_new(event, "id", json_integer(step->id));
    (void)json_object_set_new(event, "text", clean_string(bytes, length));
    say(event);
}

void build_report_shell(const struct report_step *step, bool begins)
{
    json_t *event = event_new("shell", step->build);

    (void)json_object_set_new(event, "id", json_integer(step->id));
    put(event, "text", step->text);
    put(event, "state", begins ? "running" : "done");
    say(event);
}

void build_report_built(const char *build, const char *image_id, const struct string_list *tags)
{
    json_t *event = event_new("built", build), *list = json_array();

    put(event, "image", image_id);
    for (size_t i = 0; i < tags->count; i++)
        (void)json_array_append_new(list, json_string(tags->items[i]));
    (void)json_object_set_new(event, "tags", list);
    say(event);
}

void build_report_warning(const char *build, const char *message)
{
    json_t *event = event_new("warning", build);

    put(event, "message", message);
    say(event);
}

void build_report_error(const char *build, const char *message)
{
    json_t *event = event_new("error", build);

    put(event, "message", message);
    say(event);
}
