/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp_listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_gift.h"
#include "common/json.h"
#include "common/text.h"
#include "runtime/hooks.h"

enum { SLOT_EMPTY = -1, SLOT_FAILED = -2 };

struct slot {
    int fd;
    int is_taken;
};

/* The clock is read without a system call. Nobody comes any more when the starter was killed. */
static bool await_taken(const volatile struct slot *slot)
{
    enum { LOOKS = 4096, PATIENCE_S = 10 };
    struct timespec begin, now;

    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        for (int i = 0; i < LOOKS; i++)
            if (slot->is_taken)
                return true;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begin.tv_sec < PATIENCE_S);
    return false;
}

int seccomp_listener_load(const struct sock_fprog *filter, unsigned flags, int channel_fd,
                          struct failure *failure)
{
    volatile struct slot slot = {.fd = SLOT_EMPTY};
    uint64_t address = (uint64_t)(uintptr_t)&slot;
    long fd;

    if (channel_send(channel_fd, CHANNEL_LISTENER, &address, sizeof(address)) < 0)
        return failure_sys(failure, "tell the starter", NULL);
    fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
    if (fd < 0) {
        (void)failure_sys(failure, "load the system call filter", NULL);
        slot.fd = SLOT_FAILED;
        return -1;
    }
    slot.fd = (int)fd;
    if (!await_taken(&slot))
        return failure_set(failure, "hand over the listener", NULL, "nobody takes it");
    return 0;
}

/*
 * The starter
 */

static int read_slot(pid_t pid, uint64_t address, struct slot *ret_slot)
{
    struct iovec here = {.iov_base = ret_slot, .iov_len = sizeof(*ret_slot)};
    struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = sizeof(*ret_slot)};

    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(*ret_slot) ? 0 : -1;
}

static int mark_taken(pid_t pid, uint64_t address, const struct slot *slot)
{
    struct slot taken = {.fd = slot->fd, .is_taken = 1};
    struct iovec here = {.iov_base = &taken, .iov_len = sizeof(taken)};
    struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = sizeof(taken)};

    return process_vm_writev(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(taken) ? 0 : -1;
}

static int await_slot(const struct seccomp_listener *listener, uint64_t address,
                      struct slot *ret_slot, struct error *err)
{
    enum { ATTEMPTS = 50000, PAUSE_NS = 100 * 1000 };
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (int i = 0; i < ATTEMPTS; i++) {
        if (read_slot(listener->pid, address, ret_slot) < 0)
            return error_sys(err, "look for the listener of process %d", (int)listener->pid);
        if (ret_slot->fd != SLOT_EMPTY)
            return 0;
        (void)nanosleep(&pause, NULL);
    }
    return error_set(err, "process %d loads no filter", (int)listener->pid);
}

/* ContainerProcessState of the specification, which has a version of its own. */
static void format_state(const struct seccomp_listener *listener, struct text *out)
{
    scoped_text struct text state = {0};
    scoped(json_release) json_t *json = NULL;

    hooks_state_format(listener->bundle, listener->pid, listener->status, &state);
    json = json_pack("{s:s,s:[s],s:i,s:s,s:o}", "ociVersion", "0.2.0", "fds", "seccompFd", "pid",
                     (int)listener->pid, "metadata", listener->process->listener_metadata, "state",
                     json_loads(text_get(&state), 0, NULL));
    if (!json)
        abort();
    json_format(json, out);
}

int seccomp_listener_deliver(const struct seccomp_listener *listener,
                             const struct channel_message *message, struct error *err)
{
    scoped_text struct text state = {0};
    scoped_fd int fd = -1;
    struct slot slot;
    uint64_t address;

    if (message->length != sizeof(address) || !listener->process->listener_path)
        return error_set(err, "a listener came that nobody asked for");
    memcpy(&address, message->bytes, sizeof(address));
    if (await_slot(listener, address, &slot, err) < 0)
        return -1;
    /* Its report follows. */
    if (slot.fd == SLOT_FAILED)
        return 0;
    fd = pidfd_getfd(listener->pidfd, slot.fd, 0);
    if (fd < 0)
        return error_sys(err, "take the listener of process %d", (int)listener->pid);
    format_state(listener, &state);
    if (fd_gift_send(listener->process->listener_path, text_get(&state), state.length, fd, err) < 0)
        return error_wrap(err, "hand over the listener for system calls");
    if (mark_taken(listener->pid, address, &slot) < 0)
        return error_sys(err, "let process %d go on", (int)listener->pid);
    return 0;
}
