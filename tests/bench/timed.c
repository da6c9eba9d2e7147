/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timed COMMAND [ARGUMENT...]: runs the command without input and output, says how many
 * microseconds lay between the moment before its start and its end, and ends as it did. Linked
 * statically and started before the clock is, so that its own start counts for nothing.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t files;
    long long begin;
    int status, code;
    pid_t pid;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: timed COMMAND [ARGUMENT...]\n");
        return 2;
    }
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    begin = now_us();
    code = posix_spawnp(&pid, argv[1], &files, NULL, argv + 1, environ);
    if (code != 0) {
        (void)fprintf(stderr, "timed: %s: %s\n", argv[1], strerror(code));
        return 127;
    }
    if (waitpid(pid, &status, 0) < 0)
        return 125;
    (void)printf("%lld\n", now_us() - begin);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
