/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows log lines as docker compose does: "api-1  | text", padded, coloured per container.
 *
 * The container's bytes pass through as they are, carriage returns and invalid UTF-8 included.
 * Events stand without the bar: "api-1 exited with code 3". Output is buffered; the caller ignores
 * SIGPIPE and flushes before it waits.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_PRINTER_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_PRINTER_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "orchestrator/logs/log_reader.h"

struct log_printer_options {
    bool colour, prefix, timestamps;
    int out_fd, err_fd; /* container's stderr goes to err_fd; may be the same */
};

struct log_printer;

struct log_printer *log_printer_new(struct log_printer_options options);
/* Flushes. */
void log_printer_free(struct log_printer *printer);
DEFINE_SCOPED(struct log_printer *, log_printer_free)

/* Registers a label ("api-1") before the first line, so that the column does not shift; colours go
 * by the order of registration: cyan, yellow, green, magenta, blue, then the intense ones. */
void log_printer_register(struct log_printer *printer, const char *label);

/* Buffers; a broken pipe is reported by log_printer_flush(). The label is line->name. */
void log_printer_line(struct log_printer *printer, const struct log_line *line);

/* Buffers a row of the caller's making, for standard output. */
void log_printer_row(struct log_printer *printer, const char *bytes, size_t length);

/* Returns -1 with errno when the terminal or pipe is gone. */
MUST_CHECK int log_printer_flush(struct log_printer *printer);

#endif
