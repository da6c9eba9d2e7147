/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds where reading must begin: the last N lines, or what came since a moment.
 *
 * Both are found from the end, by index, so that they cost what is shown, not what is kept. A place
 * in the middle of a stream's line is moved to where that line begins; as the two streams are
 * interleaved, each has a beginning of its own.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_SEEK_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_SEEK_H

#include <stdint.h>

#include "common/error.h"
#include "orchestrator/logs/log_writer.h"

struct log_place {
    uint64_t sequence; /* of the generation; 0: before all */
    uint64_t offset;
};

/* Where to begin, by stream: [LOG_STDOUT - 1], [LOG_STDERR - 1]. Events begin at the earlier of the
 * two. */
struct log_start {
    struct log_place at[2];
};

int log_place_compare(struct log_place a, struct log_place b);

/* The last `count` lines of the container, both streams together, in the order of their ends; a
 * last line without a newline counts. Events do not. */
MUST_CHECK int log_seek_tail(int dir_fd, const char *name, int64_t count,
                             struct log_start *ret_start, struct error *err);

/* What came at or after the moment. */
MUST_CHECK int log_seek_since(int dir_fd, const char *name, uint64_t since_ns,
                              struct log_start *ret_start, struct error *err);

/* What comes from now on. */
MUST_CHECK int log_seek_end(int dir_fd, const char *name, struct log_start *ret_start,
                            struct error *err);

#endif
