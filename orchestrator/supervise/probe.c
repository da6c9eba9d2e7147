/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One health probe: a program run inside the container, its exit and its last words.
 */
#include "orchestrator/supervise/probe.h"

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
#include "common/utf8.h"
#include "orchestrator/supervise/journal_note.h"
#include "orchestrator/supervise/names.h"
#include "orchestrator/supervise/supervisor_state.h"
#include "orchestrator/supervise/unreaped.h"

enum { PROBE_OUTPUT_BYTES = 4096 };

static void probe_release(struct instance *instance)
{
    struct probe *probe = &instance->probe;

    fd_watch_free(steal(probe->exit_watch));
    fd_watch_free(steal(probe->output_watch));
    unreaped_take(instance->supervisor->unreaped, steal_fd(&probe->pidfd));
    fd_close(steal_fd(&probe->output_fd));
    probe->pid = 0;
    probe->timed_out = false;
}

/* Keeps the beginning; the rest is read and dropped, so that the probe does not block. */
static void on_probe_output(void *owner)
{
    struct instance *instance = owner;
    struct probe *probe = &instance->probe;
    char bytes[4096];
    ssize_t n = read(probe->output_fd, bytes, sizeof(bytes));
    size_t room = PROBE_OUTPUT_BYTES - probe->output.length;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        fd_watch_free(steal(probe->output_watch));
        return;
    }
    text_append_bytes(&probe->output, bytes, (size_t)n < room ? (size_t)n : room);
}

/* Text for records and terminals: no control characters but the ends of lines, and UTF-8. */
static void probe_keep_output(struct instance *instance)
{
    const unsigned char *bytes = (const unsigned char *)text_get(&instance->probe.output);
    size_t left = instance->probe.output.length;
    struct text *kept = &instance->probe_output;

    text_clear(kept);
    while (left > 0) {
        size_t length = utf8_character_length(bytes, left);
        bool control = (*bytes < 0x20 && *bytes != '\n' && *bytes != '\t') || *bytes == 0x7f ||
                       (length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
        bool plain = length > 0 && !control;

        length = length > 0 ? length : 1;
        if (plain)
            text_append_bytes(kept, bytes, length);
        else if (*bytes != '\r')
            text_append_char(kept, '?');
        bytes += length;
        left -= length;
    }
}

static void probe_finish(struct instance *instance, int status, uint64_t now_ms)
{
    enum health before = instance->is.health;
    bool timed_out = instance->probe.timed_out;

    probe_keep_output(instance);
    probe_release(instance);
    decide_probe_result(&instance->want, &instance->is, status == 0, now_ms);
    instance->record.probe = (struct record_probe){
        .count = instance->is.probes,
        .failures = instance->is.probe_failures,
        .retries = instance->want.health.retries,
        .wait_status = status,
        .timed_out_ms = timed_out ? instance->want.health.timeout_ms : 0,
        .ended_ns = clock_realtime_ns(),
        .output = instance->probe_output.length ? instance->probe_output.data : NULL,
    };
    journal_note_probe(instance, before, status);
    instance->dirty = true;
    if (instance->is.health != before)
        names_follow(instance);
}

static void on_probe_exit(void *owner)
{
    struct instance *instance = owner;
    struct probe *probe = &instance->probe;
    int status = 0;

    switch (process_exit(probe->pidfd, probe->pid, &status)) {
    case EXIT_RUNNING:
        return;
    case EXIT_UNKNOWN:
        status = 255 << 8;
        break;
    case EXIT_KNOWN:
        break;
    }
    if (probe->output_watch)
        on_probe_output(instance);
    probe_finish(instance, status, loop_now_ms(instance->supervisor->loop));
}

static int probe_exec(struct instance *instance, int output_fd, struct exec_result *ret_result,
                      struct error *err)
{
    scoped_fd int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct exec_spec exec = {.args = instance->made->health.args,
                             .env = instance->made->container.env,
                             .stdio_fds = {null_fd, output_fd, output_fd}};

    return container_execute(instance->container, &instance->made->container, &exec, ret_result,
                             err);
}

int probe_start(struct instance *instance, uint64_t now_ms, struct error *err)
{
    struct probe *probe = &instance->probe;
    scoped_fd int write_fd = -1;
    struct error exec_err = {0};
    struct exec_result result = {.pidfd = -1};
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_sys(err, "create pipe");
    probe->output_fd = fds[0];
    write_fd = fds[1];
    text_clear(&probe->output);
    instance->is.probing = true;
    instance->is.probe_started_ms = now_ms;
    instance->noted.probe_began_ns = clock_monotonic_ns();
    if (probe_exec(instance, write_fd, &result, &exec_err) < 0) {
        /* Not to be run is a failed probe, as with docker: the program may appear later. */
        text_append(&probe->output, exec_err.text);
        probe_finish(instance, (result.exit_code ? result.exit_code : 125) << 8, now_ms);
        return 0;
    }
    probe->pid = result.pid;
    probe->pidfd = result.pidfd;
    probe->exit_watch = fd_watch_new(instance->supervisor->loop, probe->pidfd, FD_READABLE,
                                     on_probe_exit, instance);
    probe->output_watch = fd_watch_new(instance->supervisor->loop, probe->output_fd, FD_READABLE,
                                       on_probe_output, instance);
    return 0;
}

static void probe_kill(struct probe *probe)
{
    int status;

    if (probe->pidfd < 0)
        return;
    (void)syscall(SYS_pidfd_send_signal, probe->pidfd, SIGKILL, NULL, 0);
    while (process_exit(probe->pidfd, probe->pid, &status) == EXIT_RUNNING)
        (void)usleep(200); /* it was killed: microseconds */
}

void probe_time_out(struct instance *instance, uint64_t now_ms)
{
    struct probe *probe = &instance->probe;

    probe_kill(probe);
    probe->timed_out = true;
    probe_finish(instance, SIGKILL, now_ms);
}

void probe_drop(struct instance *instance)
{
    if (instance->probe.pidfd < 0 && instance->probe.output_fd < 0)
        return;
    probe_kill(&instance->probe);
    probe_release(instance);
    instance->is.probing = false;
}
