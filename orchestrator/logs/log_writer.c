/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/process.h"
#include "common/text.h"
#include "orchestrator/logs/log_files.h"
#include "orchestrator/logs/log_index.h"

enum {
    DEFAULT_MAX_BYTES = 10 * 1024 * 1024,
    DEFAULT_MAX_FILES = 3,
    DRAIN_MAX_BYTES = 4 * 1024 * 1024, /* per call */
    CHUNK_MAX_BYTES = 1024 * 1024,     /* per splice */
    CHUNK_MIN_BYTES = 64 * 1024,       /* allowed whatever the file's limit is */
    DROP_BYTES = 64 * 1024,
};

struct log_writer {
    int dir_fd, log_fd, index_fd;
    char *name;
    struct log_limits limits;
    uint64_t log_bytes;   /* where the next piece goes */
    uint64_t index_bytes; /* where the next record goes; the file may be longer by a torn one */
    uint64_t dropped_bytes;
};

void log_writer_free(struct log_writer *writer)
{
    if (!writer)
        return;
    fd_close(writer->dir_fd);
    fd_close(writer->log_fd);
    fd_close(writer->index_fd);
    free(writer->name);
    free(writer);
}

static int write_at(int fd, const void *bytes, size_t length, uint64_t offset)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t n = pwrite(fd, at, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        length -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

/* Says that what comes next in the log is of this stream. */
static int append_record(struct log_writer *writer, enum log_stream stream, uint64_t time_ns)
{
    struct log_record record = {time_ns, writer->log_bytes, stream};
    uint8_t bytes[LOG_RECORD_BYTES];

    log_record_encode(&record, bytes);
    if (write_at(writer->index_fd, bytes, sizeof(bytes), writer->index_bytes) < 0)
        return -1;
    writer->index_bytes += sizeof(bytes);
    return 0;
}

/* Where the records end that can be believed: behind the last whole one that lies within the log.
 */
static uint64_t trusted_end(int index_fd, uint64_t index_bytes, uint64_t log_bytes)
{
    uint64_t n = (index_bytes - LOG_HEADER_BYTES) / LOG_RECORD_BYTES;

    for (; n > 0; n--) {
        uint64_t offset = LOG_HEADER_BYTES + (n - 1) * LOG_RECORD_BYTES;
        uint8_t bytes[LOG_RECORD_BYTES];
        struct log_record record;

        if (pread(index_fd, bytes, sizeof(bytes), (off_t)offset) == (ssize_t)sizeof(bytes) &&
            log_record_decode(bytes, &record) && record.offset <= log_bytes)
            break;
    }
    return LOG_HEADER_BYTES + n * LOG_RECORD_BYTES;
}

/* False when there is no index, or one that was never finished: it is made anew. */
static bool adopt_index(struct log_writer *writer, uint64_t log_inode)
{
    char file[LOG_FILE_NAME_SIZE];
    uint8_t bytes[LOG_HEADER_BYTES];
    struct log_header header;
    struct stat status;
    scoped_fd int fd = -1;

    log_file_name(file, writer->name, LOG_FILE_INDEX, 0);
    fd = openat(writer->dir_fd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    if (pread(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes) ||
        !log_header_decode(bytes, &header))
        return false;
    if (header.inode != log_inode) { /* the files were copied here */
        header.inode = log_inode;
        log_header_encode(&header, bytes);
        if (write_at(fd, bytes, sizeof(bytes), 0) < 0)
            return false;
    }
    writer->index_bytes = trusted_end(fd, (uint64_t)status.st_size, writer->log_bytes);
    if (ftruncate(fd, (off_t)writer->index_bytes) < 0)
        return false;
    writer->index_fd = steal_fd(&fd);
    return true;
}

static int open_files(struct log_writer *writer, struct error *err)
{
    char file[LOG_FILE_NAME_SIZE];
    struct stat status;

    log_file_name(file, writer->name, LOG_FILE_DATA, 0);
    writer->log_fd =
        openat(writer->dir_fd, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (writer->log_fd < 0)
        return error_sys(err, "open '%s'", file);
    if (fstat(writer->log_fd, &status) < 0)
        return error_sys(err, "examine '%s'", file);
    if (!S_ISREG(status.st_mode))
        return error_set(err, "open '%s': not a file", file);
    writer->log_bytes = (uint64_t)status.st_size;

    if (adopt_index(writer, status.st_ino))
        return 0;
    if (log_files_create_index(writer->dir_fd, writer->name, status.st_ino, &writer->index_fd,
                               err) < 0)
        return -1;
    writer->index_bytes = LOG_HEADER_BYTES;
    return 0;
}

int log_writer_open(int dir_fd, const char *name, struct log_limits limits,
                    struct log_writer **ret_writer, struct error *err)
{
    scoped(log_writer_free) struct log_writer *writer = NULL;

    if (log_name_check(name, err) < 0)
        return -1;
    writer = memory_new(struct log_writer);
    *writer = (struct log_writer){.dir_fd = -1, .log_fd = -1, .index_fd = -1, .limits = limits};
    writer->name = memory_strdup(name);
    if (limits.max_bytes == 0)
        writer->limits.max_bytes = DEFAULT_MAX_BYTES;
    if (limits.max_files == 0)
        writer->limits.max_files = DEFAULT_MAX_FILES;
    if (limits.max_files > LOG_FILES_MAX)
        writer->limits.max_files = LOG_FILES_MAX;
    writer->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
    if (writer->dir_fd < 0)
        return error_sys(err, "keep the log directory");

    if (log_files_repair(writer->dir_fd, name, err) < 0 || open_files(writer, err) < 0)
        return error_wrap(err, "log of '%s'", name);
    if (limits.discard && writer->log_bytes == 0 &&
        log_writer_event(writer, LOG_LOSS "all output: it is not kept, as its logging driver says",
                         err) < 0)
        return -1;
    *ret_writer = steal(writer);
    return 0;
}

/* A chunk usually ends where a write of the container's ended, and that at the end of a line. */
static bool ends_in_newline(const struct log_writer *writer)
{
    char last;

    return pread(writer->log_fd, &last, 1, (off_t)(writer->log_bytes - 1)) == 1 && last == '\n';
}

static uint64_t slack_bytes(const struct log_writer *writer)
{
    uint64_t quarter = writer->limits.max_bytes / 4;

    if (quarter > CHUNK_MAX_BYTES)
        quarter = CHUNK_MAX_BYTES;
    return quarter > CHUNK_MIN_BYTES ? quarter : CHUNK_MIN_BYTES;
}

/* Tiny pieces make an index that is larger than its log, so it counts as well. */
static bool rotation_is_due(const struct log_writer *writer)
{
    uint64_t limit = writer->limits.max_bytes, slack = slack_bytes(writer);

    if (writer->log_bytes == 0 || (writer->log_bytes < limit && writer->index_bytes < limit))
        return false;
    return writer->log_bytes >= limit + slack || writer->index_bytes >= limit + slack ||
           ends_in_newline(writer);
}

/* On failure the writer goes on with the files that it has. */
static int rotate(struct log_writer *writer, struct error *err)
{
    int fds[2];

    if (log_files_rotate(writer->dir_fd, writer->name, writer->limits.max_files, fds, err) < 0)
        return -1;
    fd_close(writer->log_fd);
    fd_close(writer->index_fd);
    writer->log_fd = fds[0];
    writer->index_fd = fds[1];
    writer->log_bytes = 0;
    writer->index_bytes = LOG_HEADER_BYTES;
    return 0;
}

static int write_event(struct log_writer *writer, const char *text)
{
    scoped_text struct text line = {0};

    text_append(&line, text);
    for (size_t i = 0; i < line.length; i++) {
        if (line.data[i] == '\n')
            line.data[i] = ' ';
    }
    text_append_char(&line, '\n');
    if (append_record(writer, LOG_EVENT, clock_realtime_ns()) < 0)
        return -1;
    if (write_at(writer->log_fd, line.data, line.length, writer->log_bytes) < 0) {
        int kept = errno;

        /* Half an event is taken back; should even that fail, the next piece is written over it. */
        if (ftruncate(writer->log_fd, (off_t)writer->log_bytes) < 0 || kept)
            errno = kept;
        return -1;
    }
    writer->log_bytes += line.length;
    return 0;
}

/* What was dropped is told before what could be kept again. */
static int tell_dropped(struct log_writer *writer)
{
    scoped_text struct text text = {0};

    if (writer->dropped_bytes == 0)
        return 0;
    text_appendf(&text, LOG_LOSS "%llu bytes of output: the log could not be written",
                 (unsigned long long)writer->dropped_bytes);
    if (write_event(writer, text_get(&text)) < 0)
        return -1;
    writer->dropped_bytes = 0;
    return 0;
}

/* Returns what was moved, 0 when nothing waits, -1 with errno when the log cannot be written. */
static ssize_t move_chunk(struct log_writer *writer, int fifo_fd, enum log_stream stream,
                          size_t length)
{
    off_t offset;
    ssize_t n;

    if (tell_dropped(writer) < 0 || append_record(writer, stream, clock_realtime_ns()) < 0)
        return -1;
    offset = (off_t)writer->log_bytes;
    do
        n = splice(fifo_fd, NULL, writer->log_fd, &offset, length,
                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n > 0)
        writer->log_bytes += (uint64_t)n;
    return n;
}

static ssize_t drop_chunk(struct log_writer *writer, int fifo_fd)
{
    char bytes[DROP_BYTES];
    ssize_t n;

    do
        n = read(fifo_fd, bytes, sizeof(bytes));
    while (n < 0 && errno == EINTR);
    if (n > 0)
        writer->dropped_bytes += (uint64_t)n;
    return n;
}

/* The disk refused a chunk, for the reason in `number`. Returns what was dropped, 0 when it is
 * worth another attempt, -1 when this is the first refusal. */
static ssize_t refused_chunk(struct log_writer *writer, int fifo_fd, int number, struct error *err)
{
    bool is_first = writer->dropped_bytes == 0;
    bool removed = false;

    if ((number == ENOSPC || number == EDQUOT) &&
        log_files_remove_oldest(writer->dir_fd, writer->name, &removed, NULL) == 0 && removed)
        return 0;
    if (is_first) {
        errno = number;
        (void)error_sys(err, "write log of '%s', so its output is dropped", writer->name);
        (void)drop_chunk(writer, fifo_fd);
        return -1;
    }
    return drop_chunk(writer, fifo_fd);
}

/* As log_writer_drain(), for a log without output. */
static int discard(struct log_writer *writer, int fifo_fd, bool *ret_more, struct error *err)
{
    ssize_t n = 1;

    for (size_t dropped = 0; n > 0 && dropped < DRAIN_MAX_BYTES; dropped += (size_t)n)
        n = drop_chunk(writer, fifo_fd);
    writer->dropped_bytes = 0; /* not a loss to be told: it was asked for */
    *ret_more = n > 0;
    return n < 0 && errno != EAGAIN ? error_sys(err, "read output of '%s'", writer->name) : 0;
}

int log_writer_drain(struct log_writer *writer, int fifo_fd, enum log_stream stream, bool *ret_more,
                     struct error *err)
{
    size_t chunk_limit = (size_t)slack_bytes(writer);

    if (writer->limits.discard)
        return discard(writer, fifo_fd, ret_more, err);
    *ret_more = true;
    for (size_t moved = 0; moved < DRAIN_MAX_BYTES;) {
        int waiting = 0;
        ssize_t n;

        if (ioctl(fifo_fd, FIONREAD, &waiting) < 0) {
            *ret_more = false;
            return error_sys(err, "read output of '%s'", writer->name);
        }
        if (waiting <= 0) {
            *ret_more = false;
            return 0;
        }
        /* A rotation that fails is tried again with the next chunk; the output matters more. */
        if (rotation_is_due(writer))
            (void)rotate(writer, NULL);
        n = move_chunk(writer, fifo_fd, stream,
                       (size_t)waiting < chunk_limit ? (size_t)waiting : chunk_limit);
        if (n < 0)
            n = refused_chunk(writer, fifo_fd, errno, err);
        if (n < 0)
            return -1;
        moved += (size_t)n;
    }
    return 0;
}

int log_writer_event(struct log_writer *writer, const char *text, struct error *err)
{
    if (rotation_is_due(writer))
        (void)rotate(writer, NULL);
    if (tell_dropped(writer) < 0 || write_event(writer, text) < 0)
        return error_sys(err, "write event to log of '%s'", writer->name);
    return 0;
}
