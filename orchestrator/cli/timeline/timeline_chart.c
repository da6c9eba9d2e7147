/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/timeline/timeline_chart.h"

#include <string.h>

#include "common/memory.h"
#include "common/units.h"

enum {
    MIN_COLUMNS = 40,
    MAX_NAME = 24,
    LENGTH_COLUMNS = 8, /* of how long a row took */
    TICK_COLUMNS = 10,  /* at the least, from one to the next */
};

static const uint64_t NS_PER_MS = 1000000;

struct layout {
    const struct timeline_chart *chart;
    size_t name_columns, bar_columns;
    char *bar; /* of the row that is made */
};

static char span_mark(const struct span *span)
{
    switch (span->kind) {
    case SPAN_WAIT:
        return '.';
    case SPAN_HEALTH:
        return '~';
    case SPAN_PULL:
    case SPAN_BUILD:
    case SPAN_RUN:
    case SPAN_HOOK:
        return '#';
    case SPAN_STOP:
    case SPAN_REMOVE:
        return '-';
    default:
        return '=';
    }
}

/* What is shorter shows more of its own: it is drawn over what is longer. */
static int span_layer(const struct span *span)
{
    if (span->kind == SPAN_WAIT)
        return 0;
    return span->kind == SPAN_HEALTH || span->kind == SPAN_RUN ? 1 : 2;
}

/* Enough digits, not more: "<1ms", "12ms", "1.23s", "2m3s". */
static void length_text(uint64_t ns, struct text *out)
{
    uint64_t unit_ns = NS_PER_MS;

    if (ns > 0 && ns < NS_PER_MS) {
        text_append(out, "<1ms");
        return;
    }
    if (ns >= 1000 * NS_PER_MS)
        unit_ns = 10 * NS_PER_MS;
    if (ns >= 100000 * NS_PER_MS)
        unit_ns = 1000 * NS_PER_MS;
    duration_format((int64_t)((ns + unit_ns / 2) / unit_ns * unit_ns), out);
}

/* -- names */

static const char *short_name(const struct timeline_chart *chart, const struct track *track)
{
    size_t length = strlen(chart->project);

    return strncmp(track->name, chart->project, length) == 0 && track->name[length] == '-'
               ? track->name + length + 1
               : track->name;
}

static void row_name(const struct timeline_chart *chart, const struct track *track,
                     const struct span *span, struct text *out)
{
    if (*track->name)
        text_append(out, short_name(chart, track));
    else
        text_appendf(out, "%s%s%s", span_kind_name(span->kind), span->subject ? " " : "",
                     span->subject ? span->subject : "");
}

static size_t name_columns(const struct timeline_chart *chart)
{
    size_t widest = 0;

    for (size_t i = 0; i < chart->timeline->n_tracks; i++) {
        const struct track *track = &chart->timeline->tracks[i];

        for (size_t j = 0; j < track->n_spans; j++) {
            scoped_text struct text name = {0};

            row_name(chart, track, &track->spans[j], &name);
            if (name.length > widest)
                widest = name.length;
        }
    }
    return widest < MAX_NAME ? widest : MAX_NAME;
}

/* -- rows */

static size_t column_of(const struct layout *layout, uint64_t ns)
{
    uint64_t length_ns = layout->chart->timeline->length_ns;
    size_t column = length_ns ? (size_t)(ns * layout->bar_columns / length_ns) : 0;

    return column < layout->bar_columns ? column : layout->bar_columns;
}

/* However short, it is seen. */
static void span_draw(const struct layout *layout, const struct span *span)
{
    size_t begin = column_of(layout, span->begin_ns), end = column_of(layout, span->end_ns);

    if (begin == layout->bar_columns)
        begin--;
    if (end <= begin)
        end = begin + 1;
    memset(layout->bar + begin, span_mark(span), end - begin);
}

static void row_print(const struct layout *layout, const char *name, bool critical,
                      uint64_t length_ns, struct text *out)
{
    scoped_text struct text length = {0};

    length_text(length_ns, &length);
    text_appendf(out, "%c %-*.*s |%s| %*s\n", critical ? '*' : ' ', (int)layout->name_columns,
                 (int)layout->name_columns, name, layout->bar, LENGTH_COLUMNS - 1,
                 text_get(&length));
}

static void bar_clear(const struct layout *layout)
{
    memset(layout->bar, ' ', layout->bar_columns);
}

static void phase_row(const struct layout *layout, const struct track *track,
                      const struct span *span, struct text *out)
{
    scoped_text struct text name = {0};

    row_name(layout->chart, track, span, &name);
    bar_clear(layout);
    span_draw(layout, span);
    row_print(layout, text_get(&name), span->critical, span->end_ns - span->begin_ns, out);
}

