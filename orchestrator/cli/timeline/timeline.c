/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each container goes its course: removed where it is replaced, created, waiting, starting, getting
 * ready. An event ends what the one before it has begun.
 */
#include "orchestrator/cli/timeline/timeline.h"

/* The first pass after a plan was taken on sets everything on its way: what first happens to a
 * container later than this has other reasons. */
enum { FIRST_EVENT_NS = 1000000000 };

enum { NOT_BEGUN = 0 };

/* About a day: nobody waits longer for an `up`, and what a damaged journal says stays a number that
 * can be reckoned with. */
static const uint64_t MAX_NS = 100000000000000;

/* How far a container is; times are 0 when it is not there. */
struct course {
    uint64_t killed_ns, died_ns, starting_ns, started_ns;
    int steps; /* until it is ready */
    bool over; /* nothing more of it counts */
};

struct making {
    struct timeline *timeline;
    uint64_t base_ns, last_ns; /* CLOCK_MONOTONIC; since base_ns */
    struct course *courses;    /* of the tracks */
};

const char *span_kind_name(enum span_kind kind)
{
    static const char *const names[SPAN_KINDS] = {
        "load",   "pull", "build", "plan", "supervisor", "network", "stop", "remove",
        "create", "wait", "start", "hook", "health",     "probe",   "run"};

    return names[kind];
}

struct track *timeline_find(const struct timeline *timeline, const char *container)
{
    for (size_t i = 1; i < timeline->n_tracks; i++)
        if (string_eq(timeline->tracks[i].name, container))
            return &timeline->tracks[i];
    return NULL;
}

static void span_add(struct making *making, struct track *track, struct span span)
{
    if (span.end_ns < span.begin_ns)
        span.end_ns = span.begin_ns;
    track->spans = arena_room(making->timeline->arena, track->spans, track->n_spans);
    track->spans[track->n_spans++] = span;
}

static size_t track_add(struct making *making, const char *name, const char *service)
{
    struct timeline *timeline = making->timeline;

    making->courses = arena_room(timeline->arena, making->courses, timeline->n_tracks);
    making->courses[timeline->n_tracks] = (struct course){0};
    timeline->tracks = arena_room(timeline->arena, timeline->tracks, timeline->n_tracks);
    timeline->tracks[timeline->n_tracks] = (struct track){.name = name, .service = service};
    return timeline->n_tracks++;
}

/* -- the project */

static enum span_kind span_kind_of(enum event_kind kind)
{
    switch (kind) {
    case EVENT_PULL:
        return SPAN_PULL;
    case EVENT_BUILD:
        return SPAN_BUILD;
    case EVENT_PLAN:
        return SPAN_PLAN;
    case EVENT_NETWORK:
        return SPAN_NETWORK;
    default:
        return SPAN_LOAD;
    }
}

static bool is_phase(const struct event *event)
{
    return event->kind >= EVENT_LOAD && event->kind <= EVENT_NETWORK;
}

/* A request that was repeated, to the successor of a supervisor that has died, tells it again. */
static bool is_told(const struct track *track, const struct span *span)
{
    for (size_t i = 0; i < track->n_spans; i++)
        if (track->spans[i].kind == span->kind && track->spans[i].end_ns == span->end_ns &&
            string_eq(track->spans[i].subject, span->subject))
            return true;
    return false;
}

static uint64_t since(const struct making *making, uint64_t clock_ns)
{
    uint64_t ns = clock_ns > making->base_ns ? clock_ns - making->base_ns : 0;

    return ns < MAX_NS ? ns : MAX_NS;
}

static struct span span_of(const struct making *making, enum span_kind kind,
                           const struct event *event)
{
    uint64_t begin_ns = event->clock_ns > event->took_ns ? event->clock_ns - event->took_ns : 0;

    return (struct span){.kind = kind,
                         .begin_ns = since(making, begin_ns),
                         .end_ns = since(making, event->clock_ns),
                         .detail = event->detail,
                         .code = event->code};
}

