/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's standard output and error: two named FIFOs in the run directory and a log.
 *
 * The container holds its end open for reading too, so it never lacks a reader; we hold ours open
 * for writing too, so that an idle FIFO does not report a hang-up for ever. The keeper holds a
 * third, so that what a container wrote before it ended is there for the next supervisor.
 */
#include "orchestrator/supervise/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/path.h"
#include "orchestrator/supervise/fd_store.h"
#include "orchestrator/supervise/input.h"
#include "orchestrator/supervise/supervisor_state.h"
#include "orchestrator/supervise/tty.h"

enum { FIFO_BYTES = 1024 * 1024, FIFO_MAX_BYTES = 64 * 1024 * 1024 };

void output_name(const struct output *output, char *ret_name, size_t size)
{
    (void)snprintf(ret_name, size, "fifo/%s.%s", output->instance->plan->name,
                   output->stream == LOG_STDOUT ? "out" : "err");
}

static void on_output(void *owner)
{
    struct output *output = owner;
    struct error err = {0};
    bool more;

    if (log_writer_drain(output->instance->log, output->fifo_fd, output->stream, &more, &err) < 0)
        log_warning("log of '%s': %s", output->instance->plan->name, err.text);
}

/* As large as is asked for, or as the user's limits allow: a writer goes on while nobody reads. */
static void pipe_size(const struct output *output)
{
    int64_t wanted = output->instance->plan->log_buffer_bytes;
    int bytes = wanted > 0 && wanted < FIFO_MAX_BYTES ? (int)wanted : FIFO_BYTES;

    if (wanted >= FIFO_MAX_BYTES)
        bytes = FIFO_MAX_BYTES;
    if (fcntl(output->fifo_fd, F_SETPIPE_SZ, bytes) < 0 && bytes > FIFO_BYTES)
        (void)fcntl(output->fifo_fd, F_SETPIPE_SZ, FIFO_BYTES);
}

static int output_open(struct output *output, struct error *err)
{
    struct supervisor *supervisor = output->instance->supervisor;
    char name[300];

    output_name(output, name, sizeof(name));
    if (mkfifoat(supervisor->dir->run_fd, name, 0600) < 0 && errno != EEXIST)
        return error_sys(err, "create '%s'", name);
    output->fifo_fd =
        openat(supervisor->dir->run_fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (output->fifo_fd < 0)
        return error_sys(err, "open '%s'", name);
    pipe_size(output);
    fd_store_park(supervisor, name, output->fifo_fd);
    output->watch = fd_watch_new(supervisor->loop, output->fifo_fd, FD_READABLE, on_output, output);
    return 0;
}

int instance_open_output(struct instance *instance, struct error *err)
{
    struct supervisor *supervisor = instance->supervisor;
    struct log_limits limits = {.max_bytes = (uint64_t)instance->plan->log_max_bytes,
                                .max_files = (unsigned)instance->plan->log_max_files,
                                .discard = instance->plan->log_discard};

    instance_close_output(instance); /* of a creation that failed half-way */
    if (path_make_dirs(supervisor->dir->run_fd, "fifo", 0700, err) < 0 ||
        log_writer_open(supervisor->logs_fd, instance->plan->name, limits, &instance->log, err) <
            0 ||
        output_open(&instance->outputs[0], err) < 0 ||
        output_open(&instance->outputs[1], err) < 0) {
        instance_close_output(instance);
        return error_wrap(err, "capture output of '%s'", instance->plan->name);
    }
    return 0;
}

void output_drain(struct output *output)
{
    struct instance *instance = output->instance;
    bool more = output->fifo_fd >= 0;

    while (more) {
        struct error err = {0};

        if (log_writer_drain(instance->log, output->fifo_fd, output->stream, &more, &err) < 0)
            log_warning("log of '%s': %s", instance->plan->name, err.text);
    }
}

void instance_drain_output(struct instance *instance)
{
    tty_drain(instance);
    for (size_t i = 0; i < ARRAY_LENGTH(instance->outputs); i++)
        output_drain(&instance->outputs[i]);
}

void instance_close_output(struct instance *instance)
{
    for (size_t i = 0; i < ARRAY_LENGTH(instance->outputs); i++) {
        fd_watch_free(instance->outputs[i].watch);
        instance->outputs[i].watch = NULL;
        fd_close(instance->outputs[i].fifo_fd);
        instance->outputs[i].fifo_fd = -1;
    }
    log_writer_free(instance->log);
    instance->log = NULL;
}

void instance_remove_output(struct instance *instance)
{
    struct supervisor *supervisor = instance->supervisor;
    struct error err = {0};

    instance_close_output(instance);
    for (size_t i = 0; i < ARRAY_LENGTH(instance->outputs); i++) {
        char name[300];

        output_name(&instance->outputs[i], name, sizeof(name));
        (void)unlinkat(supervisor->dir->run_fd, name, 0);
        fd_store_forget(supervisor, name);
    }
    input_remove(instance);
    if (!instance->keep_log && log_remove(supervisor->logs_fd, instance->plan->name, &err) < 0)
        log_warning("remove log of '%s': %s", instance->plan->name, err.text);
}
