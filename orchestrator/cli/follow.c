/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/follow.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/process.h"
#include "orchestrator/cli/follow_source.h"
#include "orchestrator/logs/log_reader.h"
#include "orchestrator/supervise/supervisor_client.h"

enum { REDRAW_MS = 1000 };

/* The last record of one container, in an arena of its own so that a long run does not grow. */
struct seen {
    struct arena *arena;
    struct record *record;
    struct progress_pace pace;
    uint64_t since_ms; /* it has been in its phase */
    bool current;      /* told since the last (re)connection */
};

struct follow {
    struct follow_options options;
    struct loop *loop;
    struct supervisor_client *client;
    struct fd_watch *client_watch;
    struct follow_source *log_source;
    struct signal_watch *interrupt, *terminate;
    struct timer *deadline, *rejudge, *redraw;
    struct picture picture; /* who waits for what */
    struct log_reader *logs;
    struct log_printer *printer;
    struct seen *seen;
    size_t n_seen;
    bool snapshot, ended, failed, done;
    int signals;
    struct error error;
};

struct follow *follow_new(const struct follow_options *options)
{
    struct follow *follow = calloc(1, sizeof(*follow));

    if (!follow)
        abort();
    follow->options = *options;
    follow->loop = loop_new();
    return follow;
}

void follow_free(struct follow *follow)
{
    if (!follow)
        return;
    fd_watch_free(follow->client_watch);
    follow_source_free(follow->log_source);
    signal_watch_free(follow->interrupt);
    signal_watch_free(follow->terminate);
    timer_free(follow->deadline);
    timer_free(follow->rejudge);
    timer_free(follow->redraw);
    picture_done(&follow->picture);
    supervisor_client_free(follow->client);
    log_reader_free(follow->logs);
    log_printer_free(follow->printer);
    loop_free(follow->loop);
    for (size_t i = 0; i < follow->n_seen; i++)
        arena_free(follow->seen[i].arena);
    free(follow->seen);
    free(follow);
}

size_t follow_count(const struct follow *follow)
{
    return follow->n_seen;
}

const struct record *follow_record(const struct follow *follow, size_t index)
{
    return follow->seen[index].record;
}

static struct seen *seen_find(const struct follow *follow, const char *name)
{
    for (size_t i = 0; i < follow->n_seen; i++)
        if (string_eq(follow->seen[i].record->name, name))
            return &follow->seen[i];
    return NULL;
}

const struct record *follow_find(const struct follow *follow, const char *instance)
{
    const struct seen *seen = seen_find(follow, instance);

    return seen ? seen->record : NULL;
}

bool follow_ended(const struct follow *follow)
{
    return follow->ended;
}

struct loop *follow_loop(const struct follow *follow)
{
    return follow->loop;
}

bool follow_stopping(const struct follow *follow)
{
    return follow->signals > 0;
}

static void follow_fail(struct follow *follow, const struct error *err)
{
    follow->error = *err;
    follow->failed = true;
    loop_stop(follow->loop);
}

/* -- records */

/* Those who wait tell of its probes. */
static bool is_awaited(const struct follow *follow, const struct record *record)
{
    for (size_t i = 0; i < follow->n_seen; i++)
        if (follow->seen[i].record->phase == PHASE_CREATED &&
            string_eq(follow->seen[i].record->waits_for, record->name))
            return true;
    return false;
}

static void seen_tell(struct follow *follow, struct seen *seen, const struct record *before)
{
    const struct progress *progress = follow->options.progress;
    const struct record *now = seen->record;
    scoped_text struct text words = {0};

    if (!before || before->phase != now->phase)
        seen->since_ms = loop_now_ms(follow->loop);
    progress_change(progress, before, now);
    progress_wait_words(progress, before, now, &words);
    if (progress->picture || words.length == 0 ||
        (now->phase == PHASE_RUNNING && is_awaited(follow, now)) ||
        !progress_pace_takes(&seen->pace, loop_now_ms(follow->loop)))
        return;
    progress_wait(progress, now, words.data);
}

/* On a terminal who waits for what stands below the lines, and is gone when it is over. */
static void waits_draw(struct follow *follow)
{
    const struct progress *progress = follow->options.progress;
    unsigned columns = window_size().columns;
    uint64_t now_ms = loop_now_ms(follow->loop);
    scoped_text struct text lines = {0}, line = {0}, words = {0};

    for (size_t i = 0; i < follow->n_seen; i++) {
        const struct seen *seen = &follow->seen[i];

        text_clear(&words);
        text_clear(&line);
        progress_wait_words(progress, NULL, seen->record, &words);
        if (words.length == 0 ||
            (seen->record->phase == PHASE_RUNNING && is_awaited(follow, seen->record)))
            continue;
        text_appendf(&line, " Container %s  %llus  %s", seen->record->name,
                     (unsigned long long)(now_ms - seen->since_ms) / 1000, words.data);
        picture_append_row(&lines, text_get(&line), columns);
    }
    if (lines.length > 0 || follow->picture.lines.length > 0)
        picture_draw(&follow->picture, "", text_get(&lines));
    if (lines.length > 0)
        timer_arm_at(follow->redraw, now_ms + REDRAW_MS);
}

