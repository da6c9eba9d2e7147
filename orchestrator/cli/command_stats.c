/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers use, measured from here: by their control groups, and by the interfaces of their
 * network namespaces.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/json.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/stats_row.h"
#include "orchestrator/cli/table.h"
#include "runtime/cgroup/cgroup.h"

/* The first measurement of CPU time needs a second one; further ones come once a second. */
enum { FIRST_MS = 500, REFRESH_MS = 1000, NET_DEV_MAX_BYTES = 1024 * 1024 };

/* One container at one time. */
struct measured {
    const char *name;
    int starts;
    bool running;
    struct stats_sample sample;
};

/* All of them, in an arena of its own so that a long run does not grow. */
struct round {
    struct arena *arena;
    struct measured *containers;
    size_t count;
};

struct stats {
    struct session *session;
    struct string_list services;
    bool all, no_stream, json;
    struct round last;
};

static void round_done(struct round *round)
{
    arena_free(steal(round->arena));
}

/* -- measuring */

static uint64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The host's own interfaces are nobody's. */
static bool has_own_network(const char *proc_path)
{
    struct stat ours, theirs;
    char path[80];

    (void)snprintf(path, sizeof(path), "%s/ns/net", proc_path);
    return stat(path, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
           ours.st_ino != theirs.st_ino;
}

static void net_measure(pid_t pid, struct stats_sample *sample)
{
    scoped_text struct text interfaces = {0};
    char proc_path[64], path[80];

    (void)snprintf(proc_path, sizeof(proc_path), "/proc/%d", (int)pid);
    (void)snprintf(path, sizeof(path), "%s/net/dev", proc_path);
    if (has_own_network(proc_path) &&
        file_read(AT_FDCWD, path, NET_DEV_MAX_BYTES, &interfaces, NULL, NULL) == 0)
        stats_sample_add_interfaces(text_get(&interfaces), sample);
}

static int container_measure(const char *project, const struct record *record, struct arena *arena,
                             struct measured *ret_measured, struct error *err)
{
    scoped(cgroup_free) struct cgroup *cgroup = NULL;
    struct measured measured = {
        .name = record->name, .starts = record->starts, .running = record->phase == PHASE_RUNNING};

    if (measured.running &&
        cgroup_open(record->cgroup_parent ? record->cgroup_parent
                                          : arena_printf(arena, "yawl/%s", project),
                    arena_printf(arena, "%s.%d", record->name, record->starts), &cgroup, err) < 0)
        return -1;
    if (cgroup) {
        measured.sample.at_us = now_us();
        cgroup_measure(cgroup, record->pid, &measured.sample.usage);
        net_measure(record->pid, &measured.sample);
    }
    *ret_measured = measured;
    return 0;
}

static bool stats_shows(const struct stats *stats, const struct record *record)
{
    return (stats->services.count == 0 || string_list_has(&stats->services, record->service)) &&
           (stats->all || record->phase == PHASE_RUNNING);
}

static int round_measure(const struct stats *stats, struct round *round, struct error *err)
{
    struct session session = *stats->session;
    struct record **records;
    const char *project;
    size_t count;

    session.arena = round->arena;
    if (session_records(&session, &project, &records, &count, err) < 0)
        return -1;
    round->containers = arena_new_array(round->arena, struct measured, count + 1);
    for (size_t i = 0; i < count; i++)
        if (stats_shows(stats, records[i]) &&
            container_measure(project, records[i], round->arena, &round->containers[round->count++],
                              err) < 0)
            return -1;
    return 0;
}

static struct stats_sample sample_before(const struct round *last, const struct measured *now)
{
    for (size_t i = 0; i < last->count; i++)
        if (string_eq(last->containers[i].name, now->name) &&
            last->containers[i].starts == now->starts)
            return last->containers[i].sample;
    return (struct stats_sample){0};
}

/* -- showing */

static void row_add(struct table *table, const char *name, const struct stats_row *row)
{
    table_add(table, name);
    table_add(table, row->cpu);
    table_add(table, row->memory);
    table_add(table, row->memory_share);
    table_add(table, row->net);
    table_add(table, row->blocks);
    table_add(table, row->tasks);
}

static void row_json(const char *name, const struct stats_row *row, struct text *out)
{
    scoped(json_release) json_t *json =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "BlockIO", row->blocks, "CPUPerc",
                  row->cpu, "Container", name, "ID", name, "MemPerc", row->memory_share, "MemUsage",
                  row->memory, "Name", name, "NetIO", row->net, "PIDs", row->tasks);

    json_format(json, out);
    text_append_char(out, '\n');
}

static void round_show(const struct stats *stats, const struct round *round)
{
    static const char *const heads[] = {
        "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS", NULL};
    struct table table = table_start(round->arena, heads);
    scoped_text struct text out = {0};

    for (size_t i = 0; i < round->count; i++) {
        const struct measured *now = &round->containers[i];
        struct stats_sample before = sample_before(&stats->last, now);
        struct stats_row row = stats_row_make(&before, &now->sample, round->arena);

        if (stats->json)
            row_json(now->name, &row, &out);
        else
            row_add(&table, now->name, &row);
    }
    if (!stats->json) {
        if (!stats->no_stream && isatty(STDOUT_FILENO))
            text_append(&out, "\033[H\033[J");
        table_print(&table, &out);
    }
    (void)printf("%s", text_get(&out));
    (void)fflush(stdout);
}

static int stats_round(struct stats *stats, bool shows, struct error *err)
{
    struct round round = {.arena = arena_new()};

    if (round_measure(stats, &round, err) < 0) {
        round_done(&round);
        return -1;
    }
    if (shows)
        round_show(stats, &round);
    round_done(&stats->last);
    stats->last = round;
    return 0;
}

static void sleep_ms(long ms)
{
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&span, NULL);
}

static int stats_run(struct stats *stats, struct error *err)
{
    if (stats_round(stats, false, err) < 0)
        return -1;
    sleep_ms(FIRST_MS);
    for (;;) {
        if (stats_round(stats, true, err) < 0)
            return -1;
        if (stats->no_stream || ferror(stdout))
            return 0;
        sleep_ms(REFRESH_MS);
    }
}

int command_stats(struct session *session, struct error *err)
{
    struct stats stats = {.session = session};
    const char *format = "table";
    bool no_trunc = false;
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &stats.all, NULL, "stopped containers too"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "table or json"},
        {0, "no-stream", OPTION_FLAG, &stats.no_stream, NULL, "once, then end"},
        {0, "no-trunc", OPTION_FLAG, &no_trunc, NULL, "accepted; nothing is cut off"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &stats.services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(format, "table") && !string_eq(format, "json"))
        return error_set(err, "unknown format '%s': table or json", format);
    stats.json = string_eq(format, "json");
    result = stats_run(&stats, err);
    round_done(&stats.last);
    return result;
}
