/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/process.h"

enum { PENDING_MAX_BYTES = 1024 * 1024, TAIL_BYTES = 4096 };

struct journal {
    int dir_fd, fd;
    off_t size;          /* of the file: whole lines */
    struct text pending; /* whole lines, to be written */
};

/* Where the last whole line of a file ends; 0: there is none. What cannot be read is left alone. */
static off_t lines_end(int fd, off_t size)
{
    char bytes[TAIL_BYTES];

    for (off_t end = size; end > 0;) {
        off_t from = end > TAIL_BYTES ? end - TAIL_BYTES : 0;
        ssize_t n = pread(fd, bytes, (size_t)(end - from), from);

        if (n <= 0)
            return size;
        for (; n > 0; n--)
            if (bytes[n - 1] == '\n')
                return from + n;
        end = from;
    }
    return 0;
}

static int file_open(struct journal *journal, struct error *err)
{
    struct stat status;

    journal->fd =
        openat(journal->dir_fd, JOURNAL_FILE, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal->fd < 0 || fstat(journal->fd, &status) < 0)
        return error_sys(err, "open '%s'", JOURNAL_FILE);
    journal->size = lines_end(journal->fd, status.st_size);
    if (journal->size < status.st_size && ftruncate(journal->fd, journal->size) < 0)
        return error_sys(err, "cut '%s'", JOURNAL_FILE);
    return 0;
}

int journal_open(int dir_fd, struct journal **ret_journal, struct error *err)
{
    scoped(journal_free) struct journal *journal = memory_new(struct journal);

    journal->fd = -1;
    journal->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
    if (journal->dir_fd < 0)
        return error_sys(err, "keep the directory of '%s'", JOURNAL_FILE);
    if (file_open(journal, err) < 0)
        return -1;
    *ret_journal = steal(journal);
    return 0;
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    fd_close(journal->fd);
    fd_close(journal->dir_fd);
    text_done(&journal->pending);
    free(journal);
}

void journal_add(struct journal *journal, const struct event *event)
{
    struct event noted = *event;

    if (journal->pending.length > PENDING_MAX_BYTES)
        return;
    if (!noted.time_ns)
        noted.time_ns = clock_realtime_ns();
    if (!noted.clock_ns)
        noted.clock_ns = clock_monotonic_ns();
    event_format(&noted, &journal->pending);
}

/* The new file is there before the next event is written, and only then the old one is let go. */
static int journal_rotate(struct journal *journal, struct error *err)
{
    if (renameat(journal->dir_fd, JOURNAL_FILE, journal->dir_fd, JOURNAL_OLD) < 0)
        return error_sys(err, "rename '%s'", JOURNAL_FILE);
    fd_close(steal_fd(&journal->fd));
    return file_open(journal, err);
}

int journal_flush(struct journal *journal, struct error *err)
{
    if (journal->pending.length == 0)
        return 0;
    if (journal->fd < 0 && file_open(journal, err) < 0)
        return -1;
    if (journal->size > 0 && journal->size + (off_t)journal->pending.length > JOURNAL_MAX_BYTES &&
        journal_rotate(journal, err) < 0)
        return -1;
    if (fd_write_all(journal->fd, journal->pending.data, journal->pending.length) < 0) {
        (void)error_sys(err, "write '%s'", JOURNAL_FILE);
        (void)!ftruncate(journal->fd, journal->size); /* a part may be there */
        return -1;
    }
    journal->size += (off_t)journal->pending.length;
    text_clear(&journal->pending);
    return 0;
}
