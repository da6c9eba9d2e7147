/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walked backwards, from the container that was ready last: the span before is the one of the same
 * container that has ended last until then. A wait leads over to the container that was waited for,
 * at the moment when the wait had ended. Before its first span comes what the project has done.
 */
#include "orchestrator/cli/timeline/critical_chain.h"

#include <string.h>

/* Pulls are known to the millisecond, and a pass of the supervisor takes its time. */
enum { SLACK_NS = 2000000 };
enum { SUMMARY_PARTS = 3 };

static void step_add(struct timeline *timeline, struct critical_chain *chain, struct track *track,
                     struct span *span)
{
    span->walked = span->critical = track->critical = true;
    chain->steps = arena_room(timeline->arena, chain->steps, chain->count);
    chain->steps[chain->count++] = (struct critical_step){track, span};
}

/* Of probes the span that they are part of counts. */
static bool counts(const struct span *span)
{
    return !span->walked && span->kind != SPAN_PROBE;
}

/* The span that has ended last until then; of several, the one that has begun last. */
static struct span *span_before(const struct track *track, uint64_t until_ns)
{
    struct span *found = NULL;

    for (size_t i = 0; i < track->n_spans; i++) {
        struct span *span = &track->spans[i];

        if (!counts(span) || span->end_ns > until_ns + SLACK_NS || span->begin_ns > until_ns)
            continue;
        if (!found || span->end_ns > found->end_ns ||
            (span->end_ns == found->end_ns && span->begin_ns > found->begin_ns))
            found = span;
    }
    return found;
}

static struct track *track_last(const struct timeline *timeline)
{
    struct track *last = NULL;
    uint64_t last_ns = 0;

    for (size_t i = 1; i < timeline->n_tracks; i++) {
        struct track *track = &timeline->tracks[i];
        uint64_t end_ns = track->ready ? track->ready_ns : timeline->length_ns;

        if (!last || end_ns > last_ns) {
            last = track;
            last_ns = end_ns;
        }
    }
    return last;
}

/* Walks one track; returns the time where it leads to the next one, which is NULL at its beginning.
 */
static uint64_t track_walk(struct timeline *timeline, struct critical_chain *chain,
                           struct track *track, uint64_t until_ns, struct track **ret_next)
{
    struct span *span;

    *ret_next = NULL;
    while ((span = span_before(track, until_ns))) {
        struct track *other =
            span->kind == SPAN_WAIT ? timeline_find(timeline, span->subject) : NULL;

        if (other && span_before(other, span->end_ns)) {
            span->walked = true; /* whatever the journal says, this comes to an end */
            *ret_next = other;
            return span->end_ns;
        }
        step_add(timeline, chain, track, span);
        if (span->begin_ns < until_ns)
            until_ns = span->begin_ns;
    }
    return until_ns;
}

static void steps_reverse(struct critical_chain *chain)
{
    for (size_t i = 0; i < chain->count / 2; i++) {
        struct critical_step step = chain->steps[i];

        chain->steps[i] = chain->steps[chain->count - 1 - i];
        chain->steps[chain->count - 1 - i] = step;
    }
}

struct critical_chain critical_chain_find(struct timeline *timeline)
{
    struct critical_chain chain = {0};
    struct track *track = track_last(timeline), *next;
    uint64_t until_ns = timeline->length_ns;

    for (; track; track = next)
        until_ns = track_walk(timeline, &chain, track, until_ns, &next);
    (void)track_walk(timeline, &chain, &timeline->tracks[0], until_ns, &next);
    steps_reverse(&chain);
    return chain;
}

/* -- in words */

static void container_append(const char *name, const char *project, struct text *out)
{
    size_t length = strlen(project);
    bool prefixed = strncmp(name, project, length) == 0 && name[length] == '-';

    text_append(out, prefixed ? name + length + 1 : name);
}

static void ended_text(const struct span *span, struct text *out)
{
    if (span->code == 0)
        text_append(out, " runs to its end");
    else
        text_appendf(out, " ends with exit %d%s%s", span->code, span->detail ? ": " : "",
                     span->detail ? span->detail : "");
}

static void container_text(const struct critical_step *step, const char *project, struct text *out)
{
    const struct span *span = step->span;

    container_append(step->track->name, project, out);
    switch (span->kind) {
    case SPAN_WAIT:
        text_append(out, " waits for ");
        container_append(span->subject, project, out);
        text_appendf(out, " %s", span->detail);
        return;
    case SPAN_HEALTH:
        text_appendf(out, " becomes %s", span->detail ? span->detail : "healthy");
        return;
    case SPAN_RUN:
        ended_text(span, out);
        return;
    case SPAN_HOOK:
        text_appendf(out, " runs its %s hook", span->detail ? span->detail : "");
        return;
    case SPAN_STOP:
        text_append(out, " stops, to be replaced");
        return;
    case SPAN_REMOVE:
        text_append(out, " is removed");
        return;
    case SPAN_CREATE:
        text_append(out, " is created");
        return;
    default:
        text_append(out, " starts");
        return;
    }
}

void critical_step_text(const struct critical_step *step, const char *project, struct text *out)
{
    const struct span *span = step->span;

    switch (span->kind) {
    case SPAN_LOAD:
        text_append(out, "load the Compose files");
        return;
    case SPAN_PULL:
        text_appendf(out, "pull %s", span->detail ? span->detail : "");
        return;
    case SPAN_BUILD:
        text_append(out, "build images");
        return;
    case SPAN_PLAN:
        text_append(out, "make the plan");
        return;
    case SPAN_SUPERVISOR:
        text_append(out, "hand it to the supervisor");
        return;
    case SPAN_NETWORK:
        text_append(out, "make networks");
        return;
    default:
        container_text(step, project, out);
        return;
    }
}

static uint64_t step_length(const struct critical_step *step)
{
    return step->span->end_ns - step->span->begin_ns;
}

static void part_append(unsigned percent, const char *what, struct text *out)
{
    if (percent > 0)
        text_appendf(out, "%s%u %% %s", out->length ? ", " : "", percent, what);
}

void critical_chain_summary(const struct critical_chain *chain, const struct timeline *timeline,
                            const char *project, struct text *out)
{
    uint64_t length_ns = timeline->length_ns ? timeline->length_ns : 1;
    scoped_text struct text parts = {0};
    unsigned rest = 100;
    uint64_t below_ns = UINT64_MAX;

    for (int part = 0; part < SUMMARY_PARTS; part++) {
        const struct critical_step *longest = NULL;
        scoped_text struct text what = {0};
        unsigned percent;

        for (size_t i = 0; i < chain->count; i++)
            if (step_length(&chain->steps[i]) < below_ns &&
                (!longest || step_length(&chain->steps[i]) > step_length(longest)))
                longest = &chain->steps[i];
        if (!longest)
            break;
        below_ns = step_length(longest);
        percent = (unsigned)(below_ns * 100 / length_ns);
        critical_step_text(longest, project, &what);
        part_append(percent, text_get(&what), &parts);
        rest = percent < rest ? rest - percent : 0;
    }
    part_append(rest, "other", &parts);
    text_append(out, text_get(&parts));
}
