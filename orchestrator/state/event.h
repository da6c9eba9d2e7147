/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something that happened to a project: to one of its containers, or on the way of an `up`.
 *
 * An event is plain data; its texts live where its maker put them. In the journal (journal.h) it is
 * a JSON object on a line of its own. What docker tells of containers has docker's names; the rest
 * is for the timeline.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_EVENT_H
#define YAWL_ORCHESTRATOR_STATE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/text.h"

enum event_kind {
    EVENT_OTHER, /* of a newer build, to be passed over */

    /* As docker tells them. */
    EVENT_CREATE,
    EVENT_START, /* its program is executed; code: so many hooks and checks until it is ready */
    EVENT_RESTART,
    EVENT_DIE, /* code: its exit code; took_ns; detail: why it could not be started */
    EVENT_OOM,
    EVENT_KILL, /* code: the signal; detail: "stop" when it is part of one */
    EVENT_STOP,
    EVENT_PAUSE,
    EVENT_UNPAUSE,
    EVENT_HEALTH,      /* detail: "healthy", "unhealthy" */
    EVENT_EXEC_CREATE, /* detail: the command */
    EVENT_EXEC_START,
    EVENT_EXEC_DIE, /* code: its exit code */
    EVENT_DESTROY,

    /* Of an `up`; all but EVENT_UP have ended at their time and took took_ns. */
    EVENT_UP,      /* the supervisor has taken it on; detail: the command */
    EVENT_LOAD,    /* Compose files */
    EVENT_PULL,    /* service: whose image; detail: its reference */
    EVENT_BUILD,   /* images */
    EVENT_PLAN,    /* and looking at the host */
    EVENT_NETWORK, /* bridges and rules */

    /* Of a container on its way. */
    EVENT_STARTING, /* its start has begun */
    EVENT_WAIT,     /* it has begun to wait: on, detail: "to start", "to be healthy", ... */
    EVENT_PROBE,    /* took_ns; code: its exit code; detail: what it said */
    EVENT_HOOK,     /* took_ns; code: its exit code; detail: "post_start", "pre_stop" */
    EVENT_KINDS,
};

struct event {
    uint64_t time_ns;  /* CLOCK_REALTIME */
    uint64_t clock_ns; /* CLOCK_MONOTONIC */
    enum event_kind kind;
    const char *service;
    const char *container; /* its name */
    const char *image;     /* as written in the file */
    bool oneoff;           /* a container of `run` */
    int starts;            /* which start of the container: record.starts */
    int code;
    const char *detail;
    const char *on;   /* EVENT_WAIT: the container or network that it waits for */
    uint64_t up;      /* whose part it is: the time when that `up` began, its name */
    uint64_t took_ns; /* how long it took */
};

/* "start", as in the journal; never NULL. */
const char *event_kind_name(enum event_kind kind);
/* EVENT_OTHER when it is none. */
enum event_kind event_kind_of(const char *name);

/* Whether it is one of docker's. */
bool event_is_dockers(enum event_kind kind);

/* Appends its line, newline included. Text that is no UTF-8 is left out. */
void event_format(const struct event *event, struct text *out);

/* Reads a line, without its newline; texts live in the arena. Unknown members are ignored. */
MUST_CHECK int event_parse(const char *bytes, size_t length, struct arena *arena,
                           struct event *ret_event, struct error *err);

#endif
