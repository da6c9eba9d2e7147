/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last lines that were passed over, kept in case that they turn out to stand before a line that
 * is wanted.
 *
 * Bounded in number and in bytes: what is too much falls out at the front.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_RING_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "orchestrator/logs/line_level.h"
#include "orchestrator/logs/log_reader.h"

enum {
    LOG_RING_LINES_MAX = 1000 * 1000,
    LOG_RING_BYTES_MAX = 64 * 1024 * 1024, /* at least one line is kept in any case */
};

struct log_ring;

/* Keeps at most LOG_RING_LINES_MAX lines, however many are asked for. */
struct log_ring *log_ring_new(size_t max_lines);
void log_ring_free(struct log_ring *ring);
DEFINE_SCOPED(struct log_ring *, log_ring_free)

/* Copies the text; name and owner are borrowed until the line is gone. */
void log_ring_push(struct log_ring *ring, const struct log_line *line, enum line_level level);

/* Takes the oldest line out; false when there is none. Its text is borrowed until the next call. */
bool log_ring_pop(struct log_ring *ring, struct log_line *ret_line, enum line_level *ret_level);

/* Whether a line fell out since the last call. */
bool log_ring_lost(struct log_ring *ring);

#endif
