/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/loop.h"
#include "common/process.h"
#include "common/units.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow_source.h"
#include "orchestrator/cli/heal.h"
#include "orchestrator/logs/log_printer.h"
#include "orchestrator/state/record.h"

struct logs {
    struct session *session;
    bool follow, no_colour, no_prefix, timestamps;
    struct string_list services;
    struct log_range range;
    const char *project;
    struct project_dir *dir;
    struct log_reader *reader;
    struct log_printer *printer;
    struct string_list known; /* containers that are read */
    int records_fd;
    bool alive; /* some container may still write */
    struct loop *loop;
    struct error error;
    bool failed;
};

static bool logs_wants(const struct logs *logs, const struct record *record)
{
    for (size_t i = 0; i < logs->services.count; i++)
        if (string_eq(logs->services.items[i], record->service))
            return true;
    return logs->services.count == 0;
}

/* May it still write something? */
static bool record_is_alive(const struct record *record)
{
    return record->phase == PHASE_STARTING || record->phase == PHASE_RUNNING ||
           record->phase == PHASE_EXITED || record->will_restart || record->pending ||
           (record->phase <= PHASE_CREATED && record->wanted && !record->blocked);
}

/* Reads along with every container that exists; called again when new replicas may have come. */
static int logs_add_containers(struct logs *logs, struct error *err)
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
        if (string_list_has(&logs->known, records[i]->name))
            continue;
        log_printer_register(logs->printer, records[i]->label);
        if (log_reader_add(logs->reader, records[i]->name, (void *)(uintptr_t)records[i]->label,
                           false, err) < 0)
            return -1;
        string_list_add(logs->session->arena, &logs->known, records[i]->name);
    }
    return 0;
}

