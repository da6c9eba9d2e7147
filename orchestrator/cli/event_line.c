/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/event_line.h"

#include <time.h>

#include "common/json.h"
#include "common/moment.h"

enum { NS_PER_S = 1000000000, NS_PER_US = 1000 };

static void attribute_set(json_t *attributes, const char *name, const char *value)
{
    json_object_set_new(attributes, name, json_string(value ? value : ""));
}

static void attribute_set_number(json_t *attributes, const char *name, uint64_t value)
{
    scoped_text struct text text = {0};

    text_appendf(&text, "%llu", (unsigned long long)value);
    attribute_set(attributes, name, text_get(&text));
}

/* In the order of their names. */
static json_t *attributes_of(const struct event *event)
{
    json_t *attributes = json_object();

    if (event->kind == EVENT_DIE && event->detail)
        attribute_set(attributes, "error", event->detail);
    if (event->kind == EVENT_DIE)
        attribute_set_number(attributes, "execDuration", event->took_ns / NS_PER_S);
    if (event->kind == EVENT_DIE || event->kind == EVENT_EXEC_DIE)
        attribute_set_number(attributes, "exitCode", (uint64_t)event->code);
    attribute_set(attributes, "image", event->image);
    attribute_set(attributes, "name", event->container);
    if (event->kind == EVENT_KILL)
        attribute_set_number(attributes, "signal", (uint64_t)event->code);
    return attributes;
}

static void action_text(const struct event *event, struct text *out)
{
    bool details = event->kind == EVENT_HEALTH || event->kind == EVENT_EXEC_CREATE ||
                   event->kind == EVENT_EXEC_START;

    text_append(out, event_kind_name(event->kind));
    if (details && event->detail)
        text_appendf(out, ": %s", event->detail);
}

static void local_time_append(uint64_t time_ns, struct text *out)
{
    time_t seconds = (time_t)(time_ns / NS_PER_S);
    struct tm parts;
    char text[40];

    if (!localtime_r(&seconds, &parts) ||
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return;
    text_appendf(out, "%s.%06llu", text, (unsigned long long)(time_ns % NS_PER_S / NS_PER_US));
}

void event_line_text(const struct event *event, struct text *out)
{
    scoped(json_release) json_t *attributes = attributes_of(event);
    const char *name, *between = "";
    json_t *value;

    local_time_append(event->time_ns, out);
    text_append(out, " container ");
    action_text(event, out);
    text_appendf(out, " %s (", event->container);
    json_object_foreach(attributes, name, value) {
        text_appendf(out, "%s%s=%s", between, name, json_string_value(value));
        between = ", ";
    }
    text_append(out, ")\n");
}

void event_line_json(const struct event *event, struct text *out)
{
    scoped(json_release) json_t *json = json_object();
    scoped_text struct text action = {0}, time = {0};

    action_text(event, &action);
    moment_format(event->time_ns, &time);
    json_object_set_new(json, "action", json_string(text_get(&action)));
    json_object_set_new(json, "attributes", attributes_of(event));
    json_object_set_new(json, "id", json_string(event->container));
    json_object_set_new(json, "service", json_string(event->service ? event->service : ""));
    json_object_set_new(json, "time", json_string(text_get(&time)));
    json_object_set_new(json, "type", json_string("container"));
    json_format(json, out);
    text_append_char(out, '\n');
}
