/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/systemd_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/helper_program.h"
#include "common/own_ids.h"
#include "common/text.h"

extern char **environ;

/*
 * What is sent
 */

static bool is_unit_name(const char *name, size_t length)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\-@";

    return length > 0 && length < 256 && strspn(name, allowed) >= length && name[0] != '-';
}

int systemd_scope_name(const char *cgroups_path, const char *id, struct arena *arena,
                       struct systemd_scope *ret_scope, struct error *err)
{
    char *name = arena_strdup(arena, cgroups_path ? cgroups_path : "");
    const char *slice = NULL, *prefix = "yawl-oci";

    if (!*name) {
        name = arena_strdup(arena, id);
    } else {
        slice = strsep(&name, ":");
        prefix = name ? strsep(&name, ":") : NULL;
        /* As crun takes it: a slice and what is in it. */
        if (prefix && !name) {
            name = (char *)(uintptr_t)prefix;
            prefix = "";
        }
        if (!name || !*name || strchr(name, ':'))
            return error_set(err,
                             "config.json: linux.cgroupsPath: '%s' is not as systemd wants it: "
                             "'slice:prefix:name'",
                             cgroups_path);
    }
    ret_scope->slice = slice && *slice ? slice : NULL;
    ret_scope->unit = arena_printf(arena, "%s%s%s%s", prefix, *prefix ? "-" : "", name,
                                   string_ends_with(name, ".scope") ? "" : ".scope");
    if (!is_unit_name(ret_scope->unit, strlen(ret_scope->unit)) ||
        (slice && *slice &&
         (!is_unit_name(slice, strlen(slice)) || !string_ends_with(slice, ".slice"))))
        return error_set(err, "config.json: linux.cgroupsPath: '%s' names no slice and scope",
                         cgroups_path ? cgroups_path : id);
    return 0;
}

/* "50000 100000" becomes a part of one processor's time, up to the next hundredth of a percent. */
static void add_quota(const char *value, struct arena *arena, struct string_list *properties)
{
    unsigned long long quota = 0, period = 0;
    char number[24];
    size_t length = strcspn(value, " ");

    if (value[length] != ' ' || length >= sizeof(number) ||
        !string_to_u64(value + length + 1, 1000000, &period) || period == 0)
        return;
    memcpy(number, value, length);
    number[length] = '\0';
    string_list_add(arena, properties, arena_printf(arena, "CPUQuotaPeriodSec=%lluus", period));
    if (!string_to_u64(number, UINT64_MAX / 20000, &quota)) {
        string_list_add(arena, properties, "CPUQuota=");
        return;
    }
    quota = (quota * 10000 + period - 1) / period;
    string_list_add(arena, properties,
                    arena_printf(arena, "CPUQuota=%llu.%02llu%%", quota / 100, quota % 100));
}

void systemd_scope_properties(const struct resource_spec *resources, struct arena *arena,
                              struct string_list *ret_properties)
{
    static const struct {
        const char *file, *property;
    } known[] = {
        {"memory.max", "MemoryMax"},           {"memory.high", "MemoryHigh"},
        {"memory.low", "MemoryLow"},           {"memory.min", "MemoryMin"},
        {"memory.swap.max", "MemorySwapMax"},  {"pids.max", "TasksMax"},
        {"cpu.weight", "CPUWeight"},           {"cpuset.cpus", "AllowedCPUs"},
        {"cpuset.mems", "AllowedMemoryNodes"}, {"io.weight", "IOWeight"},
    };

    for (size_t i = 0; i < resources->n_settings; i++) {
        const struct cgroup_setting *setting = &resources->settings[i];
        const char *value = setting->v2_value;

        if (!setting->v2_file || !value)
            continue;
        if (string_eq(setting->v2_file, "cpu.max"))
            add_quota(value, arena, ret_properties);
        for (size_t j = 0; j < ARRAY_LENGTH(known); j++)
            if (string_eq(setting->v2_file, known[j].file))
                string_list_add(arena, ret_properties,
                                arena_printf(arena, "%s=%s", known[j].property,
                                             string_eq(value, "max") ? "infinity" : value));
    }
}

