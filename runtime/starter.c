/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
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

static pid_t clone_plainly(struct clone_args *args, int *ret_pidfd)
{
    args->flags |= CLONE_PIDFD;
    args->pidfd = (uint64_t)(uintptr_t)ret_pidfd;
    return kernel_clone3(args);
}

/* In the helper. Returns 0 in the child that it makes; it ends itself with errno. */
static pid_t join_and_clone(const struct joined_namespaces *joined, struct clone_args *args,
                            int number_fd)
{
    pid_t pid;

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        _exit(errno);
    for (size_t i = 0; i < joined->count; i++)
        if (setns(joined->items[i].fd, joined->items[i].type) < 0)
            _exit(errno);
    args->flags |= CLONE_PARENT;
    args->exit_signal = 0; /* the helper's, by CLONE_PARENT */
    pid = kernel_clone3(args);
    if (pid == 0)
        return 0;
    if (pid < 0)
        _exit(errno);
    _exit(write(number_fd, &pid, sizeof(pid)) == (ssize_t)sizeof(pid) ? 0 : EIO);
}

/* As fork(): 0 in the child, else its number, or -1 with errno. */
static pid_t clone_joined(const struct starter *starter, struct clone_args *args)
{
    struct clone_args helper_args = {.exit_signal = SIGCHLD};
    scoped_fd int read_fd = -1;
    scoped_fd int write_fd = -1;
    int fds[2], status = 0;
    pid_t helper, pid = -1;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    read_fd = fds[0];
    write_fd = fds[1];
    helper = kernel_clone3(&helper_args);
    if (helper == 0)
        return join_and_clone(starter->joined, args, write_fd);
    if (helper < 0)
        return -1;
    while (waitpid(helper, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EIO;
    fd_close(steal_fd(&write_fd));
    return read(read_fd, &pid, sizeof(pid)) == (ssize_t)sizeof(pid) ? pid : -1;
}

/* With all signals blocked, so that no handler of ours ever runs in the child. */
static int clone_child(const struct starter *starter, bool into_cgroup, int child_channel_fd,
                       struct starter_child *child)
{
    bool joins = starter->joined && starter->joined->count > 0;
    struct clone_args args = {.flags = starter->clone_flags, .exit_signal = SIGCHLD};
    sigset_t all, old;
    int number;

    if (into_cgroup) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup_clone_fd(starter->cgroup);
    }
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    child->pid = joins ? clone_joined(starter, &args) : clone_plainly(&args, &child->pidfd);
    if (child->pid == 0) {
        /* Or it would never hear that the starter is gone. */
        fd_close(child->channel_fd);
        starter->run(starter->owner, child_channel_fd);
        _exit(EXIT_CODE_OURS);
    }
    number = errno;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    if (child->pid > 0 && joins) {
        child->pidfd = pidfd_open(child->pid, 0); /* our child: nobody else reaps it */
        number = errno;
        if (child->pidfd < 0) {
            (void)kill(child->pid, SIGKILL);
            (void)waitpid(child->pid, NULL, __WALL);
        }
    }
    errno = number;
    return child->pid < 0 || child->pidfd < 0 ? -1 : 0;
}

static int open_channel(struct starter_child *child, int *ret_child_fd)
{
    struct timeval timeout = {.tv_sec = ANSWER_SECONDS};

    if (channel_open(&child->channel_fd, ret_child_fd) < 0)
        return -1;
    if (setsockopt(child->channel_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0)
        return 0;
    fd_close(steal_fd(&child->channel_fd));
    fd_close(steal_fd(ret_child_fd));
    return -1;
}

static int settle(const struct starter *starter, bool into_cgroup, struct starter_child *child,
                  struct error *err)
{
    struct channel_message message;
    struct failure failure;

    if (cgroup_enter(starter->cgroup, child->pid, !into_cgroup, err) < 0)
        return -1;
    if (starter->prepare && starter->prepare(starter->owner, child->pid, err) < 0)
        return -1;
    message.kind = CHANNEL_ALIVE;
    if (channel_expect(child->channel_fd, CHANNEL_ALIVE, &message) == 0 &&
        channel_say(child->channel_fd, CHANNEL_ENTERED) == 0)
        return 0;
    (void)error_sys(err, "hear from the new process");
    if (message.kind == CHANNEL_FAILED && message.length == sizeof(failure)) {
        memcpy(&failure, message.bytes, sizeof(failure));
        (void)failure_to_error(&failure, err);
    }
    return -1;
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
