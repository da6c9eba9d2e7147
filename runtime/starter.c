/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
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

/* Whether it went without a word. With the end of the channel it goes in any case; what it says
 * before is a word. */
static bool ends_in_silence(const struct starter_child *child)
{
    struct channel_message message;

    return !child->settled && shutdown(child->channel_fd, SHUT_WR) == 0 &&
           channel_receive(child->channel_fd, true, &message) == 0;
}

bool starter_child_end(struct starter_child *child)
{
    bool was_killed = false;
    siginfo_t info;

    if (child->pidfd >= 0) {
        bool silent = ends_in_silence(child);

        if (!silent)
            (void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
        was_killed = wait_for_end(child->pidfd, &info) == 0 && silent &&
                     info.si_code == CLD_KILLED && info.si_status == SIGKILL;
    }
    fd_close(child->pidfd);
    fd_close(child->channel_fd);
    child->pidfd = child->channel_fd = -1;
    return was_killed;
}

static pid_t clone_plainly(struct clone_args *args, int *ret_pidfd)
{
    args->flags |= CLONE_PIDFD;
    args->pidfd = (uint64_t)(uintptr_t)ret_pidfd;
    return kernel_clone3(args);
}

/* In the helper. Returns 0 in the child that it makes; it ends itself with errno, or with 0. */
static int join_and_clone(const struct joined_namespaces *joined, struct clone_args *args)
{
    pid_t pid;

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        _exit(errno);
    for (size_t i = 0; i < joined->count; i++)
        if (setns(joined->items[i].fd, joined->items[i].type) < 0)
            _exit(errno);
    pid = kernel_clone3(args);
    if (pid == 0)
        return 0;
    _exit(pid < 0 ? errno : 0);
}

/* As fork(): 0 in the child, else its number, or -1 with errno. */
static pid_t run_joiner(const struct starter *starter, struct clone_args *args)
{
    struct clone_args helper_args = {.exit_signal = SIGCHLD};
    int status = 0;
    pid_t helper = kernel_clone3(&helper_args);

    if (helper == 0)
        return join_and_clone(starter->joined, args);
    if (helper < 0)
        return -1;
    while (waitpid(helper, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    return -1;
}

/* Likewise. The kernel itself tells the child's number, into memory that the helper has in common
 * with us: a message that fails would leave a child that nobody knows of. */
static pid_t clone_joined(const struct starter *starter, struct clone_args *args)
{
    pid_t *number =
        mmap(NULL, sizeof(*number), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;

    if (number == MAP_FAILED)
        return -1;
    args->flags |= CLONE_PARENT | CLONE_PARENT_SETTID;
    args->parent_tid = (uint64_t)(uintptr_t)number;
    args->exit_signal = 0; /* the helper's, by CLONE_PARENT */
    pid = run_joiner(starter, args);
    if (pid < 0 && *number > 0)
        pid = *number;
    (void)munmap(number, sizeof(*number));
    return pid;
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

int starter_begin(const struct starter *starter, struct starter_child *child, struct error *err)
{
    bool into_cgroup = !starter->plain && cgroup_clone_fd(starter->cgroup) >= 0;
    scoped_fd int child_channel_fd = -1;

    *child = (struct starter_child){.pidfd = -1, .channel_fd = -1};
    if (open_channel(child, &child_channel_fd) < 0)
        return error_sys(err, "open a channel to the new process");
    if (clone_child(starter, into_cgroup, child_channel_fd, child) < 0)
        return error_sys(err, "clone a process");
    fd_close(steal_fd(&child_channel_fd));
    if (cgroup_enter(starter->cgroup, child->pid, !into_cgroup, err) < 0)
        return -1;
    return starter->prepare ? starter->prepare(starter->owner, child->pid, err) : 0;
}

/* When the child is gone already, starter_hear() says why. */
int starter_admit(const struct starter_child *child, struct error *err)
{
    if (channel_say(child->channel_fd, CHANNEL_ENTERED) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        return error_sys(err, "talk to the new process");
    return 0;
}

int starter_hear(struct starter_child *child, struct error *err)
{
    struct channel_message message = {.kind = CHANNEL_ALIVE};
    struct failure failure;

    if (child->settled)
        return 0;
    if (channel_expect(child->channel_fd, CHANNEL_ALIVE, &message) == 0) {
        child->settled = true;
        return 0;
    }
    child->settled = errno == EAGAIN || errno == EWOULDBLOCK;
    (void)error_sys(err, "hear from the new process");
    if (message.kind == CHANNEL_FAILED && message.length == sizeof(failure)) {
        child->settled = true;
        memcpy(&failure, message.bytes, sizeof(failure));
        (void)failure_to_error(&failure, err);
    }
    return -1;
}

int starter_clone(const struct starter *starter, struct starter_child *ret_child, struct error *err)
{
    struct starter starter_now = *starter;
    struct starter_child child;

    while (starter_begin(&starter_now, &child, err) < 0 || starter_hear(&child, err) < 0 ||
           starter_admit(&child, err) < 0) {
        if (!starter_child_end(&child) || starter_now.plain)
            return -1;
        starter_now.plain = true;
    }
    *ret_child = child;
    return 0;
}