void systemd_scope_command(const struct systemd_scope *scope, const struct resource_spec *resources,
                           bool of_user, struct arena *arena, struct string_list *ret_words)
{
    static const char *const first[] = {"systemd-run",
                                        "--scope",
                                        "--quiet",
                                        "--collect",
                                        "--property=Delegate=yes",
                                        "--property=DefaultDependencies=no"};
    struct string_list properties = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(first); i++)
        string_list_add(arena, ret_words, first[i]);
    if (of_user)
        string_list_add(arena, ret_words, "--user");
    if (scope->slice)
        string_list_add(arena, ret_words, arena_printf(arena, "--slice=%s", scope->slice));
    string_list_add(arena, ret_words, arena_printf(arena, "--unit=%s", scope->unit));
    systemd_scope_properties(resources, arena, &properties);
    for (size_t i = 0; i < scope->properties.count; i++)
        string_list_add(arena, &properties, scope->properties.items[i]);
    for (size_t i = 0; i < properties.count; i++)
        string_list_add(arena, ret_words,
                        arena_printf(arena, "--property=%s", properties.items[i]));
    string_list_add(arena, ret_words, "--");
    string_list_add(arena, ret_words, "cat");
}

const char *systemd_scope_path(const char *text, struct arena *arena)
{
    const char *found = NULL;
    char *rest = arena_strdup(arena, text), *line;

    while ((line = strsep(&rest, "\n"))) {
        if (string_starts_with(line, "0::/"))
            found = line + strlen("0::");
        else if (*line)
            return NULL;
    }
    return found;
}

/*
 * Sending it
 */

/* Who is root of a user namespace alone is an ordinary user as well. */
static bool is_of_user(void)
{
    return geteuid() != 0 || !own_ids_are_all();
}

struct holder_pipes {
    int input[2], said[2]; /* what it reads; what it and systemd-run say */
};

static void close_both(int fds[2])
{
    fd_close(fds[0]);
    fd_close(fds[1]);
}

