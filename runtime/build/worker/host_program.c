/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/host_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

extern char **environ;

enum { SAID_BYTES = 4096 };

/* One run. */
struct execution {
    pid_t pid;
    int output_fd;
    char said[SAID_BYTES]; /* the beginning of it */
    size_t length;
    bool stopped;
};

static bool is_replaced(const struct host_program *program, const char *entry)
{
    size_t length = strcspn(entry, "=");

    for (size_t i = 0; i < program->environment.count; i++) {
        const char *own = program->environment.items[i];

        if (strcspn(own, "=") == length && strncmp(own, entry, length) == 0)
            return true;
    }
    return false;
}

static char **make_environment(const struct host_program *program, struct arena *arena)
{
    struct string_list list = {0};

    for (char **entry = environ; *entry; entry++)
        if (!is_replaced(program, *entry))
            string_list_add(arena, &list, *entry);
    for (size_t i = 0; i < program->environment.count; i++)
        if (strchr(program->environment.items[i], '='))
            string_list_add(arena, &list, program->environment.items[i]);
    string_list_add(arena, &list, NULL);
    return (char **)(uintptr_t)list.items;
}

/* In a process group of its own, so that all of it can be ended; signals are as in a fresh program,
 * whatever ours are. */
static int start(const struct host_program *program, int write_fd, pid_t *ret_pid)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct string_list args = string_list_copy(arena, program->args);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    int problem;

    string_list_add(arena, &args, NULL);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, write_fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, write_fd, STDERR_FILENO);
    problem = posix_spawnp(ret_pid, args.items[0], &files, &attributes,
                           (char **)(uintptr_t)args.items, make_environment(program, arena));
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return problem;
}

/* Until everybody who writes has ended. */
static void listen_to(struct execution *execution, int stop_fd)
{
    char bytes[SAID_BYTES];
    ssize_t n = 1;

    while (n != 0) {
        struct pollfd watched[] = {{execution->output_fd, POLLIN, 0},
                                   {execution->stopped ? -1 : stop_fd, POLLIN, 0}};
        size_t room = sizeof(execution->said) - 1 - execution->length;

        if (poll(watched, ARRAY_LENGTH(watched), -1) < 0)
            continue;
        if (watched[1].revents) {
            execution->stopped = true;
            (void)kill(-execution->pid, SIGKILL);
        }
        if (!watched[0].revents)
            continue;
        n = read(execution->output_fd, bytes, sizeof(bytes));
        if (n > 0 && room > 0) {
            if ((size_t)n < room)
                room = (size_t)n;
            memcpy(execution->said + execution->length, bytes, room);
            execution->length += room;
        }
    }
}

static int finish(struct execution *execution, const char *name, struct error *err)
{
    int status = 0;

    while (waitpid(execution->pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_sys(err, "wait for '%s'", name);
    if (execution->stopped)
        return error_set(err, "interrupted");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    while (execution->length > 0 && execution->said[execution->length - 1] == '\n')
        execution->length--;
    execution->said[execution->length] = '\0';
    return error_set(err, "%s: %s", name,
                     execution->length > 0 ? execution->said : "it ended with an error");
}

int host_program_run(const struct host_program *program, struct error *err)
{
    struct execution execution = {.output_fd = -1};
    scoped_fd int read_fd = -1;
    scoped_fd int write_fd = -1;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe");
    execution.output_fd = read_fd = fds[0];
    write_fd = fds[1];
    errno = start(program, write_fd, &execution.pid);
    if (errno != 0)
        return error_sys(err, "run '%s'", program->args.items[0]);
    fd_close(steal_fd(&write_fd));
    listen_to(&execution, program->stop_fd);
    return finish(&execution, program->args.items[0], err);
}
