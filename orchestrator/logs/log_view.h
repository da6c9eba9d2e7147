/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of the logs that somebody asked to see.
 *
 * Theory of operation. Lines come in the order of time. A line is *taken* when the filter takes it.
 * An *anchor* is a line that was looked for: one that --around names, else one that is taken.
 * Anchors are shown, and of the lines around them those that are taken (with --around), or all
 * (without, as grep does). Lines that may turn out to stand before an anchor wait in a ring.
 *
 * "The last N" means anchors. They are not known before the end, so everything is read twice: first
 * they are counted, then those that are too many are passed over. That takes no memory, however
 * many and long they are.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_VIEW_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_VIEW_H

#include "orchestrator/logs/log_filter.h"
#include "orchestrator/logs/log_printer.h"

/* Whose lines they are: the owner of what is given to log_view_line(). */
struct log_origin {
    const char *label, *service, *container;
    int64_t n_anchors, n_to_skip; /* the view's */
};

struct log_view_options {
    struct log_filter_options filter;
    const char *around_expression; /* or NULL */
    bool around_time;              /* around around_ns */
    uint64_t around_ns;
    size_t n_before, n_after; /* lines shown before and after an anchor */
    bool json;
    bool events; /* show what yawl says about a container, not only that output is missing */
    struct log_printer_options printer;
};

struct log_view;

MUST_CHECK int log_view_new(const struct log_view_options *options, struct log_view **ret_view,
                            struct error *err);
void log_view_free(struct log_view *view);
DEFINE_SCOPED(struct log_view *, log_view_free)

/* Before its first line, so that the column does not shift. Borrowed. */
void log_view_register(struct log_view *view, struct log_origin *origin);

/* Whether some lines may be left out: then the last N have to be counted. */
bool log_view_chooses(const struct log_view *view);

/* For log_reader_read(): the context is a view. */
void log_view_line(const struct log_line *line, void *view);
void log_view_count(const struct log_line *line, void *view);
/* Between counting and showing: of each origin at most the last n anchors are shown. */
void log_view_keep_last(struct log_view *view, int64_t n);

/* No line comes any more. Returns in how many lines an expression took too long. */
uint64_t log_view_finish(struct log_view *view);

/* As log_printer_flush(). */
MUST_CHECK int log_view_flush(struct log_view *view);

#endif
