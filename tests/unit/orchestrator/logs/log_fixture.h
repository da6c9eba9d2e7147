/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log directory in /tmp with a container's two FIFOs, and a collector of lines, for the tests of
 * the logs.
 *
 * Everything goes when log_fixture_done() runs. Failures end the test.
 */
#ifndef YAWL_TESTS_UNIT_ORCHESTRATOR_LOGS_LOG_FIXTURE_H
#define YAWL_TESTS_UNIT_ORCHESTRATOR_LOGS_LOG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"
#include "orchestrator/logs/log_reader.h"
#include "orchestrator/logs/log_writer.h"

struct log_fixture {
    char path[64];
    int dir_fd;
    int fifo_fds[2]; /* stdout, stderr */
};

void log_fixture_init(struct log_fixture *fixture);
void log_fixture_done(struct log_fixture *fixture);
#define scoped_fixture __attribute__((cleanup(log_fixture_done)))

/* Puts text into the stream's FIFO and lets the writer take all of it. */
void log_fixture_say(struct log_fixture *fixture, struct log_writer *writer, enum log_stream stream,
                     const char *text);

struct log_writer *log_fixture_writer(struct log_fixture *fixture, const char *name,
                                      struct log_limits limits);
struct log_reader *log_fixture_reader(struct log_fixture *fixture, const char *name,
                                      struct log_range range);

/* A piece of a log that is made up, with its time. */
struct made_piece {
    uint64_t time_ns;
    enum log_stream stream;
    const char *text;
};

/* Writes NAME.log and NAME.idx out of pieces; the list ends with a NULL text. */
void log_fixture_make(struct log_fixture *fixture, const char *name,
                      const struct made_piece *pieces);

/* Appends to a text: "o:line\n" for stdout, "e:" for stderr, "!" for an event; a piece of a line
 * that goes on ends in "+\n". */
void log_collect(const struct log_line *line, void *text);

/* As above with the container's name: "api o:line\n". */
void log_collect_named(const struct log_line *line, void *text);

/* Everything that is there, with finish, of one container. */
void log_fixture_read(struct log_fixture *fixture, const char *name, struct log_range range,
                      struct text *out);

#define LOG_ALL ((struct log_range){.tail = -1})

#endif
