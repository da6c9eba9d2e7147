/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to the project's containers, from its journal, without a supervisor. It goes on over
 * the end of the project: what comes next under its name is followed as well.
 */
#include <signal.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/loop.h"
#include "common/moment.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/event_line.h"
#include "orchestrator/cli/follow_source.h"
#include "orchestrator/state/journal_reader.h"

enum { NS_PER_MS = 1000000 };

struct events {
    bool json;
    struct string_list services;
    uint64_t since_ns, until_ns; /* until 0: no end */
    struct journal_reader *reader;
    struct text out;
    struct loop *loop;
};

static bool events_wants(const struct events *events, const struct event *event)
{
    if (!event_is_dockers(event->kind) || event->oneoff || !event->container)
        return false;
    if (event->time_ns < events->since_ns ||
        (events->until_ns > 0 && event->time_ns > events->until_ns))
        return false;
    return events->services.count == 0 ||
           (event->service && string_list_has(&events->services, event->service));
}

static void on_event(const struct event *event, void *owner)
{
    struct events *events = owner;

    if (!events_wants(events, event))
        return;
    if (events->json)
        event_line_json(event, &events->out);
    else
        event_line_text(event, &events->out);
}

/* False when nobody reads any more. */
static bool events_show(struct events *events)
{
    int result;

    journal_reader_read(events->reader, on_event, events);
    result = fd_write_all(STDOUT_FILENO, text_get(&events->out), events->out.length);
    text_clear(&events->out);
    return result == 0;
}

static void on_more(void *owner)
{
    struct events *events = owner;

    if (!events_show(events))
        loop_stop(events->loop);
}

/* A signal came, or the moment of --until. */
static void on_end(void *owner)
{
    struct events *events = owner;

    (void)events_show(events);
    loop_stop(events->loop);
}

static void events_follow(struct events *events)
{
    scoped(loop_free) struct loop *loop = loop_new();
    scoped(follow_source_free) struct follow_source *source = NULL;
    scoped(signal_watch_free) struct signal_watch *interrupt = NULL, *terminate = NULL;
    scoped(timer_free) struct timer *until = timer_new(loop, on_end, events);
    uint64_t now_ns = clock_realtime_ns();

    events->loop = loop;
    interrupt = signal_watch_new(loop, SIGINT, on_end, events);
    terminate = signal_watch_new(loop, SIGTERM, on_end, events);
    source = follow_source_new(loop, journal_reader_watch_fd(events->reader), on_more, events);
    if (events->until_ns > now_ns)
        timer_arm_at(until, loop_now_ms(loop) + (events->until_ns - now_ns) / NS_PER_MS + 1);
    if (events_show(events))
        loop_run(loop);
}

static int events_run(struct session *session, struct events *events, struct error *err)
{
    const char *project;
    struct roots roots;

    if (compose_project_name(&session->compose, session->arena, &project, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    (void)signal(SIGPIPE, SIG_IGN);
    events->reader = journal_reader_new(roots.data, project);
    if (events->until_ns > 0 && events->until_ns <= clock_realtime_ns())
        (void)events_show(events);
    else
        events_follow(events);
    journal_reader_free(events->reader);
    text_done(&events->out);
    return 0;
}

int command_events(struct session *session, struct error *err)
{
    struct events events = {.since_ns = clock_realtime_ns()};
    const char *since = NULL, *until = NULL;
    const struct option_row rows[] = {
        {0, "json", OPTION_FLAG, &events.json, NULL, "an object a line"},
        {0, "since", OPTION_STRING, &since, "TIME",
         "what has happened since then, too: 2026-01-31T12:00:00Z, 10m ago, or epoch seconds"},
        {0, "until", OPTION_STRING, &until, "TIME", "end with what has happened until then"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &events.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (moment_read("since", since, &events.since_ns, err) < 0 ||
        moment_read("until", until, &events.until_ns, err) < 0)
        return -1;
    return events_run(session, &events, err);
}
