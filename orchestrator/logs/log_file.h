/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One generation of a log, open for reading: bytes and index records, through two small windows,
 * however large the files are.
 *
 * What may be read is fixed by log_file_sample(), so that a reader sees one moment of a growing
 * file: all records of the bytes that it sees are there. Damaged records are reported as absent;
 * bytes never are.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_FILE_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "orchestrator/logs/log_index.h"

enum { LOG_WINDOW_BYTES = 128 * 1024 };

struct log_file;

/* Opens the oldest generation with a sequence above `sequence` (0: the oldest of all), or the
 * newest with one below it (UINT64_MAX: the newest of all). *ret_file is NULL when there is none.
 * Sampled once. */
MUST_CHECK int log_file_open_after(int dir_fd, const char *name, uint64_t sequence,
                                   struct log_file **ret_file, struct error *err);
MUST_CHECK int log_file_open_before(int dir_fd, const char *name, uint64_t sequence,
                                    struct log_file **ret_file, struct error *err);
void log_file_free(struct log_file *file);
DEFINE_SCOPED(struct log_file *, log_file_free)

uint64_t log_file_sequence(const struct log_file *file);
/* Borrowed. */
int log_file_fd(const struct log_file *file);
/* Whether NAME.log is still this file: when it is not, this one does not grow any more. */
bool log_file_is_current(const struct log_file *file, int dir_fd, const char *name);

/* Looks how much there is now. */
MUST_CHECK int log_file_sample(struct log_file *file, struct error *err);
uint64_t log_file_size(const struct log_file *file);
uint64_t log_file_records(const struct log_file *file);

/* False when the record is damaged. */
bool log_file_record(struct log_file *file, uint64_t number, struct log_record *ret_record);

/* The bytes from offset on, as many as lie in one window, at least to the next multiple of
 * LOG_WINDOW_BYTES or the end; 0 at the end. Borrowed until the next call. */
size_t log_file_bytes(struct log_file *file, uint64_t offset, const char **ret_bytes);

/* Gives the windows' memory back; they come again when needed. */
void log_file_rest(struct log_file *file);

#endif
