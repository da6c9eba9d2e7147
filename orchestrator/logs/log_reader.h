/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the logs of one or more containers as lines, in the order of time across all of them, and
 * follows them.
 *
 * `up` and `logs` both read here, so that their output is the same. A line without its newline yet
 * is held back until it is complete, its container ends, or it reaches LOG_LINE_MAX bytes, when it
 * is given in pieces. Rotation is followed.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_READER_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "orchestrator/logs/log_writer.h"

enum { LOG_LINE_MAX = 1024 * 1024 };

struct log_line {
    const char *name; /* as given to log_reader_add(); borrowed */
    void *owner;      /* as given to log_reader_add() */
    enum log_stream stream;
    uint64_t time_ns; /* CLOCK_REALTIME */
    const char *text; /* without the newline; borrowed until the next call */
    size_t length;
    bool partial;    /* more of the same line follows */
    bool unfinished; /* its newline never came */
};

struct log_range {
    uint64_t since_ns; /* 0: from the start */
    uint64_t until_ns; /* 0: no end */
    int64_t tail;      /* the last lines; 0: only what comes after now; -1: all */
};

struct log_reader;

struct log_reader *log_reader_new(int take_dir_fd);
void log_reader_free(struct log_reader *reader);
DEFINE_SCOPED(struct log_reader *, log_reader_free)

/* Adds a container's log; it need not exist yet. */
MUST_CHECK int log_reader_add(struct log_reader *reader, const char *name, void *owner,
                              struct log_range range, struct error *err);

/* Calls `line` for everything that is there now, in time order. */
MUST_CHECK int log_reader_read(struct log_reader *reader,
                               void (*line)(const struct log_line *, void *), void *context,
                               struct error *err);

/* Readable (inotify) when there may be more, and at once after the first call and after each log
 * that is added; read with log_reader_read(). -1 when the system has no watch left: then read from
 * time to time. Borrowed.
 */
int log_reader_watch_fd(struct log_reader *reader);

/* Gives held-back ends of lines too: the container has ended, or the command is about to. */
MUST_CHECK int log_reader_finish(struct log_reader *reader,
                                 void (*line)(const struct log_line *, void *), void *context,
                                 struct error *err);

#endif
