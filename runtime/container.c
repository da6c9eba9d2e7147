/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/mount_namespace.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/channel.h"
#include "runtime/container_options.h"
#include "runtime/failure.h"
#include "runtime/seccomp_listener.h"

/*
 * The handle
 */

void container_free(struct container *container)
{
    if (!container)
        return;
    fd_close(container->pidfd);
    fd_close(container->netns_fd);
    fd_close(container->mntns_fd);
    fd_close(container->root_fd);
    fd_close(container->channel_fd);
    fd_close(container->tty_fd);
    cgroup_free(container->cgroup);
    free(container);
}

pid_t container_pid(const struct container *container)
{
    return container->pid;
}

uint64_t container_start_time(const struct container *container)
{
    return container->start_time;
}

int container_pidfd(const struct container *container)
{
    return container->pidfd;
}

bool container_in_user_namespace(const struct container *container)
{
    return container->in_user_namespace;
}

int container_netns_fd(const struct container *container)
{
    return container->netns_fd;
}

int container_tty_fd(const struct container *container)
{
    return container->tty_fd;
}

int container_report_fd(const struct container *container)
{
    return container->channel_fd;
}

void container_take_mounts(struct container *container, int ret_fds[CONTAINER_MOUNT_FDS])
{
    ret_fds[0] = steal_fd(&container->mntns_fd);
    ret_fds[1] = steal_fd(&container->root_fd);
}

const char *container_userns_note(const struct container *container)
{
    return container->note[0] ? container->note : NULL;
}

int container_create(const struct container_spec *spec,
                     const struct container_surroundings *surroundings,
                     struct container **ret_container, struct error *err)
{
    struct container_options options = {.first_way = ROOTFS_MAPPED};

    if (surroundings)
        options.surroundings = *surroundings;
    return container_create_with(spec, &options, ret_container, err);
}