static int spawn(const struct string_list *words, const struct holder_pipes *pipes, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    int problem;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_adddup2(&files, pipes->input[0], STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, pipes->said[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, pipes->said[1], STDERR_FILENO);
    problem = posix_spawnp(ret_pid, words->items[0], &files, NULL, (char **)(uintptr_t)words->items,
                           environ);
    (void)posix_spawn_file_actions_destroy(&files);
    return problem;
}

/* What was written to it comes back once the program runs that systemd-run becomes in the scope. */
static int await_echo(int input_fd, int said_fd, struct error *err)
{
    enum { PATIENCE_MS = 60000 };
    static const char mark[] = "\001";
    scoped_text struct text said = {0};
    struct pollfd poll_fd = {.fd = said_fd, .events = POLLIN};
    char bytes[512];

    if (fd_write_all(input_fd, mark, 1) < 0)
        return error_sys(err, "talk to systemd-run");
    for (;;) {
        ssize_t got;

        if (poll(&poll_fd, 1, PATIENCE_MS) == 0)
            return error_set(err, "systemd does not answer");
        got = read(said_fd, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set(err, "%.*s", (int)strcspn(text_get(&said), "\n"), text_get(&said));
        if (memchr(bytes, mark[0], (size_t)got))
            return 0;
        text_append_bytes(&said, bytes, (size_t)got);
    }
}

static int find_path(pid_t pid, const char *unit, struct arena *arena, const char **ret_path,
                     struct error *err)
{
    scoped_text struct text text = {0};
    char path[64];
    const char *found;

    (void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    if (file_read(AT_FDCWD, path, 64 * 1024, &text, NULL, err) < 0)
        return -1;
    found = systemd_scope_path(text_get(&text), arena);
    if (!found)
        return error_set(err, "this host has control groups v1: tell the caller to use cgroupfs");
    if (!string_ends_with(found, arena_printf(arena, "/%s", unit)))
        return error_set(err, "systemd has put it in '%s'", found);
    *ret_path = found;
    return 0;
}

static int start(const struct systemd_scope *scope, const struct string_list *words,
                 struct arena *arena, struct systemd_holder *holder, const char **ret_path,
                 struct error *err)
{
    struct holder_pipes pipes = {{-1, -1}, {-1, -1}};
    int result = -1;

    if (pipe2(pipes.input, O_CLOEXEC) < 0 || pipe2(pipes.said, O_CLOEXEC) < 0)
        (void)error_sys(err, "make a pipe");
    else if ((errno = spawn(words, &pipes, &holder->pid)) != 0)
        (void)error_sys(err, "run '%s'", words->items[0]);
    else
        result = 0;
    holder->input_fd = steal_fd(&pipes.input[1]);
    fd_close(steal_fd(&pipes.said[1]));
    if (result == 0 && (await_echo(holder->input_fd, pipes.said[0], err) < 0 ||
                        find_path(holder->pid, scope->unit, arena, ret_path, err) < 0))
        result = -1;
    close_both(pipes.input);
    close_both(pipes.said);
    return result;
}

int systemd_scope_start(const struct systemd_scope *scope, const struct resource_spec *resources,
                        struct arena *arena, struct systemd_holder *ret_holder,
                        const char **ret_path, struct error *err)
{
    struct string_list words = {0};

    *ret_holder = (struct systemd_holder){.input_fd = -1};
    systemd_scope_command(scope, resources, is_of_user(), arena, &words);
    if (start(scope, &words, arena, ret_holder, ret_path, err) == 0)
        return 0;
    systemd_holder_end(ret_holder);
    return error_wrap(err, "make unit '%s'", scope->unit);
}

void systemd_holder_end(struct systemd_holder *holder)
{
    if (holder->pid <= 0)
        return;
    fd_close(steal_fd(&holder->input_fd));
    while (waitpid(holder->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    holder->pid = 0;
}

/* Runs "systemctl COMMAND UNIT WORDS". */
static int ask(const char *command, const char *unit, const struct string_list *more,
               struct arena *arena, struct error *err)
{
    struct string_list words = {0};
    scoped_text struct text said = {0};
    struct helper_end end;

    string_list_add(arena, &words, "systemctl");
    string_list_add(arena, &words, is_of_user() ? "--user" : "--system");
    string_list_add(arena, &words, "--quiet");
    string_list_add(arena, &words, command);
    string_list_add(arena, &words, unit);
    for (size_t i = 0; i < more->count; i++)
        string_list_add(arena, &words, more->items[i]);
    if (helper_program_run(words.items, &said, &end, err) < 0)
        return -1;
    if (!end.found)
        return error_set(err, "there is no 'systemctl'");
    if (!end.success)
        return error_set(err, "%s unit '%s': %.*s", command, unit,
                         (int)strcspn(text_get(&said), "\n"), text_get(&said));
    return 0;
}

int systemd_scope_change(const char *unit, const struct resource_spec *resources,
                         struct arena *arena, struct error *err)
{
    struct string_list more = {0};

    string_list_add(arena, &more, "--runtime");
    systemd_scope_properties(resources, arena, &more);
    return more.count == 1 ? 0 : ask("set-property", unit, &more, arena, err);
}

int systemd_scope_stop(const char *unit, struct arena *arena, struct error *err)
{
    static const struct string_list nothing = {0};
    struct error why = {0};

    if (ask("stop", unit, &nothing, arena, &why) == 0 || strstr(why.text, "not loaded"))
        return 0;
    if (err)
        *err = why;
    return -1;
}
