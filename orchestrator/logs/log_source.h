/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of one container's log, in order, across its generations and as it grows.
 *
 * Pieces are cut into lines per stream; the beginning of an unfinished line is kept here, at most
 * LOG_LINE_MAX bytes of it. An event ends unfinished lines.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_SOURCE_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "orchestrator/logs/log_reader.h"

struct log_sink {
    void (*line)(const struct log_line *line, void *context);
    void *context;
};

struct log_source_options {
    int dir_fd; /* borrowed for the source's life */
    const char *name;
    void *owner;
    struct log_range range;
};

struct log_source;

MUST_CHECK int log_source_open(const struct log_source_options *options,
                               struct log_source **ret_source, struct error *err);
void log_source_free(struct log_source *source);
DEFINE_SCOPED(struct log_source *, log_source_free)

/* From now on the inotify descriptor, which is borrowed, reports when the current file grows. */
void log_source_watch(struct log_source *source, int inotify_fd);

/* Looks how much there is now. */
MUST_CHECK int log_source_sample(struct log_source *source, struct error *err);

/* The time of the next piece, never before that of the one before it. *ret_has is false when there
 * is none, or only one from after the horizon: such a one is held back until the next sample, once.
 */
MUST_CHECK int log_source_peek(struct log_source *source, uint64_t horizon_ns, uint64_t *ret_time,
                               bool *ret_has, struct error *err);

/* Gives the lines of all pieces that are there up to a time (and the horizon). */
MUST_CHECK int log_source_take(struct log_source *source, uint64_t horizon_ns, uint64_t limit_ns,
                               const struct log_sink *sink, struct error *err);

/* Gives unfinished lines as they are. */
void log_source_finish(struct log_source *source, const struct log_sink *sink);

/* Nothing is to be read for now: gives memory back. */
void log_source_rest(struct log_source *source);

#endif
