/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lines are wanted: those that match an expression, and those that are grave enough.
 *
 * A line longer than LOG_LINE_MAX comes in pieces; the first one decides for all. A line without a
 * level has that of the line before it, in its container and stream, when it goes on with it.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_FILTER_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "orchestrator/logs/line_level.h"
#include "orchestrator/logs/log_reader.h"

struct log_filter_options {
    const char *const *expressions; /* one must match; none: all lines do */
    size_t n_expressions;
    bool invert, ignore_case;
    enum line_level at_least; /* LEVEL_NONE: no level is asked for */
    bool find_level;          /* say the level, whether asked for or not */
};

struct log_filter;

MUST_CHECK int log_filter_new(const struct log_filter_options *options,
                              struct log_filter **ret_filter, struct error *err);
void log_filter_free(struct log_filter *filter);
DEFINE_SCOPED(struct log_filter *, log_filter_free)

/* Lines are given in their order. *ret_level is LEVEL_NONE unless it is looked for. */
bool log_filter_takes(struct log_filter *filter, const struct log_line *line,
                      enum line_level *ret_level);

/* Forgets the lines before. */
void log_filter_restart(struct log_filter *filter);

/* In how many lines an expression took too long. */
uint64_t log_filter_given_up(const struct log_filter *filter);

#endif
