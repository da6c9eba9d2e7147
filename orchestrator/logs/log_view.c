/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_view.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "orchestrator/logs/log_json.h"
#include "orchestrator/logs/log_ring.h"

struct log_view {
    struct log_view_options options;
    struct log_filter *filter, *around; /* around: NULL unless an expression is given */
    struct log_ring *ring;
    struct log_printer *printer;
    struct log_origin **origins;
    size_t n_origins;
    struct text row;
    bool time_passed; /* around_ns is behind us */
    bool any_shown;
    size_t n_left; /* lines to be shown after the last anchor */
};

int log_view_new(const struct log_view_options *options, struct log_view **ret_view,
                 struct error *err)
{
    scoped(log_view_free) struct log_view *view = memory_new(struct log_view);
    struct log_filter_options around = {.expressions = &options->around_expression,
                                        .n_expressions = 1,
                                        .ignore_case = options->filter.ignore_case};

    view->options = *options;
    view->options.filter.find_level = options->json;
    if (log_filter_new(&view->options.filter, &view->filter, err) < 0 ||
        (options->around_expression && log_filter_new(&around, &view->around, err) < 0))
        return -1;
    view->ring = log_ring_new(options->n_before);
    view->printer = log_printer_new(options->printer);
    *ret_view = steal(view);
    return 0;
}

void log_view_free(struct log_view *view)
{
    if (!view)
        return;
    log_filter_free(view->filter);
    log_filter_free(view->around);
    log_ring_free(view->ring);
    log_printer_free(view->printer);
    free(view->origins);
    text_done(&view->row);
    free(view);
}

void log_view_register(struct log_view *view, struct log_origin *origin)
{
    view->origins = memory_resize(view->origins, view->n_origins + 1, sizeof(view->origins[0]));
    view->origins[view->n_origins++] = origin;
    log_printer_register(view->printer, origin->label);
}

static bool has_around(const struct log_view *view)
{
    return view->around || view->options.around_time;
}

bool log_view_chooses(const struct log_view *view)
{
    return has_around(view) || view->options.filter.n_expressions > 0 ||
           view->options.filter.at_least != LEVEL_NONE;
}

/* What is known of a line. */
struct finding {
    bool taken, anchor;
    enum line_level level;
};

static bool is_around(struct log_view *view, const struct log_line *line)
{
    enum line_level ignored;

    if (view->around)
        return log_filter_takes(view->around, line, &ignored);
    if (view->time_passed || line->time_ns < view->options.around_ns)
        return false;
    view->time_passed = true;
    return true;
}

static struct finding find(struct log_view *view, const struct log_line *line)
{
    struct finding finding = {0};

    finding.taken = log_filter_takes(view->filter, line, &finding.level);
    finding.anchor = has_around(view) ? is_around(view, line) : finding.taken;
    return finding;
}

/* That output is missing is told to everybody. */
static bool is_hidden(const struct log_view *view, const struct log_line *line)
{
    bool is_loss =
        line->length > strlen(LOG_LOSS) && memcmp(line->text, LOG_LOSS, strlen(LOG_LOSS)) == 0;

    return line->stream == LOG_EVENT && !is_loss && !view->options.events;
}

void log_view_count(const struct log_line *line, void *context)
{
    struct log_view *view = context;
    struct log_origin *origin = line->owner;

    if (!is_hidden(view, line) && find(view, line).anchor)
        origin->n_anchors++;
}

void log_view_keep_last(struct log_view *view, int64_t n)
{
    for (size_t i = 0; i < view->n_origins; i++) {
        struct log_origin *origin = view->origins[i];

        origin->n_to_skip = origin->n_anchors > n ? origin->n_anchors - n : 0;
    }
    log_filter_restart(view->filter);
    if (view->around)
        log_filter_restart(view->around);
    view->time_passed = false;
}

static void show(struct log_view *view, const struct log_line *line, enum line_level level)
{
    const struct log_origin *origin = line->owner;
    struct log_line shown = *line;

    view->any_shown = true;
    if (view->options.json) {
        text_clear(&view->row);
        log_json_append(&view->row, line, origin->service, level);
        log_printer_row(view->printer, view->row.data, view->row.length);
        return;
    }
    shown.name = origin->label;
    log_printer_line(view->printer, &shown);
}

static void show_ring(struct log_view *view)
{
    enum line_level level;
    struct log_line line;

    /* Lines were left out between the last one shown and these. */
    if (log_ring_lost(view->ring) && view->any_shown && !view->options.json &&
        view->options.n_before + view->options.n_after > 0)
        log_printer_row(view->printer, "--", strlen("--"));
    while (log_ring_pop(view->ring, &line, &level))
        show(view, &line, level);
}

void log_view_line(const struct log_line *line, void *context)
{
    struct log_view *view = context;
    struct log_origin *origin = line->owner;
    struct finding finding;

    if (is_hidden(view, line))
        return;
    finding = find(view, line);
    if (finding.anchor && origin->n_to_skip > 0) {
        origin->n_to_skip--;
        finding.anchor = false;
    }
    if (finding.anchor) {
        show_ring(view);
        show(view, line, finding.level);
        view->n_left = view->options.n_after;
        return;
    }
    if (has_around(view) && !finding.taken)
        return;
    if (view->n_left == 0) {
        log_ring_push(view->ring, line, finding.level);
        return;
    }
    view->n_left--;
    show(view, line, finding.level);
}

uint64_t log_view_finish(struct log_view *view)
{
    uint64_t n_given_up = log_filter_given_up(view->filter);

    /* The moment lies behind the last line: then that is what was around it. */
    if (view->options.around_time && !view->time_passed)
        show_ring(view);
    if (view->around)
        n_given_up += log_filter_given_up(view->around);
    return n_given_up;
}

int log_view_flush(struct log_view *view)
{
    return log_printer_flush(view->printer);
}
