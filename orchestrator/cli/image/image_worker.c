/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/image_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/limits.h"
#include "common/loop.h"
#include "common/path.h"
#include "orchestrator/cli/version.h"

extern char **environ;

enum { TICK_MS = 100, LINE_MOST = 64 * 1024, READ_BYTES = 16 * 1024 };

/* -- the program */

/* Beside an installed yawl, beside a built one, or where it was configured to be installed. */
static const char *image_worker_find(struct arena *arena)
{
    static const char *const places[] = {"../libexec/yawl/yawl-image",
                                         "../../runtime/image/yawl-image",
                                         "../../runtime/image/worker/yawl-image"};
    const char *given = secure_getenv("YAWL_IMAGE_WORKER");
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (given && *given)
        return given;
    if (length > 0) {
        self[length] = '\0';
        for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
            const char *path = path_join(arena, arena_printf(arena, "%s/..", self), places[i]);

            if (access(path, X_OK) == 0)
                return path;
        }
    }
    return YAWL_LIBEXECDIR "/yawl-image";
}

struct string_list image_worker_args(struct arena *arena, const char *command,
                                     const char *data_root)
{
    struct string_list args = {0};

    string_list_add(arena, &args, command);
    string_list_add(arena, &args, "--data-root");
    string_list_add(arena, &args, data_root);
    return args;
}