static void container_row(const struct layout *layout, const struct track *track, struct text *out)
{
    uint64_t begin_ns = UINT64_MAX, end_ns = 0;

    bar_clear(layout);
    for (int layer = 0; layer < 3; layer++)
        for (size_t i = 0; i < track->n_spans; i++)
            if (span_layer(&track->spans[i]) == layer && track->spans[i].kind != SPAN_PROBE)
                span_draw(layout, &track->spans[i]);
    for (size_t i = 0; i < track->n_spans; i++) {
        begin_ns = track->spans[i].begin_ns < begin_ns ? track->spans[i].begin_ns : begin_ns;
        end_ns = track->spans[i].end_ns > end_ns ? track->spans[i].end_ns : end_ns;
    }
    row_print(layout, short_name(layout->chart, track), track->critical,
              end_ns > begin_ns ? end_ns - begin_ns : 0, out);
}

/* -- the axis */

/* 1, 2, 5, 10, ... ms: the smallest that leaves room for its number. */
static uint64_t tick_ns(const struct layout *layout)
{
    uint64_t length_ns = layout->chart->timeline->length_ns, tick = NS_PER_MS;

    for (int i = 0; tick * layout->bar_columns < length_ns * TICK_COLUMNS; i++)
        tick = i % 3 == 1 ? tick / 2 * 5 : tick * 2;
    return tick;
}

static void axis_print(const struct layout *layout, struct text *out)
{
    uint64_t length_ns = layout->chart->timeline->length_ns, step_ns = tick_ns(layout);

    bar_clear(layout);
    for (uint64_t ns = 0; ns <= length_ns; ns += step_ns) {
        scoped_text struct text label = {0};
        size_t column = column_of(layout, ns);

        if (ns == 0)
            text_append(&label, "0");
        else
            length_text(ns, &label);
        if (column + label.length <= layout->bar_columns)
            memcpy(layout->bar + column, text_get(&label), label.length);
    }
    text_appendf(out, "  %*s |%s|\n", (int)layout->name_columns, "", layout->bar);
}

/* -- all of it */

static void head_print(const struct timeline_chart *chart, struct text *out)
{
    const struct timeline *timeline = chart->timeline;
    scoped_text struct text length = {0};

    length_text(timeline->length_ns, &length);
    if (timeline->n_tracks == 1)
        text_appendf(out, "%s: nothing was to be started, after %s\n\n", chart->project,
                     text_get(&length));
    else
        text_appendf(out, "%s: %s after %s\n\n", chart->project,
                     timeline->ready ? "ready" : "not ready", text_get(&length));
}

static void chain_print(const struct timeline_chart *chart, struct text *out)
{
    text_append(out, "\nThe chain that it took so long for (*):\n");
    for (size_t i = 0; i < chart->chain->count; i++) {
        const struct critical_step *step = &chart->chain->steps[i];
        scoped_text struct text begin = {0}, length = {0}, what = {0};

        length_text(step->span->begin_ns, &begin);
        length_text(step->span->end_ns - step->span->begin_ns, &length);
        critical_step_text(step, chart->project, &what);
        text_appendf(out, "  at %7s  %7s  %s\n", step->span->begin_ns ? text_get(&begin) : "0",
                     text_get(&length), text_get(&what));
    }
}

static void rows_print(const struct layout *layout, struct text *out)
{
    const struct timeline *timeline = layout->chart->timeline;
    const struct track *project = &timeline->tracks[0];

    for (size_t i = 0; i < project->n_spans; i++)
        phase_row(layout, project, &project->spans[i], out);
    for (size_t i = 1; i < timeline->n_tracks; i++)
        container_row(layout, &timeline->tracks[i], out);
}

void timeline_chart_print(const struct timeline_chart *chart, struct text *out)
{
    struct layout layout = {.chart = chart, .name_columns = name_columns(chart)};
    size_t columns = chart->columns > MIN_COLUMNS ? (size_t)chart->columns : MIN_COLUMNS;
    size_t others = 2 + layout.name_columns + 3 + LENGTH_COLUMNS; /* mark, bounds */
    scoped(free) char *bar = NULL;
    scoped_text struct text summary = {0};

    layout.bar_columns = columns - others;
    bar = memory_resize(NULL, layout.bar_columns + 1, 1);
    bar[layout.bar_columns] = '\0';
    layout.bar = bar;
    head_print(chart, out);
    axis_print(&layout, out);
    rows_print(&layout, out);
    text_append(out, "\n. waits  = starts  ~ until healthy  # works  - is replaced\n");
    chain_print(chart, out);
    critical_chain_summary(chart->chain, chart->timeline, chart->project, &summary);
    text_appendf(out, "\nSpent: %s\n", text_get(&summary));
}
