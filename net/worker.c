/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One supervisor at a time, the newest: when it dies the worker goes on with what it knows, and the
 * next one says everything again. Others may ask what there is meanwhile.
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
#include "net/net_report.h"
#include "net/worker_cage.h"
#include "net/worker_state.h"

enum { CALLERS_MAX = 8, REPORT_PART_BYTES = 64 * 1024 };

/* Whoever is connected: the supervisor, or one who asks for a report. */
struct caller {
    struct worker *worker;
    int fd; /* -1: a free place */
    struct fd_watch *watch;
    struct text report; /* what is to be sent; nothing for a supervisor */
    size_t sent;
};

struct worker {
    struct loop *loop;
    struct worker_state *state;
    uid_t supervisor_uid; /* who may speak: our own id from before privileges were dropped */
    int listen_fd;
    struct fd_watch *listen_watch;
    struct caller callers[CALLERS_MAX];
    struct caller *supervisor; /* one of them, or NULL */
    struct text buffer;        /* of one message */
    int exit_code;
};

static void caller_hang_up(struct caller *caller)
{
    struct worker *worker = caller->worker;

    if (worker->supervisor == caller)
        worker->supervisor = NULL;
    fd_watch_free(steal(caller->watch));
    fd_close(steal_fd(&caller->fd));
    text_clear(&caller->report);
    caller->sent = 0;
}

static int worker_decode(const struct text *bytes, struct worker_message *message,
                         struct arena *arena, struct error *err)
{
    scoped(json_release) json_t *json = json_parse(bytes->data, bytes->length, err);

    return json ? codec_decode(worker_message_codec, json, message, arena, err) : -1;
}

/* A piece of the report for each time that the caller takes one. */
static void caller_writable(void *owner)
{
    struct caller *caller = owner;
    size_t left = caller->report.length - caller->sent;
    size_t length = left < REPORT_PART_BYTES ? left : REPORT_PART_BYTES;

    if (length == 0 || fd_message_send(caller->fd, caller->report.data + caller->sent, length, NULL,
                                       0, NULL) < 0) {
        caller_hang_up(caller);
        return;
    }
    caller->sent += length;
}

static void caller_answer(struct caller *caller)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(json_release) json_t *json = NULL;
    struct net_report report;

    worker_state_report(caller->worker->state, arena, &report);
    json = codec_encode(net_report_codec, &report);
    json_format(json, &caller->report);
    fd_watch_free(caller->watch);
    caller->watch =
        fd_watch_new(caller->worker->loop, caller->fd, FD_WRITABLE, caller_writable, caller);
}

/* Applies one message of the supervisor. A worker that cannot make its router sockets is of no use
 * and ends. */
static void worker_apply(struct worker *worker, const struct worker_delivery *take_delivery)
{
    const struct worker_message *message = take_delivery->message;
    struct error err = {0};
    bool quit = false;

    if (worker_state_apply(worker->state, take_delivery, &quit, &err) < 0)
        log_debug("net worker: operation %d: %s", message->op, err.text);
    if (message->op == WORKER_ROUTER && !worker_state_is_ready(worker->state)) {
        log_error("net worker: %s", err.text);
        worker->exit_code = 1;
        quit = true;
    }
    if (quit)
        loop_stop(worker->loop);
}

/* Who says anything but a question is the supervisor from now on, the newest the only one. */
static void caller_handle(struct caller *caller, const int *take_fds, size_t n_fds)
{
    struct worker *worker = caller->worker;
    scoped(arena_free) struct arena *arena = arena_new();
    struct worker_message message = {0};
    struct worker_delivery delivery = {.message = &message, .fds = take_fds, .n_fds = n_fds};
    struct error err = {0};
    bool decoded = worker_decode(&worker->buffer, &message, arena, &err) == 0;

    if (!decoded || message.op == WORKER_REPORT) {
        for (size_t i = 0; i < n_fds; i++)
            fd_close(take_fds[i]);
        if (decoded)
            caller_answer(caller);
        else
            log_debug("net worker: %s", err.text);
        return;
    }
    if (worker->supervisor && worker->supervisor != caller)
        caller_hang_up(worker->supervisor);
    worker->supervisor = caller;
    worker_apply(worker, &delivery);
}

static void caller_readable(void *owner)
{
    struct caller *caller = owner;
    int fds[FD_MESSAGE_MAX_FDS];
    size_t n_fds;
    enum fd_message_result result;
    struct error err = {0};

    if (fd_message_receive(caller->fd, &caller->worker->buffer, fds, &n_fds, &result, &err) < 0) {
        log_debug("net worker: %s", err.text);
        return;
    }
    if (result == FD_MESSAGE_CLOSED)
        caller_hang_up(caller);
    else if (result == FD_MESSAGE_GOT)
        caller_handle(caller, fds, n_fds);
}

static bool is_allowed(const struct worker *worker, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == worker->supervisor_uid || peer.uid == 0);
}

static struct caller *caller_place(struct worker *worker)
{
    for (size_t i = 0; i < CALLERS_MAX; i++)
        if (worker->callers[i].fd < 0)
            return &worker->callers[i];
    return NULL;
}

/* Without a free place the first question is given up; the supervisor is never. */
static struct caller *caller_make_place(struct worker *worker)
{
    struct caller *caller = caller_place(worker);

    if (caller)
        return caller;
    caller = &worker->callers[0];
    if (caller == worker->supervisor)
        caller++;
    caller_hang_up(caller);
    return caller;
}

static void worker_listen_ready(void *owner)
{
    struct worker *worker = owner;
    scoped_fd int fd = accept4(worker->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct caller *caller;

    if (fd < 0 || !is_allowed(worker, fd))
        return;
    caller = caller_make_place(worker);
    caller->fd = steal_fd(&fd);
    caller->watch = fd_watch_new(worker->loop, caller->fd, FD_READABLE, caller_readable, caller);
}

int net_worker_main(int take_listen_fd)
{
    struct worker worker = {.supervisor_uid = geteuid(), .listen_fd = take_listen_fd};
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
    for (size_t i = 0; i < CALLERS_MAX; i++)
        worker.callers[i] = (struct caller){.worker = &worker, .fd = -1};
    worker.loop = loop_new();
    options.loop = worker.loop;
    worker.state = worker_state_new(&options);
    worker.listen_watch =
        fd_watch_new(worker.loop, worker.listen_fd, FD_READABLE, worker_listen_ready, &worker);
    loop_run(worker.loop);

    for (size_t i = 0; i < CALLERS_MAX; i++) {
        caller_hang_up(&worker.callers[i]);
        text_done(&worker.callers[i].report);
    }
    fd_watch_free(worker.listen_watch);
    worker_state_free(worker.state);
    loop_free(worker.loop);
    fd_close(worker.listen_fd);
    text_done(&worker.buffer);
    return worker.exit_code;
}
