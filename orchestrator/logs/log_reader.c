/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order across containers. A piece is shown at its time, which the writer takes before it moves the
 * bytes. The logs are looked at one after the other while they grow, so a piece may already be seen
 * whose predecessor, in a log that was looked at earlier, is not. Therefore pieces from after the
 * beginning of the look (the horizon) wait for the next one: whatever came before them is seen
 * then. They made the watch descriptor readable, so that next look comes.
 */
#include "orchestrator/logs/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/process.h"
#include "orchestrator/logs/log_source.h"

struct log_reader {
    int dir_fd, inotify_fd;
    struct log_source **sources;
    size_t n_sources;
};

struct log_reader *log_reader_new(int take_dir_fd)
{
    struct log_reader *reader = memory_new(struct log_reader);

    reader->dir_fd = take_dir_fd;
    reader->inotify_fd = -1;
    return reader;
}

void log_reader_free(struct log_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->n_sources; i++)
        log_source_free(reader->sources[i]);
    free(reader->sources);
    fd_close(reader->inotify_fd);
    fd_close(reader->dir_fd);
    free(reader);
}

/* What came before there was a watch has no event. So one is caused, by opening the directory while
 * that is watched; then the descriptor is readable and the first look comes. */
static int watch_directory(int dir_fd, int inotify_fd)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
    if (inotify_add_watch(inotify_fd, path, IN_OPEN) < 0)
        return -1;
    fd_close(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return inotify_add_watch(inotify_fd, path, IN_CREATE | IN_MOVED_TO) < 0 ? -1 : 0;
}

int log_reader_add(struct log_reader *reader, const char *name, void *owner, struct log_range range,
                   struct error *err)
{
    const struct log_source_options options = {
        .dir_fd = reader->dir_fd,
        .name = name,
        .owner = owner,
        .range = range,
    };
    struct log_source *source;

    if (log_source_open(&options, &source, err) < 0)
        return -1;
    reader->sources =
        memory_resize(reader->sources, reader->n_sources + 1, sizeof(reader->sources[0]));
    reader->sources[reader->n_sources++] = source;
    if (reader->inotify_fd >= 0) {
        log_source_watch(source, reader->inotify_fd);
        (void)watch_directory(reader->dir_fd, reader->inotify_fd);
    }
    return 0;
}

/* Made only when somebody waits, as letting go of an inotify descriptor takes the kernel
 * milliseconds. */
static int start_watch(const struct log_reader *reader)
{
    scoped_fd int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd < 0)
        return -1;
    for (size_t i = 0; i < reader->n_sources; i++)
        log_source_watch(reader->sources[i], fd);
    if (watch_directory(reader->dir_fd, fd) == 0)
        return steal_fd(&fd);
    for (size_t i = 0; i < reader->n_sources; i++)
        log_source_watch(reader->sources[i], -1);
    return -1;
}

int log_reader_watch_fd(struct log_reader *reader)
{
    if (reader->inotify_fd < 0)
        reader->inotify_fd = start_watch(reader);
    return reader->inotify_fd;
}

static void forget_events(struct log_reader *reader)
{
    char events[16 * 1024];

    if (reader->inotify_fd < 0)
        return;
    while (read(reader->inotify_fd, events, sizeof(events)) > 0)
        ;
}

/* The source whose next piece is the earliest, and up to when it may go on alone. */
static int choose_source(struct log_reader *reader, uint64_t horizon_ns,
                         struct log_source **ret_source, uint64_t *ret_limit_ns, struct error *err)
{
    uint64_t earliest = UINT64_MAX;

    *ret_source = NULL;
    *ret_limit_ns = UINT64_MAX;
    for (size_t i = 0; i < reader->n_sources; i++) {
        uint64_t time_ns = 0;
        bool has;

        if (log_source_peek(reader->sources[i], horizon_ns, &time_ns, &has, err) < 0)
            return -1;
        if (!has)
            continue;
        if (!*ret_source || time_ns < earliest) {
            /* At the same time, the one that was added first goes first. */
            *ret_limit_ns = *ret_source ? earliest - 1 : UINT64_MAX;
            *ret_source = reader->sources[i];
            earliest = time_ns;
        } else if (time_ns < *ret_limit_ns) {
            *ret_limit_ns = time_ns;
        }
    }
    return 0;
}

static int read_up_to(struct log_reader *reader, uint64_t horizon_ns, const struct log_sink *sink,
                      struct error *err)
{
    for (size_t i = 0; i < reader->n_sources; i++) {
        if (log_source_sample(reader->sources[i], err) < 0)
            return -1;
    }
    for (;;) {
        struct log_source *source;
        uint64_t limit_ns;

        if (choose_source(reader, horizon_ns, &source, &limit_ns, err) < 0)
            return -1;
        if (!source)
            break;
        if (log_source_take(source, horizon_ns, limit_ns, sink, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < reader->n_sources; i++)
        log_source_rest(reader->sources[i]);
    return 0;
}

int log_reader_read(struct log_reader *reader, void (*line)(const struct log_line *, void *),
                    void *context, struct error *err)
{
    const struct log_sink sink = {line, context};

    /* In this order: what comes after the horizon leaves an event behind. */
    forget_events(reader);
    return read_up_to(reader, clock_realtime_ns(), &sink, err);
}

int log_reader_finish(struct log_reader *reader, void (*line)(const struct log_line *, void *),
                      void *context, struct error *err)
{
    const struct log_sink sink = {line, context};

    if (read_up_to(reader, UINT64_MAX, &sink, err) < 0)
        return -1;
    for (size_t i = 0; i < reader->n_sources; i++)
        log_source_finish(reader->sources[i], &sink);
    return 0;
}
