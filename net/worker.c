/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One supervisor at a time, the newest: when it dies the worker goes on with what it knows, and the
 * next one says everything again.
 */
#include "net/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_message.h"
#include "common/json.h"
#include "common/log.h"
#include "common/loop.h"
#include "net/net_limits.h"
#include "net/worker_cage.h"
#include "net/worker_state.h"

struct worker {
    struct loop *loop;
    struct worker_state *state;
    uid_t supervisor_uid; /* who may speak: our own id from before privileges were dropped */
    int listen_fd, supervisor_fd;
    struct fd_watch *listen_watch, *supervisor_watch;
    struct text buffer; /* of one message */
    int exit_code;
};

static void worker_hang_up(struct worker *worker)
{
    fd_watch_free(steal(worker->supervisor_watch));
    fd_close(steal_fd(&worker->supervisor_fd));
}

static int worker_decode(const struct text *bytes, struct worker_message *message,
                         struct arena *arena, struct error *err)
{
    scoped(json_release) json_t *json = json_parse(bytes->data, bytes->length, err);

    return json ? codec_decode(worker_message_codec, json, message, arena, err) : -1;
}

/* Applies one message. A worker that cannot make its router sockets is of no use and ends. */
static void worker_handle(struct worker *worker, const int *take_fds, size_t n_fds)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct worker_message message = {0};
    struct worker_delivery delivery = {.message = &message, .fds = take_fds, .n_fds = n_fds};
    struct error err = {0};
    bool quit = false;

    if (worker_decode(&worker->buffer, &message, arena, &err) < 0) {
        for (size_t i = 0; i < n_fds; i++)
            fd_close(take_fds[i]);
        log_debug("net worker: %s", err.text);
        return;
    }
    if (worker_state_apply(worker->state, &delivery, &quit, &err) < 0)
        log_debug("net worker: operation %d: %s", message.op, err.text);
    if (message.op == WORKER_ROUTER && !worker_state_is_ready(worker->state)) {
        log_error("net worker: %s", err.text);
        worker->exit_code = 1;
        quit = true;
    }
    if (quit)
        loop_stop(worker->loop);
}

static void worker_supervisor_ready(void *owner)
{
    struct worker *worker = owner;
    int fds[FD_MESSAGE_MAX_FDS];
    size_t n_fds;
    enum fd_message_result result;
    struct error err = {0};

    if (fd_message_receive(worker->supervisor_fd, &worker->buffer, fds, &n_fds, &result, &err) <
        0) {
        log_debug("net worker: %s", err.text);
        return;
    }
    if (result == FD_MESSAGE_CLOSED)
        worker_hang_up(worker);
    else if (result == FD_MESSAGE_GOT)
        worker_handle(worker, fds, n_fds);
}

static bool is_allowed(const struct worker *worker, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == worker->supervisor_uid || peer.uid == 0);
}

static void worker_listen_ready(void *owner)
{
    struct worker *worker = owner;
    scoped_fd int fd = accept4(worker->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 || !is_allowed(worker, fd))
        return;
    worker_hang_up(worker);
    worker->supervisor_fd = steal_fd(&fd);
    worker->supervisor_watch = fd_watch_new(worker->loop, worker->supervisor_fd, FD_READABLE,
                                            worker_supervisor_ready, worker);
}

int net_worker_main(int take_listen_fd)
{
    struct worker worker = {
        .supervisor_uid = geteuid(), .listen_fd = take_listen_fd, .supervisor_fd = -1};
    struct worker_state_options options = {.resolv_conf = "/etc/resolv.conf",
                                           .drop_privileges = true};

    /* splice(2) to a socket whose peer is gone raises SIGPIPE. The terminal's signals are for the
     * supervisor. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    /* io_uring goes past the system call filter. */
    (void)setenv("UV_USE_IO_URING", "0", 1);
    worker_cage_raise_files();
    worker.loop = loop_new();
    options.loop = worker.loop;
    worker.state = worker_state_new(&options);
    worker.listen_watch =
        fd_watch_new(worker.loop, worker.listen_fd, FD_READABLE, worker_listen_ready, &worker);
    loop_run(worker.loop);

    worker_hang_up(&worker);
    fd_watch_free(worker.listen_watch);
    worker_state_free(worker.state);
    loop_free(worker.loop);
    fd_close(worker.listen_fd);
    text_done(&worker.buffer);
    return worker.exit_code;
}
