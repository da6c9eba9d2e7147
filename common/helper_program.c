/* SPDX-License-Identifier: Apache-2.0 */
#include "common/helper_program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"

extern char **environ;

enum { SAID_BYTES = 64 * 1024 };

static int spawn(const char *const *args, int output_fd, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    int problem;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, output_fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, output_fd, STDERR_FILENO);
    problem = posix_spawnp(ret_pid, args[0], &files, NULL, (char **)(uintptr_t)args, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    return problem;
}

int helper_program_run(const char *const *args, struct text *said, struct helper_end *ret_end,
                       struct error *err)
{
    scoped_fd int read_fd = -1, write_fd = -1;
    int fds[2], status = 0, result;
    pid_t pid;

    *ret_end = (struct helper_end){0};
    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe");
    read_fd = fds[0];
    write_fd = fds[1];
    errno = spawn(args, write_fd, &pid);
    if (errno == ENOENT)
        return 0;
    if (errno != 0)
        return error_sys(err, "run '%s'", args[0]);
    fd_close(steal_fd(&write_fd));
    result = fd_read_all(read_fd, SAID_BYTES, said, err);
    fd_close(steal_fd(&read_fd));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_sys(err, "wait for '%s'", args[0]);
    *ret_end = (struct helper_end){true, WIFEXITED(status) && WEXITSTATUS(status) == 0};
    return result;
}
