/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of running containers as the host sees them: those in the container's control
 * group (or mount namespace, where it has no group), with what `ps -ef` tells of each.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mount_namespace.h"
#include "common/own_ids.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/table.h"

enum { PROC_FILE_MAX_BYTES = 64 * 1024, STAT_FIELDS_AFTER_NAME = 22, DAY_S = 86400 };

/* Fields of /proc/PID/stat behind the name, counted from the state. */
enum { FIELD_PPID = 1, FIELD_TTY = 4, FIELD_UTIME = 11, FIELD_STIME = 12, FIELD_START = 19 };

struct top {
    struct arena *arena;
    struct table table;
    const struct record *record;
    const char *group; /* "/yawl/PROJECT/ID": the end of the path of the container's group */
    bool has_group;    /* else its processes are those of its mount namespace */
};

struct top_process {
    pid_t pid;
    uid_t uid;
    long long fields[STAT_FIELDS_AFTER_NAME];
    char name[64]; /* of the program, for processes without arguments */
};

static int proc_read(pid_t pid, const char *file, struct text *ret_text)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    return file_read(AT_FDCWD, path, PROC_FILE_MAX_BYTES, ret_text, NULL, NULL);
}

/* Some line of /proc/PID/cgroup ends with the group, or with one inside it. */
static bool is_in_group(const struct top *top, pid_t pid)
{
    scoped_text struct text groups = {0};
    size_t length = strlen(top->group);
    char *rest, *line;

    if (proc_read(pid, "cgroup", &groups) < 0)
        return false;
    rest = groups.data;
    while ((line = strsep(&rest, "\n"))) {
        const char *found = strstr(line, top->group);

        if (found && (found[length] == '\0' || found[length] == '/'))
            return true;
    }
    return false;
}

static bool is_member(const struct top *top, pid_t pid)
{
    return top->has_group ? is_in_group(top, pid) : mount_namespace_has(top->record->pid, pid);
}

static bool process_read(pid_t pid, struct top_process *ret_process)
{
    scoped_text struct text stat_text = {0};
    char path[64], *open_mark, *close_mark, *rest, *word;
    struct stat owner;

    *ret_process = (struct top_process){.pid = pid};
    (void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    if (stat(path, &owner) < 0 || proc_read(pid, "stat", &stat_text) < 0 || !stat_text.data)
        return false;
    open_mark = strchr(stat_text.data, '(');
    close_mark = strrchr(stat_text.data, ')');
    if (!open_mark || !close_mark || close_mark[1] != ' ')
        return false;
    *close_mark = '\0';
    (void)snprintf(ret_process->name, sizeof(ret_process->name), "[%s]", open_mark + 1);
    ret_process->uid = owner.st_uid;
    rest = close_mark + 2;
    for (size_t i = 0; i < STAT_FIELDS_AFTER_NAME && (word = strsep(&rest, " ")); i++)
        ret_process->fields[i] = strtoll(word, NULL, 10);
    return true;
}

static const char *user_text(struct arena *arena, uid_t uid)
{
    /* In a user namespace the numbers are not those that the host has names for. */
    const struct passwd *entry = own_ids_are_all() ? getpwuid(uid) : NULL;

    return entry ? arena_strdup(arena, entry->pw_name) : arena_printf(arena, "%u", (unsigned)uid);
}

static const char *tty_text(struct arena *arena, long long device)
{
    long long major_number = (device >> 8) & 0xfff;
    long long minor_number = (device & 0xff) | ((device >> 12) & 0xfff00);

    if (device == 0)
        return "?";
    if (major_number >= 136 && major_number <= 143)
        return arena_printf(arena, "pts/%lld", minor_number + (major_number - 136) * 256);
    return arena_printf(arena, "%lld/%lld", major_number, minor_number);
}

static time_t started_at(const struct top_process *process)
{
    struct timespec up;
    long long ticks = sysconf(_SC_CLK_TCK);

    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    return time(NULL) - up.tv_sec + (time_t)(process->fields[FIELD_START] / ticks);
}

/* "14:03", or "Nov28" when that is more than a day ago. */
static const char *start_text(struct arena *arena, time_t start)
{
    char text[16];
    struct tm parts;

    (void)localtime_r(&start, &parts);
    (void)strftime(text, sizeof(text), time(NULL) - start < DAY_S ? "%H:%M" : "%b%d", &parts);
    return arena_strdup(arena, text);
}

/* Arguments are separated by zeros. */
static const char *command_line(struct arena *arena, const struct top_process *process)
{
    scoped_text struct text text = {0};

    if (proc_read(process->pid, "cmdline", &text) < 0 || text.length == 0)
        return arena_strdup(arena, process->name);
    for (size_t i = 0; i + 1 < text.length; i++)
        if ((unsigned char)text.data[i] < ' ')
            text.data[i] = text.data[i] == '\0' ? ' ' : '?';
    return arena_strdup(arena, text.data);
}

static void process_add(struct top *top, const struct top_process *process)
{
    struct arena *arena = top->arena;
    time_t start = started_at(process);
    long long seconds =
        (process->fields[FIELD_UTIME] + process->fields[FIELD_STIME]) / sysconf(_SC_CLK_TCK);
    long long age = time(NULL) - start;

    table_add(&top->table, top->record->service);
    table_add(&top->table, arena_printf(arena, "%d", top->record->number));
    table_add(&top->table, user_text(arena, process->uid));
    table_add(&top->table, arena_printf(arena, "%d", (int)process->pid));
    table_add(&top->table, arena_printf(arena, "%lld", process->fields[FIELD_PPID]));
    table_add(&top->table, arena_printf(arena, "%lld", age > 0 ? seconds * 100 / age : 0));
    table_add(&top->table, start_text(arena, start));
    table_add(&top->table, tty_text(arena, process->fields[FIELD_TTY]));
    table_add(&top->table, arena_printf(arena, "%02lld:%02lld:%02lld", seconds / 3600,
                                        seconds / 60 % 60, seconds % 60));
    table_add(&top->table, command_line(arena, process));
}

static int top_record(struct top *top, const char *project, struct error *err)
{
    const struct dirent *entry;
    DIR *dir = opendir("/proc");

    if (!dir)
        return error_sys(err, "open '/proc'");
    top->group =
        arena_printf(top->arena, "/yawl/%s/%s.%d", project, top->record->name, top->record->starts);
    top->has_group = is_in_group(top, top->record->pid);
    while ((entry = readdir(dir))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        struct top_process process;

        if (pid > 0 && is_member(top, pid) && process_read(pid, &process))
            process_add(top, &process);
    }
    (void)closedir(dir);
    return 0;
}

int command_top(struct session *session, struct error *err)
{
    static const char *const heads[] = {"SERVICE", "#",   "UID",  "PID", "PPID", "C",
                                        "STIME",   "TTY", "TIME", "CMD", NULL};
    const struct option_row rows[] = {{0, NULL, OPTION_END, NULL, NULL, NULL}};
    struct top top = {.arena = session->arena, .table = table_start(session->arena, heads)};
    scoped_text struct text out = {0};
    struct string_list services = {0};
    struct record **records;
    const char *project;
    size_t count;
    int result = session_options(session, rows, false, &services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (session_records(session, &project, &records, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        top.record = records[i];
        if (records[i]->phase == PHASE_RUNNING &&
            (services.count == 0 || string_list_has(&services, records[i]->service)) &&
            top_record(&top, project, err) < 0)
            return -1;
    }
    table_print(&top.table, &out);
    (void)printf("%s", text_get(&out));
    return 0;
}
