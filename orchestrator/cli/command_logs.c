/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow_source.h"
#include "orchestrator/cli/heal.h"
#include "orchestrator/cli/log_style.h"
#include "orchestrator/logs/log_choice.h"
#include "orchestrator/logs/log_view.h"
#include "orchestrator/state/record.h"

struct logs {
    struct session *session;
    bool follow;
    struct log_words words;
    struct log_style style;
    struct log_view_options view_options;
    const char *index; /* as given */
    int number;        /* which container of the service; 0: all */
    struct string_list services;
    struct log_range range;
    const char *project;
    struct project_dir *dir;
    int logs_fd; /* the reader's */
    struct log_reader *reader;
    struct log_view *view;
    struct log_origin **origins; /* containers, in the arena; the first n_read are read */
    size_t n_origins, n_read;
    int records_fd;
    bool alive; /* some container may still write */
    struct loop *loop;
    struct error error;
    bool failed;
};

static bool logs_wants(const struct logs *logs, const struct record *record)
{
    if (logs->services.count == 0)
        return !record->quiet;
    return string_list_has(&logs->services, record->service) &&
           (logs->number == 0 || record->number == logs->number);
}

/* May it still write something? */
static bool record_is_alive(const struct record *record)
{
    return record->phase == PHASE_STARTING || record->phase == PHASE_RUNNING ||
           record->phase == PHASE_EXITED || record->will_restart || record->pending ||
           (record->phase <= PHASE_CREATED && record->wanted && !record->blocked);
}

static bool logs_knows(const struct logs *logs, const char *container)
{
    for (size_t i = 0; i < logs->n_origins; i++) {
        if (string_eq(logs->origins[i]->container, container))
            return true;
    }
    return false;
}

static void logs_add_origin(struct logs *logs, const struct record *record)
{
    struct arena *arena = logs->session->arena;
    struct log_origin *origin = arena_new_object(arena, struct log_origin);
    struct log_origin **grown = arena_new_array(arena, struct log_origin *, logs->n_origins + 1);

    origin->label = record->label;
    origin->service = record->service;
    origin->container = record->name;
    for (size_t i = 0; i < logs->n_origins; i++)
        grown[i] = logs->origins[i];
    grown[logs->n_origins++] = origin;
    logs->origins = grown;
    log_view_register(logs->view, origin);
}

/* Looks which containers exist; called again when new replicas may have come. */
static int logs_find(struct logs *logs, struct error *err)
{
    struct record **records;
    size_t count;

    if (record_list(logs->records_fd, logs->session->arena, &records, &count, err) < 0)
        return -1;
    logs->alive = false;
    for (size_t i = 0; i < count; i++) {
        if (!logs_wants(logs, records[i]))
            continue;
        logs->alive = logs->alive || record_is_alive(records[i]);
        if (!logs_knows(logs, records[i]->name))
            logs_add_origin(logs, records[i]);
    }
    return 0;
}

/* Reads along with every container that was found. */
static int logs_add(struct logs *logs, struct log_reader *reader, struct log_range range,
                    size_t first, struct error *err)
{
    for (size_t i = first; i < logs->n_origins; i++) {
        if (log_reader_add(reader, logs->origins[i]->container, logs->origins[i], range, err) < 0)
            return -1;
    }
    return 0;
}

/* Of a container that comes while we follow, everything is new. */
static int logs_add_new(struct logs *logs, struct error *err)
{
    size_t first = logs->n_read;

    logs->n_read = logs->n_origins;
    if (logs_add(logs, logs->reader, logs->range, first, err) < 0)
        return -1;
    logs->range.tail = -1;
    return 0;
}

/* Which services the files name, whether or not something of them runs. */
static bool is_in_files(struct logs *logs, const char *service)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *compose = NULL;
    const struct project *project;

    if (compose_load(&logs->session->compose, diagnostics, &compose) < 0)
        return false;
    project = compose_project(compose);
    return project_find_service(project, service) ||
           string_list_has(&project->disabled_services, service);
}

