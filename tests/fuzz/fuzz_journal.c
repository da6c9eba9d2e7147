/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a hostile journal. Whatever is in it: no crash, what is given comes back as it was when it
 * is written again, and a timeline can be made of it.
 *
 * Input: split u8 | bytes; so many 256ths of them are the older file.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "orchestrator/cli/timeline/timeline_chart.h"
#include "orchestrator/cli/timeline/timeline_json.h"
#include "orchestrator/state/journal.h"
#include "orchestrator/state/journal_reader.h"

enum { EVENTS_MAX = 2000 };

struct history {
    struct arena *arena;
    struct event *events;
    size_t count;
};

static void on_event(const struct event *event, void *owner)
{
    struct history *history = owner;
    scoped_text struct text line = {0}, again = {0};
    struct event back;

    event_format(event, &line);
    fuzz_require(event_parse(text_get(&line), line.length - 1, history->arena, &back, NULL) == 0);
    event_format(&back, &again);
    fuzz_require(string_eq(text_get(&line), text_get(&again)));
    if (history->count == EVENTS_MAX)
        return;
    history->events = arena_room(history->arena, history->events, history->count);
    history->events[history->count++] = back;
}

static void file_write(int dir_fd, const char *name, const uint8_t *data, size_t size)
{
    scoped_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    fuzz_require(fd_write_all(fd, data, size) == 0);
}

static void timeline_try(const struct history *history)
{
    struct timeline *timeline = timeline_make(history->events, history->count, history->arena);
    scoped_text struct text out = {0};
    struct critical_chain chain;

    if (!timeline)
        return;
    chain = critical_chain_find(timeline);
    timeline_chart_print(
        &(struct timeline_chart){
            .timeline = timeline, .chain = &chain, .project = "p", .columns = 80},
        &out);
    timeline_json(timeline, &chain, "p", &out);
    timeline_trace(timeline, "p", &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char root[] = "/tmp/yawl-fuzz-journal-XXXXXX", path[80];
    size_t n_old;

    if (size < 1)
        return 0;
    n_old = (size - 1) * data[0] / 256;
    fuzz_require(mkdtemp(root) != NULL);
    (void)snprintf(path, sizeof(path), "%s/projects/p", root);
    fuzz_require(path_make_dirs(AT_FDCWD, path, 0700, NULL) == 0);
    {
        scoped_fd int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        scoped(journal_reader_free) struct journal_reader *reader = journal_reader_new(root, "p");
        scoped(arena_free) struct arena *arena = arena_new();
        struct history history = {.arena = arena};

        file_write(dir_fd, JOURNAL_OLD, data + 1, n_old);
        file_write(dir_fd, JOURNAL_FILE, data + 1 + n_old, size - 1 - n_old);
        journal_reader_read(reader, on_event, &history);
        timeline_try(&history);
    }
    fuzz_require(path_remove_tree(AT_FDCWD, root, NULL) == 0);
    return 0;
}