static void on_redraw(void *owner)
{
    waits_draw(owner);
}

/* Log lines would go through it: it is for those who only wait. */
static void waits_begin(struct follow *follow)
{
    struct progress *progress = follow->options.progress;

    if (!progress || progress->form != PROGRESS_TTY || follow->logs)
        return;
    progress->picture = &follow->picture;
    follow->redraw = timer_new(follow->loop, on_redraw, follow);
}

static void waits_end(struct follow *follow)
{
    if (!follow->redraw)
        return;
    picture_draw(&follow->picture, "", "");
    follow->options.progress->picture = NULL;
}

static void seen_set(struct follow *follow, struct arena *take_arena, struct record *record)
{
    struct seen *seen = seen_find(follow, record->name);
    scoped(arena_free) struct arena *older = NULL;
    const struct record *before = NULL;

    if (seen) {
        older = seen->arena;
        before = seen->record;
    } else {
        struct seen *grown = realloc(follow->seen, (follow->n_seen + 1) * sizeof(*grown));

        if (!grown)
            abort();
        follow->seen = grown;
        seen = &follow->seen[follow->n_seen++];
        *seen = (struct seen){0};
    }
    seen->arena = take_arena;
    seen->record = record;
    seen->current = true;
    if (follow->options.progress)
        seen_tell(follow, seen, before);
}

static void seen_gone(struct follow *follow, const char *name)
{
    struct seen *seen = seen_find(follow, name);

    if (!seen)
        return;
    if (follow->options.progress)
        progress_line(follow->options.progress, "Container", name, "Removed");
    arena_free(seen->arena);
    *seen = follow->seen[--follow->n_seen];
}

static void follow_judge(struct follow *follow)
{
    struct error err = {0};

    if (!follow->snapshot)
        return;
    switch (follow->options.judge(follow, follow->options.owner, &err)) {
    case VERDICT_WAIT:
        return;
    case VERDICT_DONE:
        follow->done = true;
        loop_stop(follow->loop);
        return;
    case VERDICT_FAILED:
        follow_fail(follow, &err);
        return;
    }
}

void follow_look(struct follow *follow)
{
    follow_judge(follow);
}

static void on_client(void *owner);

static int follow_connect(struct follow *follow, const struct request *request, struct error *err)
{
    fd_watch_free(steal(follow->client_watch));
    supervisor_client_free(steal(follow->client));
    if (supervisor_ask(follow->options.dir, follow->options.project, request, &follow->client,
                       err) < 0)
        return -1;
    follow->snapshot = false;
    follow->client_watch = fd_watch_new(follow->loop, supervisor_client_fd(follow->client),
                                        FD_READABLE, on_client, follow);
    return 0;
}

/* A dead supervisor has a successor, which is asked to go on telling. */
static void follow_reconnect(struct follow *follow)
{
    struct request watch = {.command = "watch"};
    struct error err = {0};

    if (follow_connect(follow, &watch, &err) < 0)
        follow_fail(follow, &err);
}

/* Says whether there may be more. */
static bool follow_event(struct follow *follow)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct supervisor_event event;
    struct error err = {0};

    if (supervisor_client_next(follow->client, arena, &event, &err) < 0) {
        follow_fail(follow, &err);
        return false;
    }
    switch (event.kind) {
    case SUPERVISOR_NONE:
        return false;
    case SUPERVISOR_RECORD:
        seen_set(follow, steal(arena), event.record);
        return true;
    case SUPERVISOR_SNAPSHOT:
        follow->snapshot = true;
        return true;
    case SUPERVISOR_GONE:
        seen_gone(follow, event.name);
        return true;
    case SUPERVISOR_END:
        follow->ended = true;
        return false;
    case SUPERVISOR_LOST:
        if (!follow->ended)
            follow_reconnect(follow);
        return false;
    }
    return false;
}

static void on_client(void *owner)
{
    struct follow *follow = owner;

    while (!follow->failed && follow_event(follow))
        continue;
    if (follow->ended)
        fd_watch_free(steal(follow->client_watch));
    if (follow->redraw)
        waits_draw(follow);
    if (!follow->failed)
        follow_judge(follow);
}

/* -- logs */