static void phase_add(struct making *making, const struct event *event)
{
    struct span span = span_of(making, span_kind_of(event->kind), event);

    span.subject = event->service;
    if (!is_told(&making->timeline->tracks[0], &span))
        span_add(making, &making->timeline->tracks[0], span);
}

/* From the end of the last phase of the command line to where the supervisor has begun. */
static void supervisor_add(struct making *making, const struct event *up)
{
    struct track *track = &making->timeline->tracks[0];
    uint64_t begin_ns = 0;

    for (size_t i = 0; i < track->n_spans; i++)
        if (track->spans[i].end_ns > begin_ns)
            begin_ns = track->spans[i].end_ns;
    span_add(making, track,
             (struct span){.kind = SPAN_SUPERVISOR,
                           .begin_ns = begin_ns,
                           .end_ns = since(making, up->clock_ns)});
}

/* -- a container */

/* It may wait for several at once; a supervisor that has taken over tells it again. */
static void on_wait(struct making *making, struct track *track, const struct event *event)
{
    uint64_t now_ns = since(making, event->clock_ns);

    if (!event->on || !event->detail)
        return;
    for (size_t i = 0; i < track->n_spans; i++)
        if (track->spans[i].kind == SPAN_WAIT && track->spans[i].open &&
            string_eq(track->spans[i].subject, event->on))
            return;
    span_add(making, track,
             (struct span){.kind = SPAN_WAIT,
                           .begin_ns = now_ns,
                           .end_ns = now_ns,
                           .open = true,
                           .subject = event->on,
                           .detail = event->detail});
}

/* Waits are the only spans that are open while they go on. */
static void waits_reach(struct track *track, uint64_t now_ns, bool open)
{
    for (size_t i = 0; i < track->n_spans; i++)
        if (track->spans[i].open) {
            track->spans[i].end_ns = now_ns;
            track->spans[i].open = open;
        }
}

static void track_step(struct track *track, struct course *course, uint64_t now_ns)
{
    if (course->steps > 0)
        course->steps--;
    track->ready = course->steps == 0;
    track->ready_ns = now_ns;
}

static void on_started(struct making *making, struct track *track, struct course *course,
                       const struct event *event)
{
    uint64_t now_ns = since(making, event->clock_ns);

    if (course->starting_ns != NOT_BEGUN)
        span_add(
            making, track,
            (struct span){.kind = SPAN_START, .begin_ns = course->starting_ns, .end_ns = now_ns});
    course->starting_ns = NOT_BEGUN;
    course->started_ns = now_ns;
    course->steps = event->code;
    track->failed = false;
    track->ready = course->steps == 0;
    track->ready_ns = now_ns;
}

/* To be replaced, or too early, or a job. */
static void on_died(struct making *making, struct track *track, struct course *course,
                    const struct event *event)
{
    uint64_t now_ns = since(making, event->clock_ns);
    uint64_t began_ns = course->started_ns ? course->started_ns : course->starting_ns;

    course->died_ns = now_ns;
    if (course->killed_ns != NOT_BEGUN) {
        span_add(making, track,
                 (struct span){.kind = SPAN_STOP, .begin_ns = course->killed_ns, .end_ns = now_ns});
        course->killed_ns = NOT_BEGUN;
        return;
    }
    if (began_ns == NOT_BEGUN)
        return; /* it was not this `up` that had started it */
    span_add(making, track,
             (struct span){.kind = SPAN_RUN,
                           .begin_ns = began_ns,
                           .end_ns = now_ns,
                           .code = event->code,
                           .detail = event->detail});
    track->failed = event->code != 0;
    course->over = track->ready;
    course->started_ns = course->starting_ns = NOT_BEGUN;
}

static void on_health(struct making *making, struct track *track, struct course *course,
                      const struct event *event)
{
    uint64_t now_ns = since(making, event->clock_ns);

    span_add(making, track,
             (struct span){.kind = SPAN_HEALTH,
                           .begin_ns = course->started_ns,
                           .end_ns = now_ns,
                           .detail = event->detail});
    track->failed = !string_eq(event->detail, "healthy");
    if (!track->failed)
        track_step(track, course, now_ns);
}

