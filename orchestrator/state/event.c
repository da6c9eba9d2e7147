/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/event.h"

#include "common/codec.h"

static const struct codec_field event_codec[] = {
    CODEC_FIELD(struct event, time_ns, CODEC_UINT64),
    CODEC_FIELD(struct event, clock_ns, CODEC_UINT64),
    CODEC_FIELD(struct event, service, CODEC_STRING),
    CODEC_FIELD(struct event, container, CODEC_STRING),
    CODEC_FIELD(struct event, image, CODEC_STRING),
    CODEC_FIELD(struct event, oneoff, CODEC_BOOL),
    CODEC_FIELD(struct event, starts, CODEC_INT),
    CODEC_FIELD(struct event, code, CODEC_INT),
    CODEC_FIELD(struct event, detail, CODEC_STRING),
    CODEC_FIELD(struct event, on, CODEC_STRING),
    CODEC_FIELD(struct event, up, CODEC_UINT64),
    CODEC_FIELD(struct event, took_ns, CODEC_UINT64),
    {0},
};

/* On disk: a build that comes after this one reads them, so they never change. */
static const char *const names[EVENT_KINDS] = {
    [EVENT_OTHER] = "other",
    [EVENT_CREATE] = "create",
    [EVENT_START] = "start",
    [EVENT_RESTART] = "restart",
    [EVENT_DIE] = "die",
    [EVENT_OOM] = "oom",
    [EVENT_KILL] = "kill",
    [EVENT_STOP] = "stop",
    [EVENT_PAUSE] = "pause",
    [EVENT_UNPAUSE] = "unpause",
    [EVENT_HEALTH] = "health_status",
    [EVENT_EXEC_CREATE] = "exec_create",
    [EVENT_EXEC_START] = "exec_start",
    [EVENT_EXEC_DIE] = "exec_die",
    [EVENT_DESTROY] = "destroy",
    [EVENT_UP] = "up",
    [EVENT_LOAD] = "load",
    [EVENT_PULL] = "pull",
    [EVENT_BUILD] = "build",
    [EVENT_PLAN] = "plan",
    [EVENT_NETWORK] = "network",
    [EVENT_STARTING] = "starting",
    [EVENT_WAIT] = "wait",
    [EVENT_PROBE] = "probe",
    [EVENT_HOOK] = "hook",
};

const char *event_kind_name(enum event_kind kind)
{
    return names[kind];
}

enum event_kind event_kind_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (string_eq(name, names[i]))
            return (enum event_kind)i;
    return EVENT_OTHER;
}

bool event_is_dockers(enum event_kind kind)
{
    return kind >= EVENT_CREATE && kind <= EVENT_DESTROY;
}

void event_format(const struct event *event, struct text *out)
{
    codec_format(event_codec, event, out);
    text_cut(out, out->length - 1);
    text_appendf(out, "%s\"action\":\"%s\"}\n", string_ends_with(out->data, "{") ? "" : ",",
                 event_kind_name(event->kind));
}

int event_parse(const char *bytes, size_t length, struct arena *arena, struct event *ret_event,
                struct error *err)
{
    scoped(json_release) json_t *json = json_parse(bytes, length, err);
    struct event event = {0};

    if (!json || codec_decode(event_codec, json, &event, arena, err) < 0)
        return -1;
    event.kind = event_kind_of(json_get_string(json, "action", ""));
    *ret_event = event;
    return 0;
}
