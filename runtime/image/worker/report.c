/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/report.h"

#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"

/* One write(2) a line: lines of a pipe's atomic size stay whole, whoever writes at the same time.
 */
static void write_line(int fd, const char *line, size_t length)
{
    (void)!fd_write_all(fd, line, length);
}

static void write_event(json_t *event)
{
    scoped_text struct text line = {0};

    json_format(event, &line);
    text_append_char(&line, '\n');
    write_line(STDOUT_FILENO, line.data, line.length);
}

static json_t *event_new(const char *kind, const char *image)
{
    json_t *event = json_object();

    (void)json_object_set_new(event, "event", json_string(kind));
    if (image)
        (void)json_object_set_new(event, "image", json_string(image));
    return event;
}

void report_resolving(const struct report *report, const char *image)
{
    scoped(json_release) json_t *event = NULL;

    if (!report->events)
        return;
    event = event_new("resolving", image);
    write_event(event);
}

void report_layer(const struct report *report, const struct report_layer *layer)
{
    scoped(json_release) json_t *event = NULL;

    if (!report->events)
        return;
    event = event_new("layer", layer->image);
    (void)json_object_set_new(event, "layer", json_string(layer->digest));
    (void)json_object_set_new(event, "state", json_string(layer->state));
    (void)json_object_set_new(event, "current", json_integer(layer->current));
    (void)json_object_set_new(event, "total", json_integer(layer->total));
    write_event(event);
}

static void write_result(const struct report_result *result)
{
    scoped_text struct text line = {0};
    bool pulled = string_eq(result->event, "pulled");

    if (pulled)
        text_appendf(&line, "%s: %s\n", result->changed ? "Pulled" : "Image is up to date",
                     result->image);
    else
        text_appendf(&line, "Pushed: %s\n", result->image);
    text_appendf(&line, "Digest: %s\n", result->digest);
    write_line(STDOUT_FILENO, line.data, line.length);
}

void report_result(const struct report *report, const struct report_result *result)
{
    scoped(json_release) json_t *event = NULL;

    if (!report->events) {
        write_result(result);
        return;
    }
    event = event_new(result->event, result->image);
    if (result->id)
        (void)json_object_set_new(event, "id", json_string(result->id));
    (void)json_object_set_new(event, "digest", json_string(result->digest));
    if (result->size > 0)
        (void)json_object_set_new(event, "size", json_integer(result->size));
    (void)json_object_set_new(event, "changed", json_boolean(result->changed));
    write_event(event);
}

static void report_message(const struct report *report, const char *kind, const char *image,
                           const char *message)
{
    scoped(json_release) json_t *event = NULL;
    scoped_text struct text line = {0};

    if (!report->events) {
        text_appendf(&line, "yawl-image: %s\n", message);
        write_line(STDERR_FILENO, line.data, line.length);
        return;
    }
    event = event_new(kind, image);
    (void)json_object_set_new(event, "message", json_string(message));
    write_event(event);
}

void report_warning(const struct report *report, const char *image, const char *message)
{
    report_message(report, "warning", image, message);
}

void report_left_out(const struct report *report, const char *image, size_t count)
{
    scoped_text struct text message = {0};

    if (count == 0)
        return;
    text_appendf(&message, "%zu device %s left out, which only root may make", count,
                 count == 1 ? "node is" : "nodes are");
    report_warning(report, image, text_get(&message));
}

void report_error(const struct report *report, const char *image, const struct error *err)
{
    report_message(report, "error", image, err->text);
}