/* A service is known when it has a container or the files name it. */
static int services_check(struct logs *logs, struct error *err)
{
    struct record **records = NULL;
    size_t count = 0;

    if (logs->records_fd >= 0 &&
        record_list(logs->records_fd, logs->session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < logs->services.count; i++) {
        const char *service = logs->services.items[i];
        bool known = false;

        for (size_t j = 0; j < count; j++)
            known = known || string_eq(records[j]->service, service);
        if (!known && !is_in_files(logs, service))
            return error_set(err, "no such service: %s", service);
    }
    return 0;
}

static void logs_read(void *owner)
{
    struct logs *logs = owner;

    if (log_reader_read(logs->reader, log_view_line, logs->view, &logs->error) < 0)
        logs->failed = true;
    if (logs->failed || log_view_flush(logs->view) < 0)
        loop_stop(logs->loop);
}

/* Following ends when nothing is left that could write. */
static void logs_look(struct logs *logs)
{
    if (logs_find(logs, &logs->error) < 0 || logs_add_new(logs, &logs->error) < 0) {
        logs->failed = true;
        loop_stop(logs->loop);
        return;
    }
    logs_read(logs);
    if (!logs->alive)
        loop_stop(logs->loop);
}

/* A signal came, or the moment of --until. */
static void on_end(void *owner)
{
    struct logs *logs = owner;

    loop_stop(logs->loop);
}

struct records_watch {
    struct logs *logs;
    int fd;
};

static void on_records(void *owner)
{
    struct records_watch *watch = owner;
    char events[4096];

    while (read(watch->fd, events, sizeof(events)) > 0)
        continue;
    logs_look(watch->logs);
}

static void logs_arm_until(const struct logs *logs, struct timer *timer)
{
    uint64_t now_ns = clock_realtime_ns(), until_ns = logs->range.until_ns;
    uint64_t wait_ms = until_ns > now_ns ? (until_ns - now_ns) / 1000000 + 1 : 0;

    if (until_ns > 0)
        timer_arm_at(timer, loop_now_ms(logs->loop) + wait_ms);
}

static int logs_follow(struct logs *logs, struct error *err)
{
    struct records_watch records = {.logs = logs, .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    scoped_fd int inotify_fd = records.fd;
    struct fd_watch *record_watch;
    struct follow_source *source;
    struct signal_watch *interrupt, *terminate;
    struct timer *until;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", logs->records_fd);
    if (inotify_fd < 0 || inotify_add_watch(inotify_fd, path, IN_MOVED_TO | IN_CREATE) < 0)
        return error_sys(err, "watch for new containers");
    logs->loop = loop_new();
    source = follow_source_new(logs->loop, log_reader_watch_fd(logs->reader), logs_read, logs);
    record_watch = fd_watch_new(logs->loop, inotify_fd, FD_READABLE, on_records, &records);
    interrupt = signal_watch_new(logs->loop, SIGINT, on_end, logs);
    terminate = signal_watch_new(logs->loop, SIGTERM, on_end, logs);
    until = timer_new(logs->loop, on_end, logs);
    logs_arm_until(logs, until);
    logs_look(logs);
    if (logs->alive && !logs->failed)
        loop_run(logs->loop);
    timer_free(until);
    follow_source_free(source);
    fd_watch_free(record_watch);
    signal_watch_free(interrupt);
    signal_watch_free(terminate);
    loop_free(logs->loop);
    if (logs->failed)
        *err = logs->error;
    return logs->failed ? -1 : log_reader_finish(logs->reader, log_view_line, logs->view, err);
}

/* The last lines of a choice: they are counted first (log_view.h). */
static int logs_count(struct logs *logs, struct error *err)
{
    const struct log_range all = {logs->range.since_ns, logs->range.until_ns, -1};
    scoped(log_reader_free) struct log_reader *reader = NULL;
    scoped_fd int dir_fd = fcntl(logs->logs_fd, F_DUPFD_CLOEXEC, 3);

    if (dir_fd < 0)
        return error_sys(err, "keep the log directory");
    reader = log_reader_new(steal_fd(&dir_fd));
    if (logs_add(logs, reader, all, 0, err) < 0 ||
        log_reader_read(reader, log_view_count, logs->view, err) < 0 ||
        log_reader_finish(reader, log_view_count, logs->view, err) < 0)
        return -1;
    log_view_keep_last(logs->view, logs->range.tail);
    logs->range.tail = -1;
    return 0;
}

static int logs_show_all(struct logs *logs, struct error *err)
{
    bool counts = logs->range.until_ns > 0 || log_view_chooses(logs->view);

    if (logs_find(logs, err) < 0 || (logs->range.tail > 0 && counts && logs_count(logs, err) < 0))
        return -1;
    if (logs->follow)
        return logs_follow(logs, err);
    if (logs_add_new(logs, err) < 0 ||
        log_reader_read(logs->reader, log_view_line, logs->view, err) < 0)
        return -1;
    return log_reader_finish(logs->reader, log_view_line, logs->view, err);
}

static int logs_show(struct logs *logs, struct error *err)
{
    int dir_fd = openat(logs->dir->data_fd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint64_t n_given_up;
    int result;

    if (dir_fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open logs");
    (void)signal(SIGPIPE, SIG_IGN);
    logs->logs_fd = dir_fd;
    logs->reader = log_reader_new(dir_fd);
    result = logs_show_all(logs, err);
    n_given_up = log_view_finish(logs->view);
    if (n_given_up > 0)
        log_warning("%llu lines took too long to search and count as not matching",
                    (unsigned long long)n_given_up);
    (void)!log_view_flush(logs->view);
    log_reader_free(logs->reader);
    return result;
}

static int logs_run(struct logs *logs, struct error *err)
{
    scoped_fd int records_fd = -1;
    struct roots roots;

    if (session_project_dir(logs->session, &logs->project, &roots, &logs->dir, err) < 0)
        return -1;
    logs->records_fd = -1;
    if (!logs->dir)
        return services_check(logs, err);
    if (project_heal(logs->dir, logs->project, err) < 0)
        return -1;
    records_fd = record_dir_open(logs->dir);
    if (records_fd < 0)
        return error_sys(err, "open records");
    logs->records_fd = records_fd;
    if (services_check(logs, err) < 0)
        return -1;
    return logs_show(logs, err);
}

/* What the options say. */
static int logs_prepare(struct logs *logs, struct error *err)
{
    unsigned long long number = 0;

    if (logs->index && logs->services.count != 1)
        return error_set(err, "--index requires one service to be selected");
    if (logs->index && (!string_to_u64(logs->index, INT_MAX, &number) || number == 0))
        return error_set(err, "--index: '%s' is no number of a container", logs->index);
    logs->number = (int)number;
    logs->view_options.events = logs->follow;
    if (log_choice_parse(&logs->words, &logs->range, &logs->view_options, err) < 0 ||
        log_style_decide(logs->session, &logs->style, &logs->view_options.printer, err) < 0)
        return -1;
    return log_view_new(&logs->view_options, &logs->view, err);
}

int command_logs(struct session *session, struct error *err)
{
    struct logs logs = {.session = session};
    struct log_words *words = &logs.words;
    const struct option_row rows[] = {
        {'f', "follow", OPTION_FLAG, &logs.follow, NULL, "go on with what comes"},
        {'n', "tail", OPTION_STRING, &words->tail, "LINES",
         "the last lines of each container; of a choice, the last that are chosen"},
        {'t', "timestamps", OPTION_FLAG, &logs.style.timestamps, NULL,
         "show the time of each line"},
        {0, "since", OPTION_STRING, &words->since, "TIME",
         "not before: 2026-01-31T12:00:00Z, 10m ago, or epoch seconds"},
        {0, "until", OPTION_STRING, &words->until, "TIME", "not after"},
        {0, "index", OPTION_STRING, &logs.index, "NUMBER", "which container of the service"},
        {0, "grep", OPTION_LIST, &words->expressions, "REGEX",
         "only lines that match (PCRE); of several one must"},
        {'i', "ignore-case", OPTION_FLAG, &words->ignore_case, NULL,
         "when searching, capitals are as small letters"},
        {0, "invert", OPTION_FLAG, &words->invert, NULL, "only lines that --grep does not find"},
        {0, "level", OPTION_STRING, &words->level, "LEVEL",
         "only trace, debug, info, warn, error or fatal and what is worse"},
        {0, "around", OPTION_STRING, &words->around, "TIME|REGEX",
         "what all services said then, or around lines that match"},
        {'A', "after-context", OPTION_STRING, &words->after, "LINES", "show so many after each"},
        {'B', "before-context", OPTION_STRING, &words->before, "LINES", "show so many before each"},
        {'C', "context", OPTION_STRING, &words->context, "LINES", "both; 10 with --around"},
        {0, "json", OPTION_FLAG, &logs.view_options.json, NULL,
         "an object a line: time, service, container, stream, line, level"},
        {0, "no-color", OPTION_FLAG, &logs.style.no_colour, NULL, "plain"},
        {0, "no-log-prefix", OPTION_FLAG, &logs.style.no_prefix, NULL,
         "without the container's name"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &logs.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    result = logs_prepare(&logs, err);
    if (result == 0)
        result = logs_run(&logs, err);
    log_view_free(logs.view);
    project_dir_close(logs.dir);
    return result;
}