static int services_known(const struct logs *logs, struct error *err)
{
    struct record **records;
    size_t count;

    if (record_list(logs->records_fd, logs->session->arena, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < logs->services.count; i++) {
        bool known = false;

        for (size_t j = 0; j < count; j++)
            known = known || string_eq(records[j]->service, logs->services.items[i]);
        if (!known)
            return error_set(err, "no such service: %s", logs->services.items[i]);
    }
    return 0;
}

static void on_line(const struct log_line *line, void *context)
{
    struct logs *logs = context;
    struct log_line shown = *line;

    shown.name = line->owner;
    /* Our own words about a container are for those who watch it live. */
    if (line->stream != LOG_EVENT || logs->follow)
        log_printer_line(logs->printer, &shown);
}

static void logs_read(void *owner)
{
    struct logs *logs = owner;

    if (log_reader_read(logs->reader, on_line, logs, &logs->error) < 0)
        logs->failed = true;
    if (logs->failed || log_printer_flush(logs->printer) < 0)
        loop_stop(logs->loop);
}

/* Following ends when nothing is left that could write. */
static void logs_look(struct logs *logs)
{
    if (logs_add_containers(logs, &logs->error) < 0) {
        logs->failed = true;
        loop_stop(logs->loop);
        return;
    }
    logs_read(logs);
    if (!logs->alive)
        loop_stop(logs->loop);
}

static void on_signal(void *owner)
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

static int logs_follow(struct logs *logs, struct error *err)
{
    struct records_watch records = {.logs = logs, .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    scoped_fd int inotify_fd = records.fd;
    struct fd_watch *record_watch;
    struct follow_source *source;
    struct signal_watch *interrupt, *terminate;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", logs->records_fd);
    if (inotify_fd < 0 || inotify_add_watch(inotify_fd, path, IN_MOVED_TO | IN_CREATE) < 0)
        return error_sys(err, "watch for new containers");
    logs->loop = loop_new();
    source = follow_source_new(logs->loop, logs->reader, logs_read, logs);
    record_watch = fd_watch_new(logs->loop, inotify_fd, FD_READABLE, on_records, &records);
    interrupt = signal_watch_new(logs->loop, SIGINT, on_signal, logs);
    terminate = signal_watch_new(logs->loop, SIGTERM, on_signal, logs);
    logs_look(logs);
    if (logs->alive && !logs->failed)
        loop_run(logs->loop);
    follow_source_free(source);
    fd_watch_free(record_watch);
    signal_watch_free(interrupt);
    signal_watch_free(terminate);
    loop_free(logs->loop);
    if (logs->failed)
        *err = logs->error;
    return logs->failed ? -1 : log_reader_finish(logs->reader, on_line, logs, err);
}

static int logs_show(struct logs *logs, struct error *err)
{
    struct log_printer_options options = {.colour = !logs->no_colour && isatty(STDOUT_FILENO) &&
                                                    !getenv("NO_COLOR"),
                                          .prefix = !logs->no_prefix,
                                          .timestamps = logs->timestamps,
                                          .out_fd = STDOUT_FILENO,
                                          .err_fd = STDOUT_FILENO};
    int dir_fd = openat(logs->dir->data_fd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;

    if (dir_fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open logs");
    (void)signal(SIGPIPE, SIG_IGN);
    logs->reader = log_reader_new(dir_fd, logs->range);
    logs->printer = log_printer_new(options);
    if (logs_add_containers(logs, err) < 0)
        result = -1;
    else if (logs->follow)
        result = logs_follow(logs, err);
    else if (log_reader_read(logs->reader, on_line, logs, err) < 0 ||
             log_reader_finish(logs->reader, on_line, logs, err) < 0)
        result = -1;
    (void)!log_printer_flush(logs->printer);
    log_reader_free(logs->reader);
    log_printer_free(logs->printer);
    return result;
}

/* RFC 3339, seconds since the epoch, or how long ago ("10m"). */
static int time_parse(const char *text, uint64_t *ret_ns, struct error *err)
{
    unsigned long long seconds;
    struct tm moment = {0};
    int64_t ago_ns;
    const char *rest;

    if (duration_parse(text, &ago_ns)) {
        *ret_ns = clock_realtime_ns() - (uint64_t)ago_ns;
        return 0;
    }
    if (string_to_u64(text, 100000000000ULL, &seconds)) {
        *ret_ns = seconds * 1000000000;
        return 0;
    }
    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &moment);
    if (!rest)
        rest = strptime(text, "%Y-%m-%d", &moment);
    if (!rest)
        return error_set(err, "'%s' is no time: give 2026-01-31T12:00:00, 10m or epoch seconds",
                         text);
    *ret_ns = (uint64_t)timegm(&moment) * 1000000000;
    return 0;
}

static int range_parse(const char *tail, const char *since, const char *until,
                       struct log_range *ret_range, struct error *err)
{
    unsigned long long lines;

    ret_range->tail = -1;
    if (tail && !string_eq(tail, "all")) {
        if (!string_to_u64(tail, INT64_MAX, &lines))
            return error_set(err, "--tail: '%s' is no number of lines", tail);
        ret_range->tail = (int64_t)lines;
    }
    if (since && time_parse(since, &ret_range->since_ns, err) < 0)
        return -1;
    if (until && time_parse(until, &ret_range->until_ns, err) < 0)
        return -1;
    return 0;
}

static int logs_run(struct logs *logs, struct error *err)
{
    scoped_fd int records_fd = -1;
    struct roots roots;

    if (session_project_dir(logs->session, &logs->project, &roots, &logs->dir, err) < 0)
        return -1;
    if (!logs->dir)
        return logs->services.count ? error_set(err, "no such service: %s", logs->services.items[0])
                                    : 0;
    if (project_heal(logs->dir, logs->project, err) < 0)
        return -1;
    records_fd = openat(logs->dir->run_fd, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (records_fd < 0)
        return error_sys(err, "open records");
    logs->records_fd = records_fd;
    if (services_known(logs, err) < 0)
        return -1;
    return logs_show(logs, err);
}

int command_logs(struct session *session, struct error *err)
{
    struct logs logs = {.session = session};
    const char *tail = NULL, *since = NULL, *until = NULL;
    const struct option_row rows[] = {
        {'f', "follow", OPTION_FLAG, &logs.follow, NULL, "go on with what comes"},
        {'n', "tail", OPTION_STRING, &tail, "LINES", "the last lines of each container"},
        {'t', "timestamps", OPTION_FLAG, &logs.timestamps, NULL, "show the time of each line"},
        {0, "since", OPTION_STRING, &since, "TIME", "not before"},
        {0, "until", OPTION_STRING, &until, "TIME", "not after"},
        {0, "no-color", OPTION_FLAG, &logs.no_colour, NULL, "plain"},
        {0, "no-log-prefix", OPTION_FLAG, &logs.no_prefix, NULL, "without the container's name"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &logs.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (range_parse(tail, since, until, &logs.range, err) < 0)
        return -1;
    result = logs_run(&logs, err);
    project_dir_close(logs.dir);
    return result;
}
