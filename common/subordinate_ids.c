/* SPDX-License-Identifier: Apache-2.0 */
#include "common/subordinate_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

extern char **environ;

enum { FILE_BYTES = 4 * 1024 * 1024, SAID_BYTES = 64 * 1024, SUGGESTED_COUNT = 65536 };

/* -- parsing */

static void range_add(struct subordinate_ranges *ranges, unsigned long long first,
                      unsigned long long count)
{
    if (first == 0 || count == 0 || first > UINT32_MAX - 1 || count > UINT32_MAX - first ||
        ranges->count == SUBORDINATE_RANGES_MAX)
        return;
    ranges->items[ranges->count++] = (struct subordinate_range){(uint32_t)first, (uint32_t)count};
}

/* The two numbers behind the owner. */
static bool numbers_parse(char *rest, const char *separator, unsigned long long *ret_first,
                          unsigned long long *ret_count)
{
    const char *first = strsep(&rest, separator);
    const char *count = rest;

    return first && count && string_to_u64(first, UINT32_MAX, ret_first) &&
           string_to_u64(count, UINT32_MAX, ret_count);
}

/* "0: " in front of a line of getsubids. */
static char *skip_number(char *line)
{
    size_t digits = strspn(line, "0123456789");

    return digits > 0 && string_starts_with(line + digits, ": ") ? line + digits + 2 : NULL;
}

void subordinate_ranges_parse(const char *text, const char *name, uid_t uid,
                              struct subordinate_ranges *ret_ranges)
{
    scoped_text struct text copy = {0};
    char number[16], *rest, *line;

    *ret_ranges = (struct subordinate_ranges){0};
    (void)snprintf(number, sizeof(number), "%u", (unsigned)uid);
    text_append(&copy, text);
    rest = copy.data;
    while ((line = strsep(&rest, "\n"))) {
        char *asked = skip_number(line);
        const char *separator = asked ? " " : ":";
        char *at = asked ? asked : line;
        const char *owner = strsep(&at, separator);
        unsigned long long first, count;

        if (at && (string_eq(owner, name) || string_eq(owner, number)) &&
            numbers_parse(at, separator, &first, &count))
            range_add(ret_ranges, first, count);
    }
}

/* -- other programs */

/* Runs a program to its end. What it says goes into `said`; *ret_found is false where there is no
 * such program. */
static int program_ask(char *const *args, struct text *said, bool *ret_found, bool *ret_success,
                       struct error *err)
{
    posix_spawn_file_actions_t files;
    scoped_fd int read_fd = -1, write_fd = -1;
    int fds[2], problem, status = 0, result;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe");
    read_fd = fds[0];
    write_fd = fds[1];
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, write_fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, write_fd, STDERR_FILENO);
    problem = posix_spawnp(&pid, args[0], &files, NULL, args, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    *ret_found = problem != ENOENT;
    errno = problem;
    if (problem != 0)
        return *ret_found ? error_sys(err, "run '%s'", args[0]) : 0;
    fd_close(steal_fd(&write_fd));
    result = fd_read_all(read_fd, SAID_BYTES, said, err);
    fd_close(steal_fd(&read_fd));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_sys(err, "wait for '%s'", args[0]);
    *ret_success = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return result;
}

static char *word(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* -- what there is */

static int ranges_find(const char *name, bool groups, struct subordinate_ranges *ret_ranges,
                       struct error *err)
{
    char *const args[] = {word("getsubids"), word(groups ? "-g" : name), groups ? word(name) : NULL,
                          NULL};
    scoped_text struct text list = {0};
    bool found, success, exists;

    if (program_ask(args, &list, &found, &success, err) < 0)
        return -1;
    if (!found && file_read(AT_FDCWD, groups ? "/etc/subgid" : "/etc/subuid", FILE_BYTES, &list,
                            &exists, err) < 0)
        return -1;
    subordinate_ranges_parse(text_get(&list), name, getuid(), ret_ranges);
    return 0;
}

/* Behind all that the file has lent to anybody. */
static unsigned long long first_free(const char *path)
{
    scoped_text struct text list = {0};
    unsigned long long free_from = 100000;
    char *rest, *line;
    bool exists;

    if (file_read(AT_FDCWD, path, FILE_BYTES, &list, &exists, NULL) < 0)
        return free_from;
    rest = list.data;
    while ((line = strsep(&rest, "\n"))) {
        unsigned long long first, count;

        (void)strsep(&line, ":");
        if (line && numbers_parse(line, ":", &first, &count) && first + count > free_from)
            free_from = first + count;
    }
    return free_from;
}

static int refuse(const char *name, struct error *err)
{
    unsigned long long users = first_free("/etc/subuid"), groups = first_free("/etc/subgid");

    return error_set(err,
                     "user '%s' has no subordinate ids, and containers need some; an administrator "
                     "gives them with: usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
                     name, users, users + SUGGESTED_COUNT - 1, groups, groups + SUGGESTED_COUNT - 1,
                     name);
}

int subordinate_ids_find(struct subordinate_ids *ret_ids, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct passwd *entry = getpwuid(getuid());
    const char *name =
        entry ? arena_strdup(arena, entry->pw_name) : arena_printf(arena, "%u", (unsigned)getuid());

    if (ranges_find(name, false, &ret_ids->users, err) < 0 ||
        ranges_find(name, true, &ret_ids->groups, err) < 0)
        return error_wrap(err, "find the subordinate ids of user '%s'", name);
    if (ret_ids->users.count == 0 || ret_ids->groups.count == 0)
        return refuse(name, err);
    return 0;
}

/* -- mapping */

static int map_one(const char *program, pid_t pid, unsigned own_id,
                   const struct subordinate_ranges *ranges, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text said = {0};
    struct string_list args = {0};
    bool found, success;
    uint32_t inside = 1;

    string_list_add(arena, &args, program);
    string_list_add(arena, &args, arena_printf(arena, "%d", (int)pid));
    string_list_add(arena, &args, "0");
    string_list_add(arena, &args, arena_printf(arena, "%u", own_id));
    string_list_add(arena, &args, "1");
    for (size_t i = 0; i < ranges->count && ranges->items[i].count < UINT32_MAX - inside; i++) {
        string_list_add(arena, &args, arena_printf(arena, "%u", inside));
        string_list_add(arena, &args, arena_printf(arena, "%u", ranges->items[i].first));
        string_list_add(arena, &args, arena_printf(arena, "%u", ranges->items[i].count));
        inside += ranges->items[i].count;
    }
    if (program_ask((char **)(uintptr_t)args.items, &said, &found, &success, err) < 0)
        return -1;
    if (!found)
        return error_set(err, "there is no '%s': install the package 'uidmap' (or 'shadow-utils')",
                         program);
    if (success)
        return 0;
    return error_set(err, "%.*s (is '%s' installed with its setuid bit or capability?)",
                     (int)strcspn(text_get(&said), "\n"), text_get(&said), program);
}

int subordinate_ids_map(const struct subordinate_ids *ids, pid_t pid, struct error *err)
{
    if (map_one("newuidmap", pid, (unsigned)getuid(), &ids->users, err) < 0)
        return -1;
    return map_one("newgidmap", pid, (unsigned)getgid(), &ids->groups, err);
}
