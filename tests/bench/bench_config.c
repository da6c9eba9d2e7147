/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long `config` takes, the start of the program included: of the example stack, whose limit is
 * 5 ms, and of generated files of growing length, whose time per service must stay what it is.
 *
 *     bench_config YAWL EXAMPLE_DIRECTORY
 *
 * Each row is the best of its runs. Ends with 1 when a limit is missed.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/path.h"
#include "common/text.h"

enum { EXAMPLE_RUNS = 100, GENERATED_RUNS = 10, FIRST_COUNT = 250, LAST_COUNT = 4000 };

static const double EXAMPLE_LIMIT_MS = 5, GROWTH_LIMIT = 2;

extern char **environ;

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* One run of `config` with its output thrown away; a negative time when it fails. */
static double run_once(const char *yawl, const char *directory)
{
    char *argv[] = {strdup(yawl), strdup("--project-directory"), strdup(directory),
                    strdup("config"), NULL};
    posix_spawn_file_actions_t actions;
    double start = now_ms();
    int status = -1;
    pid_t pid;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, yawl, &actions, NULL, argv, environ) == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    start = now_ms() - start;
    (void)posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? start : -1;
}

static double best_of(const char *yawl, const char *directory, int runs)
{
    double best = run_once(yawl, directory);

    for (int i = 1; i < runs && best >= 0; i++) {
        double time = run_once(yawl, directory);

        if (time < best)
            best = time;
    }
    return best;
}

static int generate(int dir_fd, int n_services)
{
    scoped_text struct text text = {0};
    struct error err = {0};

    text_append(&text, "services:\n");
    for (int i = 0; i < n_services; i++) {
        text_appendf(&text,
                     "  s%d:\n    image: example/s:${TAG:-%d}\n"
                     "    environment: {HOME: , NUMBER: \"%d\"}\n    ports: [\"%d:80\"]\n"
                     "    volumes: [\"data%d:/data\", \"./etc:/etc/s\"]\n"
                     "    healthcheck: {test: \"exit 0\", interval: 90s}\n",
                     i, i, i, 10000 + i, i);
        if (i > 0)
            text_appendf(&text, "    depends_on: [s%d]\n", i - 1);
    }
    text_append(&text, "volumes:\n");
    for (int i = 0; i < n_services; i++)
        text_appendf(&text, "  data%d:\n", i);
    if (file_replace(dir_fd, "compose.yaml", text_get(&text), text.length, 0644, &err) == 0)
        return 0;
    (void)fprintf(stderr, "%s\n", err.text);
    return -1;
}

/* Returns false when a run fails or the time grows faster than the file. */
static bool bench_generated(const char *yawl, const char *directory, int dir_fd)
{
    double first = 0, per_service = 0;

    for (int count = FIRST_COUNT; count <= LAST_COUNT; count *= 2) {
        double time;

        if (generate(dir_fd, count) < 0)
            return false;
        time = best_of(yawl, directory, GENERATED_RUNS);
        if (time < 0)
            return false;
        per_service = time / count;
        first = count == FIRST_COUNT ? per_service : first;
        printf("%5d services  %8.2f ms  %6.1f us each\n", count, time, per_service * 1e3);
    }
    return per_service < first * GROWTH_LIMIT;
}

int main(int argc, char **argv)
{
    char directory[] = "/tmp/yawl-bench-config-XXXXXX";
    double example;
    bool linear;
    int dir_fd;

    if (argc != 3 || !mkdtemp(directory)) {
        (void)fprintf(stderr, "usage: bench_config YAWL EXAMPLE_DIRECTORY\n");
        return 2;
    }
    example = best_of(argv[1], argv[2], EXAMPLE_RUNS);
    printf("example stack   %8.2f ms\n", example);
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    linear = bench_generated(argv[1], directory, dir_fd);
    (void)close(dir_fd);
    (void)!path_remove_tree(AT_FDCWD, directory, NULL);
    return example >= 0 && example < EXAMPLE_LIMIT_MS && linear ? 0 : 1;
}