/* As it was written: a newline that never came is not made up. */
static void raw_line(const struct log_line *line)
{
    int fd = line->stream == LOG_STDERR ? STDERR_FILENO : STDOUT_FILENO;

    if (line->stream != LOG_EVENT && fd_write_all(fd, line->text, line->length) == 0 &&
        !line->partial && !line->unfinished)
        (void)!fd_write_all(fd, "\n", 1);
}

static void on_line(const struct log_line *line, void *context)
{
    struct follow *follow = context;
    struct log_line shown = *line;

    if (follow->options.raw) {
        raw_line(line);
        return;
    }

    shown.name = line->owner; /* the label */
    log_printer_line(follow->printer, &shown);
}

static void follow_read_logs(struct follow *follow)
{
    struct error err = {0};

    if (log_reader_read(follow->logs, on_line, follow, &err) < 0)
        follow_fail(follow, &err);
    else if (log_printer_flush(follow->printer) < 0)
        loop_stop(follow->loop); /* nobody reads any more */
}

static void on_logs(void *owner)
{
    follow_read_logs(owner);
}

static int follow_open_logs(struct follow *follow, struct error *err)
{
    int dir_fd = openat(follow->options.dir->data_fd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return error_sys(err, "open logs");
    follow->logs = log_reader_new(dir_fd);
    follow->printer = log_printer_new(follow->options.style);
    follow->log_source =
        follow_source_new(follow->loop, log_reader_watch_fd(follow->logs), on_logs, follow);
    return 0;
}

int follow_attach(struct follow *follow, const char *instance, const char *label, uint64_t since_ns,
                  struct error *err)
{
    const struct log_range range = {.since_ns = since_ns, .tail = -1};

    if (!follow->logs && follow_open_logs(follow, err) < 0)
        return -1;
    log_printer_register(follow->printer, label);
    return log_reader_add(follow->logs, instance, (void *)(uintptr_t)label, range, err);
}

static int follow_finish_logs(struct follow *follow, struct error *err)
{
    if (!follow->logs)
        return 0;
    if (log_reader_read(follow->logs, on_line, follow, err) < 0 ||
        log_reader_finish(follow->logs, on_line, follow, err) < 0)
        return -1;
    (void)!log_printer_flush(follow->printer);
    return 0;
}

/* -- signals and time */

static void on_signal(void *owner)
{
    struct follow *follow = owner;
    struct request stop = {.command = "stop", .services = follow->options.services};
    struct error err = {0};

    follow->signals++;
    if (!follow->options.stop_on_signal) {
        loop_stop(follow->loop);
        return;
    }
    if (follow->signals == 1) {
        (void)printf("Gracefully Stopping... press Ctrl+C again to force\n");
        (void)fflush(stdout);
    } else {
        stop.has_grace = true; /* no time left: killed at once */
    }
    if (follow->options.progress)
        follow->options.progress->hide_exits = false;
    if (supervisor_client_request(follow->client, &stop, &err) < 0)
        follow_reconnect(follow);
    follow_judge(follow);
}

static void on_deadline(void *owner)
{
    struct follow *follow = owner;
    struct error err = {0};

    (void)error_set(&err, "%s %llds",
                    follow->options.timeout_text ? follow->options.timeout_text : "not ready after",
                    (long long)follow->options.timeout_ms / 1000);
    follow_fail(follow, &err);
}

static void on_rejudge(void *owner)
{
    struct follow *follow = owner;

    timer_arm_at(follow->rejudge, loop_now_ms(follow->loop) + (uint64_t)follow->options.rejudge_ms);
    follow_judge(follow);
}

int follow_run(struct follow *follow, const struct request *request, bool *ret_interrupted,
               struct error *err)
{
    if (follow_connect(follow, request, err) < 0)
        return -1;
    if (!follow->options.no_signals) {
        follow->interrupt = signal_watch_new(follow->loop, SIGINT, on_signal, follow);
        follow->terminate = signal_watch_new(follow->loop, SIGTERM, on_signal, follow);
    }
    if (follow->options.timeout_ms > 0) {
        follow->deadline = timer_new(follow->loop, on_deadline, follow);
        timer_arm_at(follow->deadline,
                     loop_now_ms(follow->loop) + (uint64_t)follow->options.timeout_ms);
    }
    if (follow->options.rejudge_ms > 0) {
        follow->rejudge = timer_new(follow->loop, on_rejudge, follow);
        on_rejudge(follow);
    }
    if (follow->logs)
        follow_read_logs(follow);
    waits_begin(follow);
    loop_run(follow->loop);
    waits_end(follow);

    *ret_interrupted = follow->signals > 0;
    if (follow_finish_logs(follow, err) < 0)
        return -1;
    if (follow->failed) {
        *err = follow->error;
        return -1;
    }
    return 0;
}
