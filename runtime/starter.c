/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/starter.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "runtime/channel.h"
#include "runtime/failure.h"
#include "runtime/kernel.h"

/* For a child that cannot answer, because its group was frozen behind our back. */
enum { ANSWER_SECONDS = 5 };

static int wait_for_end(int pidfd, siginfo_t *ret_info)
{
    int result;

    *ret_info = (siginfo_t){0};
    do {
        result = waitid(P_PIDFD, (id_t)pidfd, ret_info, WEXITED);
    } while (result < 0 && errno == EINTR);
    return result;
}

void starter_child_kill(struct starter_child *child)
{
    siginfo_t info;

    if (child->pidfd >= 0) {
        (void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
        (void)wait_for_end(child->pidfd, &info);
    }
    fd_close(child->pidfd);
    fd_close(child->channel_fd);
    child->pidfd = child->channel_fd = -1;
}

/* With all signals blocked, so that no handler of ours ever runs in the child. */
static int clone_child(const struct starter *starter, bool into_cgroup, int child_channel_fd,
                       struct starter_child *child)
{
    struct clone_args args = {
        .flags = starter->clone_flags | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&child->pidfd,
        .exit_signal = SIGCHLD,
    };
    sigset_t all, old;
    int number;

    if (into_cgroup) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup_clone_fd(starter->cgroup);
    }
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    child->pid = kernel_clone3(&args);
    if (child->pid == 0) {
        /* Or it would never hear that the starter is gone. */
        fd_close(child->channel_fd);
        starter->run(starter->owner, child_channel_fd);
        _exit(EXIT_CODE_OURS);
    }
    number = errno;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    errno = number;
    return child->pid < 0 ? -1 : 0;
}

static int open_channel(struct starter_child *child, int *ret_child_fd)
{
    struct timeval timeout = {.tv_sec = ANSWER_SECONDS};

    if (channel_open(&child->channel_fd, ret_child_fd) < 0)
        return -1;
    return setsockopt(child->channel_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

static int settle(const struct starter *starter, bool into_cgroup, struct starter_child *child,
                  struct error *err)
{
    struct channel_message message;

    if (cgroup_enter(starter->cgroup, child->pid, !into_cgroup, err) < 0)
        return -1;
    if (starter->prepare && starter->prepare(starter->owner, child->pid, err) < 0)
        return -1;
    if (channel_expect(child->channel_fd, CHANNEL_ALIVE, &message) < 0 ||
        channel_say(child->channel_fd, CHANNEL_ENTERED) < 0)
        return error_sys(err, "hear from the new process");
    return 0;
}

/* Whether the kernel killed it: only asked about a child that went wrong before its first word.
 * Ends it. */
static bool was_killed(struct starter_child *child)
{
    struct channel_message message;
    siginfo_t info;
    bool was_silent = channel_receive(child->channel_fd, false, &message) == 0;

    if (was_silent && wait_for_end(child->pidfd, &info) == 0) {
        bool by_kill = info.si_code == CLD_KILLED && info.si_status == SIGKILL;

        fd_close(child->pidfd);
        child->pidfd = -1;
        starter_child_kill(child);
        return by_kill;
    }
    starter_child_kill(child);
    return false;
}

static int clone_once(const struct starter *starter, bool into_cgroup, struct starter_child *child,
                      struct error *err)
{
    int child_channel_fd;

    *child = (struct starter_child){.pidfd = -1, .channel_fd = -1};
    if (open_channel(child, &child_channel_fd) < 0)
        return error_sys(err, "open a channel to the new process");
    if (clone_child(starter, into_cgroup, child_channel_fd, child) < 0) {
        (void)error_sys(err, "clone a process");
        fd_close(child_channel_fd);
        fd_close(child->channel_fd);
        child->channel_fd = -1;
        return -1;
    }
    fd_close(child_channel_fd);
    return settle(starter, into_cgroup, child, err);
}

int starter_clone(const struct starter *starter, struct starter_child *ret_child, struct error *err)
{
    bool into_cgroup = !starter->plain && cgroup_clone_fd(starter->cgroup) >= 0;
    struct starter_child child;

    if (clone_once(starter, into_cgroup, &child, err) == 0) {
        *ret_child = child;
        return 0;
    }
    if (child.pidfd < 0)
        return -1;
    if (!was_killed(&child) || !into_cgroup)
        return -1;
    if (clone_once(starter, false, &child, err) < 0) {
        starter_child_kill(&child);
        return -1;
    }
    *ret_child = child;
    return 0;
}