int container_start(struct container *container, struct error *err)
{
    if (container->channel_fd < 0)
        return error_set(err, "start a container that was started before");
    /* When the child is gone already, its report says why. */
    if (channel_say(container->channel_fd, CHANNEL_START) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        return error_sys(err, "start process %d", (int)container->pid);
    return 0;
}

int container_await_ready(struct container *container, struct error *err)
{
    struct channel_message message;
    struct failure failure = {.text = "create"};

    for (;;) {
        int got = channel_receive(container->channel_fd, true, &message);

        /* The channel's patience ends, ours not. */
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (got <= 0)
            return error_set(err, "the process ended before it was ready");
        if (message.kind == CHANNEL_READY)
            return 0;
        if (message.kind == CHANNEL_TTY && message.n_fds == 1 && container->tty_fd < 0)
            container->tty_fd = message.fds[0];
        if (message.kind == CHANNEL_FAILED && message.length == sizeof(failure)) {
            memcpy(&failure, message.bytes, sizeof(failure));
            return failure_to_error(&failure, err);
        }
    }
}

void container_take_channel(struct container *container, int take_fd)
{
    fd_close(container->channel_fd);
    container->channel_fd = take_fd;
    container->execs = false;
}

struct cgroup *container_cgroup(const struct container *container)
{
    return container->cgroup;
}

static enum container_report report_end(struct container *container, enum container_report report)
{
    fd_close(steal_fd(&container->channel_fd));
    return report;
}

static enum container_report report_failure(struct container *container,
                                            const struct channel_message *message,
                                            int *ret_exit_code, struct error *err)
{
    struct failure failure = {.exit_code = EXIT_CODE_OURS, .text = "start"};

    if (message->length == sizeof(failure))
        memcpy(&failure, message->bytes, sizeof(failure));
    *ret_exit_code = failure.exit_code;
    (void)failure_to_error(&failure, err);
    return report_end(container, REPORT_FAILED);
}

static int deliver_listener(const struct container *container,
                            const struct channel_message *message, struct error *err)
{
    const struct seccomp_listener listener = {.bundle = container->bundle,
                                              .process = container->bundle->process,
                                              .pid = container->pid,
                                              .pidfd = container->pidfd,
                                              .status = "creating"};

    return seccomp_listener_deliver(&listener, message, err);
}

enum container_report container_report_read(struct container *container, int *ret_exit_code,
                                            struct error *err)
{
    struct channel_message message;

    *ret_exit_code = EXIT_CODE_OURS;
    for (;;) {
        int got =
            container->channel_fd < 0 ? 0 : channel_receive(container->channel_fd, false, &message);

        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return REPORT_PENDING;
        if (got < 0) {
            (void)error_sys(err, "hear from the process");
            return report_end(container, REPORT_FAILED);
        }
        if (got == 0) {
            if (container->execs)
                return report_end(container, REPORT_STARTED);
            (void)error_set(err, "the process ended before it ran its program");
            return report_end(container, REPORT_FAILED);
        }
        if (message.kind == CHANNEL_FAILED)
            return report_failure(container, &message, ret_exit_code, err);
        if (message.kind == CHANNEL_LISTENER && container->bundle &&
            deliver_listener(container, &message, err) < 0) {
            (void)pidfd_send_signal(container->pidfd, SIGKILL, NULL, 0);
            return report_end(container, REPORT_FAILED);
        }
        if (message.kind == CHANNEL_EXEC)
            container->execs = true;
        if (message.kind == CHANNEL_TTY && message.n_fds == 1 && container->tty_fd < 0)
            container->tty_fd = message.fds[0];
    }
}

/*
 * Adopting
 */

static bool is_same_file(const char *a, const char *b)
{
    struct stat a_status, b_status;

    return stat(a, &a_status) == 0 && stat(b, &b_status) == 0 &&
           a_status.st_dev == b_status.st_dev && a_status.st_ino == b_status.st_ino;
}

int container_open_root(const struct container *container)
{
    scoped_fd int fd = -1;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)container->pid);
    fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* The number was its own only if it is there afterwards as well. */
    if (fd < 0 || pidfd_send_signal(container->pidfd, 0, NULL, 0) < 0)
        return -1;
    return steal_fd(&fd);
}

/* Looks through /proc/PID. The caller checks afterwards that the process is still the same. */
static void adopt_namespaces(struct container *container, const struct container_spec *spec)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)container->pid);
    if (!spec->host_network && !spec->bundle)
        container->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
    container->root_fd = container_open_root(container);
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)container->pid);
    container->in_user_namespace = !is_same_file(path, "/proc/self/ns/user");
}

int container_adopt(const struct container_spec *spec, pid_t pid, uint64_t start_time,
                    struct container **ret_container, struct error *err)
{
    scoped(container_free) struct container *container = calloc(1, sizeof(*container));

    if (!container)
        abort();
    container->pidfd = container->netns_fd = container->mntns_fd = container->root_fd = -1;
    container->channel_fd = container->tty_fd = -1;
    container->pid = pid;
    container->start_time = start_time;
    container->bundle = spec->bundle;
    container->execs = true;
    *ret_container = NULL;
    if (process_open(pid, start_time, &container->pidfd, err) < 0)
        return -1;
    if (container->pidfd < 0)
        return 0;
    if (cgroup_open(spec->cgroup_parent, spec->id, &container->cgroup, err) < 0)
        return error_wrap(err, "adopt container '%s'", spec->id);
    adopt_namespaces(container, spec);
    if (spec->id_map.count > 0 && !container->in_user_namespace)
        (void)snprintf(container->note, sizeof(container->note),
                       "it was started without a user namespace");
    /* When it was reaped meanwhile, its number may be somebody else's: then nothing that was opened
     * through it counts. */
    if (pidfd_send_signal(container->pidfd, 0, NULL, 0) == 0 || errno != ESRCH)
        *ret_container = steal(container);
    return 0;
}

/*
 * Signals
 */

