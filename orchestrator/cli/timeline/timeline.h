/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the last `up` took its time for: spans, made from the events of the journal. A pure function
 * of them.
 *
 * An `up` ends when all containers that it has set on their way are ready: started, hooks done,
 * healthy, or for a job that others wait for, ended well. What happens later is not part of it.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_H
#define YAWL_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_H

#include "common/arena.h"
#include "orchestrator/state/event.h"

enum span_kind {
    /* Of the project. */
    SPAN_LOAD,
    SPAN_PULL, /* subject: the service, detail: the image */
    SPAN_BUILD,
    SPAN_PLAN,
    SPAN_SUPERVISOR, /* until the supervisor has taken the plan on */
    SPAN_NETWORK,
    /* Of a container. */
    SPAN_STOP,
    SPAN_REMOVE,
    SPAN_CREATE,
    SPAN_WAIT,  /* subject: the container or network that is waited for, detail: for what */
    SPAN_START, /* until its program is executed */
    SPAN_HOOK,
    SPAN_HEALTH, /* from its start to its first verdict */
    SPAN_PROBE,  /* within that; detail: what it said */
    SPAN_RUN,    /* of a job, to its end; or to an end that was too early */
    SPAN_KINDS,
};

struct span {
    enum span_kind kind;
    uint64_t begin_ns, end_ns; /* since the `up` has begun */
    const char *subject, *detail;
    int code;              /* an exit code, of SPAN_HOOK, SPAN_PROBE and SPAN_RUN */
    bool open;             /* it had not ended: end_ns is the time of the last event */
    bool critical, walked; /* see critical_chain.h */
};

/* The spans of one container, or of the project itself. */
struct track {
    const char *name;    /* of the container; "" for the project */
    const char *service; /* likewise */
    struct span *spans;
    size_t n_spans;
    uint64_t ready_ns;
    bool ready, failed;
    bool critical;
};

struct timeline {
    struct arena *arena;
    uint64_t began_ns;    /* CLOCK_REALTIME */
    uint64_t length_ns;   /* until all was ready, or to the last event */
    bool ready;           /* all that was set on its way */
    struct track *tracks; /* the first is the project's; the others by their first event */
    size_t n_tracks;
};

/* "load", "health": one word for each kind. */
const char *span_kind_name(enum span_kind kind);

/* From events in their order, whose texts are borrowed. NULL when there is no `up` among them. */
struct timeline *timeline_make(const struct event *events, size_t count, struct arena *arena);

/* NULL when there is none. */
struct track *timeline_find(const struct timeline *timeline, const char *container);

#endif
