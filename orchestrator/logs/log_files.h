/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one container's log in the log directory: the current generation NAME.log with
 * NAME.idx, and older ones NAME.log.1 with NAME.idx.1, NAME.log.2, ...
 *
 * A log and its index belong together by the log's inode, which the index header holds; so readers
 * see the right pairs also in the middle of a rotation, and after one that was killed. The writer
 * completes a killed rotation with log_files_repair(). Nothing here reads a line.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_FILES_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/error.h"

enum {
    LOG_NAME_MAX = 200,   /* bytes of a container's name */
    LOG_FILES_MAX = 1000, /* generations of one log */
    LOG_FILE_NAME_SIZE = LOG_NAME_MAX + 20,
};

#define LOG_FILE_DATA "log"
#define LOG_FILE_INDEX "idx"

/* "NAME.log" for number 0, "NAME.log.2" for number 2. */
void log_file_name(char ret_name[LOG_FILE_NAME_SIZE], const char *name, const char *kind,
                   unsigned number);

/* A name that can be a file's: not empty, not too long, no slash, no leading dot. */
MUST_CHECK int log_name_check(const char *name, struct error *err);

/* One generation, as found by name; the numbers move on when the log rotates. */
struct log_generation {
    uint64_t sequence; /* grows from generation to generation */
    uint64_t inode;    /* of the log file */
    unsigned log_number, index_number;
    bool has_index;
};

/* All generations that hold something or have an index, oldest first. The caller frees *ret_list.
 */
MUST_CHECK int log_files_list(int dir_fd, const char *name, struct log_generation **ret_list,
                              size_t *ret_n, struct error *err);

/* Opens a generation's files for reading. Both are -1, and the call succeeds, when it moved or is
 * gone: list again. *ret_index_fd alone is -1 when the generation has no index. */
MUST_CHECK int log_files_open(int dir_fd, const char *name, const struct log_generation *generation,
                              int ret_fds[2], struct error *err);

/* Completes what a killed rotation or removal left half done. For the writer. */
MUST_CHECK int log_files_repair(int dir_fd, const char *name, struct error *err);

/*
 * Starts a new generation and moves the current one out of the way; at most max_files - 1 older
 * ones are kept. ret_fds are the new log, empty, and its index with its header alone, open for
 * reading and writing. The new files are made before anything is moved, so that a full disk changes
 * nothing.
 */
MUST_CHECK int log_files_rotate(int dir_fd, const char *name, unsigned max_files, int ret_fds[2],
                                struct error *err);

/* Gives up the oldest generation but the current one; *ret_removed is false when there is none. */
MUST_CHECK int log_files_remove_oldest(int dir_fd, const char *name, bool *ret_removed,
                                       struct error *err);

/* Makes the index of a log file, with its header alone, in one step. The sequence is above those of
 * all other generations. */
MUST_CHECK int log_files_create_index(int dir_fd, const char *name, uint64_t inode, int *ret_fd,
                                      struct error *err);

#endif