int container_signal(struct container *container, int signal_number, struct error *err)
{
    if (pidfd_send_signal(container->pidfd, signal_number, NULL, 0) < 0 && errno != ESRCH)
        return error_sys(err, "send signal %d to process %d", signal_number, (int)container->pid);
    return 0;
}

/* The mask in a line like "SigCgt:\t0000000180004a02" of /proc/PID/status; none counts as all. */
static uint64_t status_mask(const char *status, const char *name)
{
    const char *line = strstr(status, name);

    return line ? strtoull(line + strlen(name), NULL, 16) : UINT64_MAX;
}

/* Whether the process is number 1 where it lives: by the last number of "NSpid:\t4711\t1". */
static bool leads_its_pid_namespace(const char *status)
{
    const char *line = strstr(status, "\nNSpid:");
    size_t length = line ? strcspn(line + 1, "\n") : 0;

    return !line || (length > 2 && strncmp(line + length - 1, "\t1", 2) == 0);
}

/* Whether the first thread waits in sigtimedwait(2): meanwhile the kernel shows the signals that it
 * waits for as unblocked. Init programs do that. True as well when it cannot be told. */
static bool waits_for_signals(pid_t pid)
{
    static const long calls[] = {SYS_rt_sigtimedwait, 421 /* rt_sigtimedwait_time64 */,
                                 177 /* rt_sigtimedwait of 32-bit programs */};
    scoped_text struct text call = {0};
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
    if (file_read(AT_FDCWD, path, 4096, &call, NULL, NULL) < 0)
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++)
        if (strtol(text_get(&call), NULL, 10) == calls[i])
            return true;
    return false;
}

bool container_sees_signal(const struct container *container, int signal_number)
{
    enum { MAX_BYTES = 64 * 1024 };
    scoped_text struct text status = {0};
    uint64_t bit = UINT64_C(1) << (signal_number - 1);
    char path[64];

    if (signal_number == SIGKILL || signal_number == SIGSTOP)
        return true;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)container->pid);
    if (signal_number < 1 || signal_number > 64 ||
        file_read(AT_FDCWD, path, MAX_BYTES, &status, NULL, NULL) < 0)
        return true;
    /* Outside of a PID namespace of its own, process 1 is like any other process. */
    if (!leads_its_pid_namespace(text_get(&status)))
        return true;
    if ((status_mask(text_get(&status), "\nSigCgt:") |
         status_mask(text_get(&status), "\nSigBlk:")) &
        bit)
        return true;
    return waits_for_signals(container->pid);
}

static void process_kill(pid_t pid, void *context UNUSED)
{
    (void)kill(pid, SIGKILL);
}

int container_kill(struct container *container, struct error *err)
{
    bool by_group = container->cgroup && cgroup_can_freeze(container->cgroup);

    if (by_group && cgroup_kill(container->cgroup, err) < 0)
        return error_wrap(err, "kill container");
    /* The end of process 1 ends its PID namespace, if it has one of its own. In a mount namespace
     * that was joined there are others. */
    if (!by_group && (!container->bundle || container->bundle->new_namespaces & CLONE_NEWNS))
        (void)mount_namespace_visit(container->pid, process_kill, NULL);
    return container_signal(container, SIGKILL, err);
}

int container_cleanup(const char *cgroup_parent, const char *id, struct error *err)
{
    return cgroup_remove(cgroup_parent, id, err);
}

bool container_oom_killed(const struct container *container)
{
    return container->cgroup && cgroup_oom_killed(container->cgroup);
}

void container_memory_read(const struct container *container, const char *cgroup_parent,
                           const char *id, struct container_memory *ret_memory)
{
    struct cgroup_memory memory = {0};

    if (container->cgroup)
        cgroup_measure_memory(container->cgroup, &memory);
    ret_memory->limit_bytes = memory.limit_bytes;
    ret_memory->peak_bytes = memory.peak_bytes;
    oom_victim_find(cgroup_parent, id, &ret_memory->victim);
}