static void on_hook(struct making *making, struct track *track, struct course *course,
                    const struct event *event)
{
    span_add(making, track, span_of(making, SPAN_HOOK, event));
    if (!string_eq(event->detail, "post_start"))
        return;
    track->failed = event->code != 0;
    if (!track->failed)
        track_step(track, course, since(making, event->clock_ns));
}

static void track_take(struct making *making, size_t index, const struct event *event)
{
    struct track *track = &making->timeline->tracks[index];
    struct course *course = &making->courses[index];
    uint64_t now_ns = since(making, event->clock_ns);

    switch (event->kind) {
    case EVENT_KILL:
        course->over = course->started_ns != NOT_BEGUN; /* somebody ends what was started */
        course->killed_ns = now_ns;
        return;
    case EVENT_DIE:
        on_died(making, track, course, event);
        return;
    case EVENT_DESTROY:
        if (course->died_ns != NOT_BEGUN)
            span_add(
                making, track,
                (struct span){.kind = SPAN_REMOVE, .begin_ns = course->died_ns, .end_ns = now_ns});
        return;
    case EVENT_CREATE:
        span_add(making, track, span_of(making, SPAN_CREATE, event));
        return;
    case EVENT_WAIT:
        on_wait(making, track, event);
        return;
    case EVENT_STARTING:
        waits_reach(track, now_ns, false);
        course->starting_ns = now_ns;
        return;
    case EVENT_START:
        on_started(making, track, course, event);
        return;
    case EVENT_PROBE:
        span_add(making, track, span_of(making, SPAN_PROBE, event));
        return;
    case EVENT_HEALTH:
        on_health(making, track, course, event);
        return;
    case EVENT_HOOK:
        on_hook(making, track, course, event);
        return;
    default:
        return;
    }
}

static bool all_settled(const struct timeline *timeline)
{
    for (size_t i = 1; i < timeline->n_tracks; i++)
        if (!timeline->tracks[i].ready && !timeline->tracks[i].failed)
            return false;
    return timeline->n_tracks > 1;
}

/* Whether it is part of what `up` has set on its way. */
static bool container_take(struct making *making, const struct event *event)
{
    struct track *track = timeline_find(making->timeline, event->container);
    size_t index = track ? (size_t)(track - making->timeline->tracks) : 0;

    if (!track)
        index = track_add(making, event->container, event->service ? event->service : "");
    if (making->courses[index].over)
        return false;
    track_take(making, index, event);
    return true;
}

static void containers_take(struct making *making, const struct event *events, size_t count)
{
    uint64_t up_ns = events[0].clock_ns;

    for (size_t i = 0; i < count; i++) {
        const struct event *event = &events[i];

        if (!event->container || event->oneoff)
            continue;
        if (event->clock_ns < up_ns)
            return; /* the machine was started again */
        if (making->timeline->n_tracks == 1 && event->clock_ns - up_ns > FIRST_EVENT_NS)
            return;
        if (all_settled(making->timeline))
            return;
        if (container_take(making, event))
            making->last_ns = since(making, event->clock_ns);
    }
}

/* -- the end */

static bool is_awaited(const struct timeline *timeline, const char *container)
{
    for (size_t i = 1; i < timeline->n_tracks; i++) {
        const struct track *track = &timeline->tracks[i];

        for (size_t j = 0; j < track->n_spans; j++)
            if (track->spans[j].kind == SPAN_WAIT &&
                string_eq(track->spans[j].detail, "to complete") &&
                string_eq(track->spans[j].subject, container))
                return true;
    }
    return false;
}

/* A job that others wait for is ready when it has ended well; how long any other has run is not of
 * interest. */
