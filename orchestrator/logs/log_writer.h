/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures a container's output from its FIFOs into a log that holds the raw bytes, and an index
 * that tells when each piece came and from which stream.
 *
 * Theory of operation. Bytes are moved with splice(2) from the FIFO to the log file: one system
 * call takes them out of the pipe and puts them into the file, so a writer that is killed at any
 * instruction has neither lost nor doubled a byte. Before each splice a record {time, stream,
 * offset in the log} is appended to the index (write-ahead); the extent of a piece is up to the
 * next record's offset, so a record whose splice never happened is an empty piece. Lines are found
 * by the reader.
 *
 * A new writer continues at the end of the log file, which is where the old one was killed. Nothing
 * is synced: a power cut may cost the last seconds, and what it tore is recognised (log_index.h).
 *
 * Files in the log directory of a project: NAME.log, NAME.idx, and rotated NAME.log.1, NAME.idx.1,
 * ... (log_files.h). One writer per log at a time.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_WRITER_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

enum log_stream { LOG_STDOUT = 1, LOG_STDERR = 2, LOG_EVENT = 3 };

/* How events begin that tell of output that is missing. */
#define LOG_LOSS "lost "

struct log_limits {
    uint64_t max_bytes; /* per file, somewhat overshot to end with a line; 0: 10 MiB */
    unsigned max_files; /* with the current one; 0: 3 */
    bool discard;       /* output is taken and dropped; events are kept, and one says so */
};

struct log_writer;

/* Opens or continues the log of `name` below dir_fd (borrowed for the call). */
MUST_CHECK int log_writer_open(int dir_fd, const char *name, struct log_limits limits,
                               struct log_writer **ret_writer, struct error *err);
void log_writer_free(struct log_writer *writer);
DEFINE_SCOPED(struct log_writer *, log_writer_free)

/*
 * Moves what waits in the FIFO (non-blocking, opened read-write), at most a few MiB per call so
 * that one loud container does not starve the others. *ret_more says that something was left.
 *
 * A disk that is full (or broken) must not stop the container, as a full pipe would. So the writer
 * first gives up its own older files; when that is not enough, it takes the output and drops it.
 * The first such call returns -1; later ones return 0 and drop, until the disk takes writes again:
 * then an event in the log tells how many bytes are missing. The writer stays usable in any case;
 * *ret_more is always set.
 */
MUST_CHECK int log_writer_drain(struct log_writer *writer, int fifo_fd, enum log_stream stream,
                                bool *ret_more, struct error *err);

/* A line of ours: "exited with code 3". Shown by readers without the container's own text. It also
 * ends the lines that the container left unfinished; so drain the FIFOs first. */
MUST_CHECK int log_writer_event(struct log_writer *writer, const char *text, struct error *err);

/* Removes a container's log files. */
MUST_CHECK int log_remove(int dir_fd, const char *name, struct error *err);

#endif
