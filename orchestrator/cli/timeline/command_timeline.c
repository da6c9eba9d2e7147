/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the last `up` took its time for, from the project's journal.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/timeline/critical_chain.h"
#include "orchestrator/cli/timeline/timeline_chart.h"
#include "orchestrator/cli/timeline/timeline_json.h"
#include "orchestrator/state/journal_reader.h"

struct history {
    struct arena *arena;
    struct event *events;
    size_t count;
};

static const char *text_keep(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static void on_event(const struct event *event, void *owner)
{
    struct history *history = owner;
    struct event kept = *event;

    kept.service = text_keep(history->arena, event->service);
    kept.container = text_keep(history->arena, event->container);
    kept.image = text_keep(history->arena, event->image);
    kept.detail = text_keep(history->arena, event->detail);
    kept.on = text_keep(history->arena, event->on);
    history->events = arena_room(history->arena, history->events, history->count);
    history->events[history->count++] = kept;
}

static struct timeline *timeline_read(const char *data_root, const char *project,
                                      struct arena *arena)
{
    scoped(journal_reader_free) struct journal_reader *reader =
        journal_reader_new(data_root, project);
    struct history history = {.arena = arena};

    journal_reader_read(reader, on_event, &history);
    return timeline_make(history.events, history.count, arena);
}

static int output_columns(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return CHART_COLUMNS;
    return size.ws_col;
}

static void timeline_show(struct timeline *timeline, const char *project, const char *format)
{
    struct critical_chain chain = critical_chain_find(timeline);
    struct timeline_chart chart = {
        .timeline = timeline, .chain = &chain, .project = project, .columns = output_columns()};
    scoped_text struct text out = {0};

    if (string_eq(format, "perfetto"))
        timeline_trace(timeline, project, &out);
    else if (string_eq(format, "json"))
        timeline_json(timeline, &chain, project, &out);
    else
        timeline_chart_print(&chart, &out);
    (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
}

int command_timeline(struct session *session, struct error *err)
{
    const char *format = "text", *project;
    const struct option_row rows[] = {
        {0, "format", OPTION_STRING, &format, "FORMAT",
         "text, json, or perfetto: a trace for ui.perfetto.dev"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    struct timeline *timeline;
    struct roots roots;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (operands.count > 0)
        return error_set(err, "timeline takes no arguments");
    if (!string_eq(format, "text") && !string_eq(format, "json") && !string_eq(format, "perfetto"))
        return error_set(err, "unknown format '%s': text, json or perfetto", format);
    if (compose_project_name(&session->compose, session->arena, &project, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0)
        return -1;
    timeline = timeline_read(roots.data, project, session->arena);
    if (!timeline)
        return error_set(err, "there is no 'up' of project '%s' to tell of", project);
    timeline_show(timeline, project, format);
    return 0;
}
