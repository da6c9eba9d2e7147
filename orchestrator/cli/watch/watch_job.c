/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/watch/watch_job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"

extern char **environ;

struct watch_job {
    pid_t pid; /* 0: it has ended */
    int pidfd;
    struct fd_watch *watch;
    void (*done)(void *owner, int exit_code);
    void *owner;
};

static int job_reap(struct watch_job *job)
{
    int status = 0;

    while (waitpid(job->pid, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    job->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_end(void *owner)
{
    struct watch_job *job = owner;

    fd_watch_free(steal(job->watch));
    job->done(job->owner, job_reap(job));
}

/* By the link, which follows the file that we were started from, wherever it is. */
static int job_spawn(struct watch_job *job, char **argv, struct error *err)
{
    posix_spawn_file_actions_t files;
    int number;

    (void)posix_spawn_file_actions_init(&files);
    number = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (number == 0)
        number = posix_spawn(&job->pid, "/proc/self/exe", &files, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    errno = number;
    return number ? error_sys(err, "run '%s'", argv[1]) : 0;
}

int watch_job_start(struct loop *loop, const struct string_list *arguments,
                    void (*done)(void *owner, int exit_code), void *owner,
                    struct watch_job **ret_job, struct error *err)
{
    struct watch_job *job = memory_new(struct watch_job);
    char **argv = memory_alloc((arguments->count + 2) * sizeof(*argv));
    int result;

    argv[0] = memory_strdup(program_invocation_name);
    for (size_t i = 0; i < arguments->count; i++)
        argv[i + 1] = memory_strdup(arguments->items[i]);
    job->pidfd = -1;
    job->done = done;
    job->owner = owner;
    result = job_spawn(job, argv, err);
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    free(argv);
    if (result == 0)
        job->pidfd = pidfd_open(job->pid, 0);
    if (result == 0 && job->pidfd < 0)
        result = error_sys(err, "watch a process");
    if (result < 0) {
        watch_job_free(job);
        return -1;
    }
    job->watch = fd_watch_new(loop, job->pidfd, FD_READABLE, on_end, job);
    *ret_job = job;
    return 0;
}

void watch_job_free(struct watch_job *job)
{
    if (!job)
        return;
    fd_watch_free(job->watch);
    if (job->pid > 0) {
        (void)kill(job->pid, SIGTERM);
        (void)job_reap(job);
    }
    fd_close(job->pidfd);
    free(job);
}