static void jobs_settle(struct timeline *timeline)
{
    for (size_t i = 1; i < timeline->n_tracks; i++) {
        struct track *track = &timeline->tracks[i];
        bool awaited = is_awaited(timeline, track->name);
        size_t kept = 0;

        for (size_t j = 0; j < track->n_spans; j++) {
            const struct span *span = &track->spans[j];

            if (awaited && span->kind == SPAN_RUN && span->code == 0)
                track->ready_ns = span->end_ns;
            if (awaited || span->kind != SPAN_RUN || span->code != 0)
                track->spans[kept++] = *span;
        }
        track->n_spans = kept;
    }
}

/* Of several waits each has ended when what was waited for was ready. */
static void waits_settle(struct timeline *timeline)
{
    for (size_t i = 1; i < timeline->n_tracks; i++)
        for (size_t j = 0; j < timeline->tracks[i].n_spans; j++) {
            struct span *span = &timeline->tracks[i].spans[j];
            const struct track *other =
                span->kind == SPAN_WAIT ? timeline_find(timeline, span->subject) : NULL;

            if (other && other->ready && other->ready_ns >= span->begin_ns &&
                other->ready_ns <= span->end_ns) {
                span->end_ns = other->ready_ns;
                span->open = false;
            }
        }
}

/* What has not come to its end reaches to the last event. */
static void track_close(struct making *making, size_t index)
{
    struct track *track = &making->timeline->tracks[index];
    struct course *course = &making->courses[index];
    struct span span = {.end_ns = making->last_ns, .open = true};

    if (course->over || track->ready || track->failed)
        return;
    waits_reach(track, making->last_ns, true);
    span.kind = course->starting_ns ? SPAN_START : SPAN_HEALTH;
    span.begin_ns = course->starting_ns ? course->starting_ns : course->started_ns;
    if (span.begin_ns != NOT_BEGUN)
        span_add(making, track, span);
}

static void timeline_end(struct making *making)
{
    struct timeline *timeline = making->timeline;
    const struct track *project = &timeline->tracks[0];

    for (size_t i = 1; i < timeline->n_tracks; i++)
        track_close(making, i);
    jobs_settle(timeline);
    waits_settle(timeline);
    timeline->ready = true;
    for (size_t i = 1; i < timeline->n_tracks; i++) {
        const struct track *track = &timeline->tracks[i];
        uint64_t end_ns = track->ready ? track->ready_ns : making->last_ns;

        timeline->ready = timeline->ready && track->ready && !track->failed;
        if (end_ns > timeline->length_ns)
            timeline->length_ns = end_ns;
    }
    for (size_t i = 0; i < project->n_spans; i++)
        if (project->spans[i].end_ns > timeline->length_ns)
            timeline->length_ns = project->spans[i].end_ns;
}

/* The first event of the last `up`, or NULL. */
static const struct event *up_find(const struct event *events, size_t count)
{
    const struct event *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (events[i].kind == EVENT_UP && (!found || found->up != events[i].up))
            found = &events[i];
    return found;
}

static uint64_t base_of(const struct event *events, size_t count, const struct event *up)
{
    uint64_t base_ns = up->clock_ns;

    for (size_t i = 0; i < count; i++)
        if (is_phase(&events[i]) && events[i].up == up->up &&
            events[i].clock_ns - events[i].took_ns < base_ns)
            base_ns = events[i].clock_ns - events[i].took_ns;
    return base_ns;
}

struct timeline *timeline_make(const struct event *events, size_t count, struct arena *arena)
{
    const struct event *up = up_find(events, count);
    struct making making = {0};

    if (!up)
        return NULL;
    making.timeline = arena_new_object(arena, struct timeline);
    making.timeline->arena = arena;
    making.base_ns = base_of(events, count, up);
    making.timeline->began_ns = up->time_ns - since(&making, up->clock_ns);
    (void)track_add(&making, "", "");
    for (size_t i = 0; i < count; i++)
        if (&events[i] == up)
            supervisor_add(&making, up);
        else if (is_phase(&events[i]) && events[i].up == up->up)
            phase_add(&making, &events[i]);
    containers_take(&making, up, count - (size_t)(up - events));
    timeline_end(&making);
    return making.timeline;
}