/* Its standard output and error go to these descriptors; -1: to ours. */
static int image_worker_start(struct string_list args, int output_fd, int error_fd, pid_t *ret_pid,
                              struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *path = image_worker_find(arena);
    char **argv = arena_new_array(arena, char *, args.count + 2);
    posix_spawn_file_actions_t actions;
    int problem;

    argv[0] = (char *)(uintptr_t) "yawl-image";
    for (size_t i = 0; i < args.count; i++)
        argv[i + 1] = (char *)(uintptr_t)args.items[i];
    (void)posix_spawn_file_actions_init(&actions);
    if (output_fd >= 0)
        (void)posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
    if (error_fd >= 0)
        (void)posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
    problem = posix_spawn(ret_pid, path, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (problem == 0)
        return 0;
    errno = problem;
    return error_sys(err, "run '%s'", path);
}

static int image_worker_wait(pid_t pid, int *ret_exit_code, struct error *err)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_sys(err, "wait for the image worker");
    *ret_exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int image_worker_run(struct string_list args, int *ret_exit_code, struct error *err)
{
    pid_t pid;

    if (image_worker_start(args, -1, -1, &pid, err) < 0)
        return -1;
    return image_worker_wait(pid, ret_exit_code, err);
}

static int pipe_open(int *ret_read_fd, int *ret_write_fd, struct error *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_sys(err, "make a pipe for the image worker");
    *ret_read_fd = fds[0];
    *ret_write_fd = fds[1];
    return 0;
}

int image_worker_ask(struct string_list args, struct text *ret_output, int *ret_exit_code,
                     struct error *err)
{
    scoped_fd int read_fd = -1, write_fd = -1;
    pid_t pid;
    int result;

    if (pipe_open(&read_fd, &write_fd, err) < 0 ||
        image_worker_start(args, write_fd, -1, &pid, err) < 0)
        return -1;
    fd_close(steal_fd(&write_fd));
    result = fd_read_all(read_fd, LIMIT_JSON_BYTES, ret_output, err);
    fd_close(steal_fd(&read_fd)); /* what is too much is not waited for */
    return image_worker_wait(pid, ret_exit_code, result < 0 ? NULL : err) < 0 ? -1 : result;
}

/* -- following a run */

struct follower;

/* One of the worker's streams, cut into lines. */
struct stream {
    struct follower *follower;
    int fd;
    struct fd_watch *watch;
    struct text pending; /* the line that is not complete */
    int (*line)(struct follower *follower, const char *line, size_t length);
};

struct follower {
    const struct image_worker_listener *listener;
    struct loop *loop;
    pid_t pid;
    struct stream output, errors;
    struct fd_watch *end_watch;
    struct signal_watch *signals[3];
    struct timer *timer;
    int n_interrupts;
    bool failed;
    struct error error;
};

/* The run is no use any more; its end is waited for. */
static void follower_fail(struct follower *follower)
{
    if (!follower->failed)
        (void)kill(follower->pid, SIGTERM);
    follower->failed = true;
}

static int output_line(struct follower *follower, const char *line, size_t length)
{
    const struct image_worker_listener *listener = follower->listener;

    return listener->line(listener->owner, line, length, &follower->error);
}

static int error_line(struct follower *follower, const char *line, size_t length)
{
    (void)length;
    follower->listener->complaint(follower->listener->owner, line);
    return 0;
}

/* Hands over the complete lines. */
static void stream_cut(struct stream *stream, bool ended)
{
    char *start = stream->pending.data, *newline;
    size_t rest = stream->pending.length;

    while (!stream->follower->failed && rest > 0 &&
           ((newline = memchr(start, '\n', rest)) || ended)) {
        size_t length = newline ? (size_t)(newline - start) : rest;

        start[length] = '\0';
        if (length > 0 && stream->line(stream->follower, start, length) < 0)
            follower_fail(stream->follower);
        length += newline != NULL;
        start += length;
        rest -= length;
    }
    if (rest > 0 && start != stream->pending.data)
        memmove(stream->pending.data, start, rest);
    stream->pending.length = rest;
    if (rest <= LINE_MOST)
        return;
    (void)error_set(&stream->follower->error, "the image worker wrote a line of more than %d bytes",
                    LINE_MOST);
    follower_fail(stream->follower);
    stream->pending.length = 0;
}

/* As read(2). */
static ssize_t stream_read(struct stream *stream)
{
    char *place = text_reserve(&stream->pending, READ_BYTES);
    ssize_t n = read(stream->fd, place, READ_BYTES);

    if (n > 0 && !stream->follower->failed)
        stream->pending.length += (size_t)n;
    if (n >= 0)
        stream_cut(stream, n == 0);
    return n;
}

static void on_stream(void *owner)
{
    struct stream *stream = owner;
    ssize_t n = stream_read(stream);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        fd_watch_free(steal(stream->watch));
}

/* A process that the worker has left behind may hold the pipes open: its own end counts. */
static void on_end(void *owner)
{
    struct follower *follower = owner;

    while (stream_read(&follower->output) > 0)
        ;
    while (stream_read(&follower->errors) > 0)
        ;
    loop_stop(follower->loop);
}

static void on_interrupt(void *owner)
{
    struct follower *follower = owner;

    (void)kill(follower->pid, follower->n_interrupts++ == 0 ? SIGTERM : SIGKILL);
}

static void on_tick(void *owner)
{
    struct follower *follower = owner;

    follower->listener->tick(follower->listener->owner);
    timer_arm_at(follower->timer, loop_now_ms(follower->loop) + TICK_MS);
}

static void follower_done(struct follower *follower)
{
    fd_watch_free(follower->output.watch);
    fd_watch_free(follower->errors.watch);
    fd_watch_free(follower->end_watch);
    for (size_t i = 0; i < ARRAY_LENGTH(follower->signals); i++)
        signal_watch_free(follower->signals[i]);
    timer_free(follower->timer);
    loop_free(follower->loop);
    fd_close(follower->output.fd);
    fd_close(follower->errors.fd);
    text_done(&follower->output.pending);
    text_done(&follower->errors.pending);
}

static void follower_run(struct follower *follower, int pid_fd)
{
    struct loop *loop = follower->loop;

    follower->output.watch =
        fd_watch_new(loop, follower->output.fd, FD_READABLE, on_stream, &follower->output);
    follower->errors.watch =
        fd_watch_new(loop, follower->errors.fd, FD_READABLE, on_stream, &follower->errors);
    follower->end_watch = fd_watch_new(loop, pid_fd, FD_READABLE, on_end, follower);
    follower->timer = timer_new(loop, on_tick, follower);
    timer_arm_at(follower->timer, loop_now_ms(loop) + TICK_MS);
    loop_run(loop);
}

static int follower_start(struct follower *follower, struct string_list args, int *ret_pid_fd,
                          struct error *err)
{
    scoped_fd int output_fd = -1, error_fd = -1;

    if (pipe_open(&follower->output.fd, &output_fd, err) < 0 ||
        pipe_open(&follower->errors.fd, &error_fd, err) < 0 ||
        fd_set_nonblocking(follower->output.fd, true, err) < 0 ||
        fd_set_nonblocking(follower->errors.fd, true, err) < 0)
        return -1;
    /* Signals are watched before there is somebody to pass them on to: none is lost. */
    follower->signals[0] = signal_watch_new(follower->loop, SIGINT, on_interrupt, follower);
    follower->signals[1] = signal_watch_new(follower->loop, SIGTERM, on_interrupt, follower);
    follower->signals[2] = signal_watch_new(follower->loop, SIGWINCH, on_tick, follower);
    if (image_worker_start(args, output_fd, error_fd, &follower->pid, err) < 0)
        return -1;
    *ret_pid_fd = (int)syscall(SYS_pidfd_open, follower->pid, 0);
    if (*ret_pid_fd >= 0)
        return 0;
    (void)error_sys(err, "watch the image worker");
    (void)kill(follower->pid, SIGTERM);
    (void)!image_worker_wait(follower->pid, &(int){0}, NULL);
    return -1;
}

int image_worker_follow(struct string_list args, const struct image_worker_listener *listener,
                        struct image_worker_end *ret_end, struct error *err)
{
    struct follower follower = {.listener = listener};
    scoped_fd int pid_fd = -1;
    int result;

    follower.output = (struct stream){.follower = &follower, .fd = -1, .line = output_line};
    follower.errors = (struct stream){.follower = &follower, .fd = -1, .line = error_line};
    follower.loop = loop_new();
    result = follower_start(&follower, args, &pid_fd, err);
    if (result == 0) {
        follower_run(&follower, pid_fd);
        result = image_worker_wait(follower.pid, &ret_end->exit_code, err);
    }
    ret_end->interrupted = follower.n_interrupts > 0;
    if (result == 0 && follower.failed && !ret_end->interrupted) {
        *err = follower.error;
        result = -1;
    }
    follower_done(&follower);
    return result;
}
