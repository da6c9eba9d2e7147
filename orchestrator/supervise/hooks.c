/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/process.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/supervisor_state.h"
#include "orchestrator/supervise/unreaped.h"

enum { HOOK_LINE_BYTES = 4096 };

static void line_tell(struct instance *instance)
{
    struct hook_run *hook = &instance->hook;
    scoped_text struct text text = {0};
    struct error err = {0};

    text_appendf(&text, "-> %s", text_get(&hook->line));
    if (instance->log && log_writer_event(instance->log, text_get(&text), &err) < 0)
        log_warning("log of '%s': %s", instance->plan->name, err.text);
    text_clear(&hook->last);
    text_append(&hook->last, text_get(&hook->line));
    text_clear(&hook->line);
}

static void output_take(struct instance *instance, const char *bytes, size_t length)
{
    struct text *line = &instance->hook.line;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n' || line->length >= HOOK_LINE_BYTES)
            line_tell(instance);
        if (bytes[i] != '\n' && bytes[i] != '\0')
            text_append_char(line, bytes[i]);
    }
}

/* Says whether there may be more. */
static bool output_read(struct instance *instance)
{
    char bytes[4096];
    ssize_t n = read(instance->hook.output_fd, bytes, sizeof(bytes));

    if (n > 0)
        output_take(instance, bytes, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        fd_watch_free(steal(instance->hook.output_watch));
    return n > 0;
}

static void on_hook_output(void *owner)
{
    (void)output_read(owner);
}

static void hook_release(struct instance *instance)
{
    struct hook_run *hook = &instance->hook;

    fd_watch_free(steal(hook->exit_watch));
    fd_watch_free(steal(hook->output_watch));
    unreaped_take(instance->supervisor->unreaped, steal_fd(&hook->pidfd));
    fd_close(steal_fd(&hook->output_fd));
    hook->pid = 0;
    instance->is.hooking = HOOK_NONE;
}

static void hook_failed(struct instance *instance, enum hook_kind kind, int exit_code)
{
    const struct text *last = &instance->hook.last;
    scoped_text struct text text = {0};

    text_appendf(&text, "%s hook exited with status %d%s%s",
                 kind == HOOK_POST_START ? "post_start" : "pre_stop", exit_code,
                 last->length ? ": " : "", text_get(last));
    instance_set_message(instance, text_get(&text));
    if (kind == HOOK_POST_START)
        instance->is.post_start_failed = true;
    else
        instance->is.pre_stop_failed = true;
}

static void hook_finish(struct instance *instance, int exit_code)
{
    enum hook_kind kind = instance->is.hooking;

    if (instance->hook.line.length > 0)
        line_tell(instance);
    hook_release(instance);
    journal_note_hook_end(instance, kind, exit_code);
    instance->dirty = true;
    if (exit_code != 0)
        hook_failed(instance, kind, exit_code);
    else if (kind == HOOK_POST_START)
        instance->is.post_started++;
    else
        instance->is.pre_stopped++;
}

static void on_hook_exit(void *owner)
{
    struct instance *instance = owner;
    struct hook_run *hook = &instance->hook;
    int status = 0;

    switch (process_exit(hook->pidfd, hook->pid, &status)) {
    case EXIT_RUNNING:
        return;
    case EXIT_UNKNOWN:
        status = 255 << 8;
        break;
    case EXIT_KNOWN:
        break;
    }
    while (hook->output_watch && output_read(instance))
        continue;
    hook_finish(instance, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static int hook_exec(struct instance *instance, const struct plan_hook *plan, int output_fd,
                     struct exec_result *ret_result, struct error *err)
{
    scoped_fd int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct exec_spec exec = {.args = plan->args,
                             .env = plan->env,
                             .cwd = plan->cwd,
                             .user = plan->user,
                             .privileged = plan->privileged,
                             .stdio_fds = {null_fd, output_fd, output_fd}};

    return container_execute(instance->container, &instance->made->container, &exec, ret_result,
                             err);
}

void hook_start(struct instance *instance, enum hook_kind kind)
{
    const struct plan_instance *made = instance->made;
    const struct plan_hook *plan = kind == HOOK_POST_START
                                       ? &made->post_start[instance->is.post_started]
                                       : &made->pre_stop[instance->is.pre_stopped];
    struct hook_run *hook = &instance->hook;
    struct exec_result result = {.pidfd = -1};
    scoped_fd int write_fd = -1;
    struct error err = {0};
    int fds[2];

    instance->is.hooking = kind;
    journal_note_hook_start(instance, plan);
    text_clear(&hook->line);
    text_clear(&hook->last);
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
        hook_finish(instance, 125);
        return;
    }
    hook->output_fd = fds[0];
    write_fd = fds[1];
    if (hook_exec(instance, plan, write_fd, &result, &err) < 0) {
        output_take(instance, err.text, strlen(err.text));
        hook_finish(instance, result.exit_code ? result.exit_code : 125);
        return;
    }
    hook->pid = result.pid;
    hook->pidfd = result.pidfd;
    hook->exit_watch =
        fd_watch_new(instance->supervisor->loop, hook->pidfd, FD_READABLE, on_hook_exit, instance);
    hook->output_watch = fd_watch_new(instance->supervisor->loop, hook->output_fd, FD_READABLE,
                                      on_hook_output, instance);
}

static void hook_end(struct hook_run *hook)
{
    int status;

    if (hook->pidfd < 0)
        return;
    (void)syscall(SYS_pidfd_send_signal, hook->pidfd, SIGKILL, NULL, 0);
    while (process_exit(hook->pidfd, hook->pid, &status) == EXIT_RUNNING)
        (void)usleep(200); /* it was killed: microseconds */
}

void hook_kill(struct instance *instance)
{
    hook_end(&instance->hook);
    hook_finish(instance, 128 + SIGKILL);
}

void hook_drop(struct instance *instance)
{
    hook_end(&instance->hook);
    hook_release(instance);
}

void hook_refuse_stop(struct instance *instance)
{
    instance->want.goal = GOAL_RUNNING;
    instance->want.replace = instance->want.bounce = false;
    instance->is.pre_stopped = 0;
    instance->is.pre_stop_failed = false;
    instance->is.stop_refused = true;
    instance->dirty = true;
}
