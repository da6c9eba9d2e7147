/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/timeline/timeline_json.h"

#include "common/json.h"
#include "common/moment.h"

enum { NS_PER_US = 1000, PROJECT_PID = 1, LANES_MAX = 64 };

static double ms_of(uint64_t ns)
{
    return (double)(ns / NS_PER_US) / 1000;
}

static void string_set(json_t *json, const char *key, const char *value)
{
    if (value && *value)
        json_object_set_new(json, key, json_string(value));
}

/* What there is to say of a span besides its times. */
static void span_describe(const struct track *track, const struct span *span, json_t *json)
{
    string_set(json, "service", track->service);
    string_set(json, "container", track->name);
    string_set(json, "subject", span->subject);
    string_set(json, "detail", span->detail);
    if (span->kind == SPAN_PROBE || span->kind == SPAN_HOOK || span->kind == SPAN_RUN)
        json_object_set_new(json, "exit_code", json_integer(span->code));
    if (span->open)
        json_object_set_new(json, "open", json_true());
    json_object_set_new(json, "critical", json_boolean(span->critical));
}

/* -- our own */

static json_t *span_json(const struct track *track, const struct span *span)
{
    json_t *json = json_object();

    json_object_set_new(json, "kind", json_string(span_kind_name(span->kind)));
    json_object_set_new(json, "begin_ms", json_real(ms_of(span->begin_ns)));
    json_object_set_new(json, "end_ms", json_real(ms_of(span->end_ns)));
    span_describe(track, span, json);
    return json;
}

static json_t *step_json(const struct critical_step *step, const char *project)
{
    scoped_text struct text what = {0};
    json_t *json = json_object();

    critical_step_text(step, project, &what);
    json_object_set_new(json, "what", json_string(text_get(&what)));
    json_object_set_new(json, "begin_ms", json_real(ms_of(step->span->begin_ns)));
    json_object_set_new(json, "length_ms",
                        json_real(ms_of(step->span->end_ns - step->span->begin_ns)));
    return json;
}

void timeline_json(const struct timeline *timeline, const struct critical_chain *chain,
                   const char *project, struct text *out)
{
    scoped(json_release) json_t *json = json_object();
    scoped_text struct text began = {0}, summary = {0};
    json_t *spans = json_array(), *steps = json_array();

    moment_format(timeline->began_ns, &began);
    critical_chain_summary(chain, timeline, project, &summary);
    for (size_t i = 0; i < timeline->n_tracks; i++)
        for (size_t j = 0; j < timeline->tracks[i].n_spans; j++)
            json_array_append_new(spans,
                                  span_json(&timeline->tracks[i], &timeline->tracks[i].spans[j]));
    for (size_t i = 0; i < chain->count; i++)
        json_array_append_new(steps, step_json(&chain->steps[i], project));
    json_object_set_new(json, "project", json_string(project));
    json_object_set_new(json, "began", json_string(text_get(&began)));
    json_object_set_new(json, "ready", json_boolean(timeline->ready));
    json_object_set_new(json, "length_ms", json_real(ms_of(timeline->length_ns)));
    json_object_set_new(json, "spans", spans);
    json_object_set_new(json, "critical_chain", steps);
    json_object_set_new(json, "summary", json_string(text_get(&summary)));
    json_format(json, out);
    text_append_char(out, '\n');
}

/* -- a trace */

struct trace {
    struct arena *arena;
    struct string_list services; /* of the processes behind the project's */
    json_t *events;
};

static int pid_of(struct trace *trace, const char *service)
{
    if (!service || !*service)
        return PROJECT_PID;
    for (size_t i = 0; i < trace->services.count; i++)
        if (string_eq(trace->services.items[i], service))
            return PROJECT_PID + 1 + (int)i;
    string_list_add(trace->arena, &trace->services, service);
    return PROJECT_PID + (int)trace->services.count;
}

/* A pull is its service's. */
static int span_pid(struct trace *trace, const struct track *track, const struct span *span)
{
    return pid_of(trace, span->kind == SPAN_PULL ? span->subject : track->service);
}

static void name_add(struct trace *trace, const char *kind, int pid, int tid, const char *name)
{
    json_array_append_new(trace->events,
                          json_pack("{s:s,s:s,s:i,s:i,s:{s:s}}", "name", kind, "ph", "M", "pid",
                                    pid, "tid", tid, "args", "name", name));
}

static bool spans_nest(const struct span *a, const struct span *b)
{
    bool apart = a->end_ns <= b->begin_ns || b->end_ns <= a->begin_ns;
    bool within = (a->begin_ns >= b->begin_ns && a->end_ns <= b->end_ns) ||
                  (b->begin_ns >= a->begin_ns && b->end_ns <= a->end_ns);

    return apart || within;
}

/* The first lane where it lies within or apart from each span that came before; those have theirs
 * in `lanes`. */
static int lane_of(const struct track *track, size_t index, const int *lanes)
{
    for (int lane = 0; lane < LANES_MAX - 1; lane++) {
        bool fits = true;

        for (size_t i = 0; i < index; i++)
            fits = fits && (lanes[i] != lane || spans_nest(&track->spans[i], &track->spans[index]));
        if (fits)
            return lane;
    }
    return LANES_MAX - 1;
}

static void trace_span(struct trace *trace, const struct track *track, const struct span *span,
                       int tid)
{
    uint64_t begin_us = span->begin_ns / NS_PER_US, end_us = span->end_ns / NS_PER_US;
    json_t *json = json_object(), *args = json_object();

    span_describe(track, span, args);
    json_object_set_new(json, "name", json_string(span_kind_name(span->kind)));
    json_object_set_new(json, "cat", json_string(*track->name ? "container" : "project"));
    json_object_set_new(json, "ph", json_string("X"));
    json_object_set_new(json, "ts", json_integer((json_int_t)begin_us));
    json_object_set_new(json, "dur", json_integer((json_int_t)(end_us - begin_us)));
    json_object_set_new(json, "pid", json_integer(span_pid(trace, track, span)));
    json_object_set_new(json, "tid", json_integer(tid));
    json_object_set_new(json, "args", args);
    json_array_append_new(trace->events, json);
}

static void trace_track(struct trace *trace, const struct track *track, size_t index)
{
    int *lanes = arena_new_array(trace->arena, int, track->n_spans + 1);
    int first_tid = (int)index * LANES_MAX + 1;

    name_add(trace, "thread_name", pid_of(trace, track->service), first_tid,
             *track->name ? track->name : "up");
    for (size_t i = 0; i < track->n_spans; i++) {
        lanes[i] = lane_of(track, i, lanes);
        trace_span(trace, track, &track->spans[i], first_tid + lanes[i]);
    }
}

void timeline_trace(const struct timeline *timeline, const char *project, struct text *out)
{
    scoped(json_release) json_t *json = json_object();
    struct trace trace = {.arena = timeline->arena, .events = json_array()};

    json_object_set_new(json, "displayTimeUnit", json_string("ms"));
    json_object_set_new(json, "traceEvents", trace.events);
    for (size_t i = 0; i < timeline->n_tracks; i++)
        trace_track(&trace, &timeline->tracks[i], i);
    name_add(&trace, "process_name", PROJECT_PID, 1, project);
    for (size_t i = 0; i < trace.services.count; i++)
        name_add(&trace, "process_name", PROJECT_PID + 1 + (int)i, 1, trace.services.items[i]);
    json_format(json, out);
    text_append_char(out, '\n');
}
