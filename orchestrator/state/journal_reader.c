/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file comes next. The files change their names and not their inodes: what was JOURNAL_FILE
 * is JOURNAL_OLD after a rotation and gone after another one. A file that is read stays open, and
 * so does the one that was read before it, so that no other file gets its inode meanwhile. When the
 * open file has lost the name JOURNAL_FILE it does not grow any more; it is read to its end, and
 * then comes JOURNAL_OLD, unless that is the very file, or JOURNAL_FILE.
 */
#include "orchestrator/state/journal_reader.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "orchestrator/state/journal.h"

enum { CHUNK_BYTES = 64 * 1024 };

struct journal_reader {
    struct text root, projects, dir; /* paths */
    int fd;                          /* what is read, or -1 */
    int done_fd;                     /* what was read before, or -1 */
    off_t offset;                    /* of the first line that was not given */
    bool skipping;                   /* that line is too long */
    int inotify_fd;
    bool watches;
    char chunk[CHUNK_BYTES];
};

struct journal_reader *journal_reader_new(const char *data_root, const char *project)
{
    struct journal_reader *reader = memory_new(struct journal_reader);

    reader->fd = reader->done_fd = reader->inotify_fd = -1;
    text_append(&reader->root, data_root);
    text_appendf(&reader->projects, "%s/projects", data_root);
    text_appendf(&reader->dir, "%s/projects/%s", data_root, project);
    return reader;
}

void journal_reader_free(struct journal_reader *reader)
{
    if (!reader)
        return;
    fd_close(reader->fd);
    fd_close(reader->done_fd);
    fd_close(reader->inotify_fd);
    text_done(&reader->root);
    text_done(&reader->projects);
    text_done(&reader->dir);
    free(reader);
}

/* -- watching */

/* Directories come and go: a watch on one that is there is the same as before, on another it is
 * new. */
static void watches_renew(struct journal_reader *reader)
{
    enum { COMES = IN_CREATE | IN_MOVED_TO };

    (void)inotify_add_watch(reader->inotify_fd, text_get(&reader->root), COMES);
    (void)inotify_add_watch(reader->inotify_fd, text_get(&reader->projects), COMES);
    (void)inotify_add_watch(reader->inotify_fd, text_get(&reader->dir), COMES | IN_MODIFY);
}

static void watches_drain(struct journal_reader *reader)
{
    while (read(reader->inotify_fd, reader->chunk, sizeof(reader->chunk)) > 0)
        continue;
}

int journal_reader_watch_fd(struct journal_reader *reader)
{
    if (!reader->watches) {
        reader->watches = true;
        reader->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        watches_renew(reader);
    }
    return reader->inotify_fd;
}

/* -- lines */

static void line_give(const char *line, size_t length,
                      void (*each)(const struct event *event, void *owner), void *owner)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct event event;
    struct error err = {0};

    if (length <= JOURNAL_LINE_MAX && event_parse(line, length, arena, &event, &err) == 0 &&
        event.kind != EVENT_OTHER)
        each(&event, owner);
}

/* Gives the whole lines of a chunk. Returns how many bytes are done with. */
static size_t chunk_give(struct journal_reader *reader, size_t length,
                         void (*each)(const struct event *event, void *owner), void *owner)
{
    size_t begin = 0;
    const char *end;

    while ((end = memchr(reader->chunk + begin, '\n', length - begin))) {
        size_t next = (size_t)(end - reader->chunk) + 1;

        if (!reader->skipping)
            line_give(reader->chunk + begin, next - 1 - begin, each, owner);
        reader->skipping = false;
        begin = next;
    }
    /* No event is as long: up to its end it is passed over. */
    if (begin == 0 && length == CHUNK_BYTES)
        reader->skipping = true;
    return reader->skipping ? length : begin;
}

static void file_give(struct journal_reader *reader,
                      void (*each)(const struct event *event, void *owner), void *owner)
{
    for (;;) {
        ssize_t n = pread(reader->fd, reader->chunk, CHUNK_BYTES, reader->offset);
        size_t taken = n > 0 ? chunk_give(reader, (size_t)n, each, owner) : 0;

        if (taken == 0)
            return;
        reader->offset += (off_t)taken;
    }
}

/* -- files */

static bool files_are_same(int a, int b)
{
    struct stat of_a, of_b;

    return a >= 0 && b >= 0 && fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 &&
           of_a.st_ino == of_b.st_ino && of_a.st_dev == of_b.st_dev;
}

/* False when there is none. The newer one is opened first: a rotation between the two makes one of
 * them, but loses none. */
static bool file_next(struct journal_reader *reader)
{
    scoped_fd int dir_fd = open(text_get(&reader->dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
    scoped_fd int new_fd = -1, old_fd = -1;

    if (dir_fd < 0)
        return false;
    new_fd = openat(dir_fd, JOURNAL_FILE, O_RDONLY | O_CLOEXEC);
    old_fd = openat(dir_fd, JOURNAL_OLD, O_RDONLY | O_CLOEXEC);
    if (old_fd >= 0 && !files_are_same(old_fd, reader->done_fd))
        reader->fd = steal_fd(&old_fd);
    else if (new_fd >= 0 && !files_are_same(new_fd, reader->done_fd))
        reader->fd = steal_fd(&new_fd);
    reader->offset = 0;
    reader->skipping = false;
    return reader->fd >= 0;
}

static bool file_grows(const struct journal_reader *reader)
{
    scoped_fd int dir_fd = open(text_get(&reader->dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
    scoped_fd int named_fd = -1;

    if (dir_fd >= 0)
        named_fd = openat(dir_fd, JOURNAL_FILE, O_PATH | O_CLOEXEC);
    return files_are_same(named_fd, reader->fd);
}

void journal_reader_read(struct journal_reader *reader,
                         void (*each)(const struct event *event, void *owner), void *owner)
{
    if (reader->inotify_fd >= 0) {
        watches_drain(reader);
        watches_renew(reader);
    }
    while (reader->fd >= 0 || file_next(reader)) {
        bool grows = file_grows(reader); /* asked first: then its end is the end */

        file_give(reader, each, owner);
        if (grows)
            return;
        fd_close(reader->done_fd);
        reader->done_fd = steal_fd(&reader->fd);
    }
}
