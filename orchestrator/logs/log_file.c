/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "orchestrator/logs/log_files.h"

enum { OPEN_ATTEMPTS = 16, INDEX_WINDOW_BYTES = 512 * LOG_RECORD_BYTES };

_Static_assert(LOG_HEADER_BYTES % LOG_RECORD_BYTES == 0, "no record lies across two blocks");

/* A block of a file, at a multiple of its capacity. */
struct window {
    char *bytes;
    size_t capacity, length;
    uint64_t start;
};

struct log_file {
    int log_fd, index_fd; /* index_fd: -1 when there is none */
    uint64_t sequence, inode;
    uint64_t size, n_records;
    struct window log_window, index_window;
};

void log_file_free(struct log_file *file)
{
    if (!file)
        return;
    fd_close(file->log_fd);
    fd_close(file->index_fd);
    log_file_rest(file);
    free(file);
}

static struct log_file *file_new(const struct log_generation *generation, const int fds[2])
{
    struct log_file *file = memory_new(struct log_file);

    *file = (struct log_file){
        .log_fd = fds[0],
        .index_fd = fds[1],
        .sequence = generation->sequence,
        .inode = generation->inode,
        .log_window = {.capacity = LOG_WINDOW_BYTES},
        .index_window = {.capacity = INDEX_WINDOW_BYTES},
    };
    return file;
}

/* Which generation is wanted. */
struct wish {
    int dir_fd;
    const char *name;
    bool after; /* else before */
    uint64_t sequence;
};

static const struct log_generation *choose(const struct log_generation *list, size_t n,
                                           const struct wish *wish)
{
    const struct log_generation *chosen = NULL;

    for (size_t i = 0; i < n; i++) {
        if (wish->after && list[i].sequence > wish->sequence)
            return &list[i];
        if (!wish->after && list[i].sequence < wish->sequence)
            chosen = &list[i];
    }
    return chosen;
}

enum outcome { OPENED, NONE_THERE, MOVED_AWAY };

static int try_open(const struct wish *wish, struct log_file **ret_file, enum outcome *ret_outcome,
                    struct error *err)
{
    scoped(free) struct log_generation *list = NULL;
    const struct log_generation *chosen;
    int fds[2];
    size_t n = 0;

    *ret_outcome = NONE_THERE;
    if (log_files_list(wish->dir_fd, wish->name, &list, &n, err) < 0)
        return -1;
    chosen = choose(list, n, wish);
    if (!chosen)
        return 0;
    if (log_files_open(wish->dir_fd, wish->name, chosen, fds, err) < 0)
        return -1;
    *ret_outcome = fds[0] < 0 ? MOVED_AWAY : OPENED;
    if (*ret_outcome == OPENED)
        *ret_file = file_new(chosen, fds);
    return 0;
}

static int open_wish(const struct wish *wish, struct log_file **ret_file, struct error *err)
{
    scoped(log_file_free) struct log_file *file = NULL;
    enum outcome outcome = MOVED_AWAY;

    *ret_file = NULL;
    for (int i = 0; i < OPEN_ATTEMPTS && outcome == MOVED_AWAY; i++) {
        if (try_open(wish, &file, &outcome, err) < 0)
            return -1;
    }
    if (file && log_file_sample(file, err) < 0)
        return -1;
    *ret_file = steal(file);
    return 0;
}

int log_file_open_after(int dir_fd, const char *name, uint64_t sequence, struct log_file **ret_file,
                        struct error *err)
{
    const struct wish wish = {dir_fd, name, true, sequence};

    return open_wish(&wish, ret_file, err);
}

int log_file_open_before(int dir_fd, const char *name, uint64_t sequence,
                         struct log_file **ret_file, struct error *err)
{
    const struct wish wish = {dir_fd, name, false, sequence};

    return open_wish(&wish, ret_file, err);
}

uint64_t log_file_sequence(const struct log_file *file)
{
    return file->sequence;
}

int log_file_fd(const struct log_file *file)
{
    return file->log_fd;
}

bool log_file_is_current(const struct log_file *file, int dir_fd, const char *name)
{
    char current[LOG_FILE_NAME_SIZE];
    struct stat status;

    log_file_name(current, name, LOG_FILE_DATA, 0);
    return fstatat(dir_fd, current, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_ino == file->inode;
}

int log_file_sample(struct log_file *file, struct error *err)
{
    struct stat status;

    /* The log first: what it holds has its records in the index already, as the writer writes
     * ahead. */
    if (fstat(file->log_fd, &status) < 0)
        return error_sys(err, "examine log");
    file->size = (uint64_t)status.st_size;
    if (file->index_fd < 0)
        return 0;
    if (fstat(file->index_fd, &status) < 0)
        return error_sys(err, "examine log index");
    file->n_records = 0;
    if (status.st_size > LOG_HEADER_BYTES)
        file->n_records = ((uint64_t)status.st_size - LOG_HEADER_BYTES) / LOG_RECORD_BYTES;
    return 0;
}

uint64_t log_file_size(const struct log_file *file)
{
    return file->size;
}

uint64_t log_file_records(const struct log_file *file)
{
    return file->n_records;
}

/* Makes the window hold the byte at offset, which is below the limit; false when the file has no
 * such byte. Nothing from behind the limit is kept, as it may be in the making. A block that grew
 * since is completed, not read again. */
static bool window_reach(struct window *window, int fd, uint64_t offset, uint64_t limit)
{
    uint64_t start = offset - offset % window->capacity;
    size_t wanted = limit - start < window->capacity ? (size_t)(limit - start) : window->capacity;

    if (!window->bytes) {
        window->bytes = memory_resize(NULL, window->capacity, 1);
        window->length = 0;
    }
    if (window->start != start)
        window->length = 0;
    window->start = start;
    while (start + window->length <= offset) {
        ssize_t n = pread(fd, window->bytes + window->length, wanted - window->length,
                          (off_t)(start + window->length));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        window->length += (size_t)n;
    }
    return true;
}

bool log_file_record(struct log_file *file, uint64_t number, struct log_record *ret_record)
{
    struct window *window = &file->index_window;
    uint64_t offset = LOG_HEADER_BYTES + number * LOG_RECORD_BYTES;
    uint64_t limit = LOG_HEADER_BYTES + file->n_records * LOG_RECORD_BYTES;

    if (number >= file->n_records ||
        !window_reach(window, file->index_fd, offset + LOG_RECORD_BYTES - 1, limit))
        return false;
    return log_record_decode((const uint8_t *)window->bytes + (offset - window->start), ret_record);
}

size_t log_file_bytes(struct log_file *file, uint64_t offset, const char **ret_bytes)
{
    struct window *window = &file->log_window;

    if (offset >= file->size || !window_reach(window, file->log_fd, offset, file->size))
        return 0;
    *ret_bytes = window->bytes + (offset - window->start);
    return (size_t)(window->start + window->length - offset);
}

void log_file_rest(struct log_file *file)
{
    free(file->log_window.bytes);
    free(file->index_window.bytes);
    file->log_window.bytes = file->index_window.bytes = NULL;
    file->log_window.length = file->index_window.length = 0;
}
