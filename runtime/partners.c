/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/partners.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "runtime/bundle_spec.h"
#include "runtime/channel.h"
#include "runtime/container_options.h"
#include "runtime/kernel.h"

/* The descriptor counts only if the process that it was opened through is still there afterwards.
 */
static int join_one(struct joined_namespaces *joined, const struct container *partner, int type,
                    struct error *err)
{
    const char *name = type == CLONE_NEWUSER  ? "user"
                       : type == CLONE_NEWNET ? "net"
                       : type == CLONE_NEWPID ? "pid"
                                              : "ipc";
    scoped_fd int fd = -1;
    char path[64];

    if (!partner)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)partner->pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pidfd_send_signal(partner->pidfd, 0, NULL, 0) < 0)
        return error_sys(err, "share the %s namespace of process %d", name, (int)partner->pid);
    joined->items[joined->count++] = (struct joined_namespace){.fd = steal_fd(&fd), .type = type};
    joined->types |= (uint64_t)type;
    return 0;
}

/*
 * POSIX shared memory is a file system, not a namespace. A mount can be copied only in the mount
 * namespace that it is in, so a helper goes there. Whatever the partner has put in the place, it
 * can only be something of its own.
 */
static _Noreturn void shm_copy(const struct container *partner, int channel_fd)
{
    struct statfs status;
    int fd;

    if (setns(partner->pidfd, CLONE_NEWNS) < 0)
        _exit(errno);
    fd = open_tree(AT_FDCWD, "/dev/shm",
                   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    if (fd < 0 || fstatfs(fd, &status) < 0)
        _exit(errno);
    if (status.f_type != TMPFS_MAGIC)
        _exit(ENODEV);
    _exit(channel_send_fds(channel_fd, CHANNEL_PROCESS, &fd, 1) < 0 ? errno : 0);
}

static int shm_open_copy(const struct container *partner, int *ret_fd, struct error *err)
{
    struct clone_args args = {.flags = 0}; /* no SIGCHLD: nobody else is to notice */
    struct channel_message message = {0};
    scoped_fd int ours_fd = -1;
    scoped_fd int theirs_fd = -1;
    int got, number, status = 0;
    pid_t pid;

    if (channel_open(&ours_fd, &theirs_fd) < 0)
        return error_sys(err, "open a channel");
    pid = kernel_clone3(&args);
    if (pid == 0)
        shm_copy(partner, theirs_fd);
    if (pid < 0)
        return error_sys(err, "clone a process");
    fd_close(steal_fd(&theirs_fd));
    got = channel_receive(ours_fd, true, &message);
    number = errno;
    (void)waitpid(pid, &status, __WALL);
    if (got >= 0)
        number = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EIO;
    errno = number;
    if (got <= 0 || message.n_fds != 1)
        return error_sys(err, "share '/dev/shm' of process %d", (int)partner->pid);
    *ret_fd = message.fds[0];
    return 0;
}

int joined_open_paths(const struct namespace_path *paths, size_t count,
                      struct joined_namespaces *joined, struct error *err)
{
    joined->shm_fd = -1;
    for (size_t i = 0; i < count; i++) {
        scoped_fd int fd = open(paths[i].path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
            return error_sys(err, "open namespace '%s'", paths[i].path);
        if (ioctl(fd, NS_GET_NSTYPE) != paths[i].type)
            return error_set(err, "'%s' is no namespace of the type that it is named for",
                             paths[i].path);
        if (joined->count == JOINED_MAX)
            return error_set(err, "more than %d namespaces to join", JOINED_MAX);
        joined->items[joined->count++] =
            (struct joined_namespace){.fd = steal_fd(&fd), .type = paths[i].type};
        joined->types |= (uint64_t)paths[i].type;
    }
    return 0;
}

int joined_open(const struct partners *partners, struct joined_namespaces *joined,
                struct error *err)
{
    joined->shm_fd = -1;
    if (join_one(joined, partners->user, CLONE_NEWUSER, err) < 0 ||
        join_one(joined, partners->network, CLONE_NEWNET, err) < 0 ||
        join_one(joined, partners->pid, CLONE_NEWPID, err) < 0 ||
        join_one(joined, partners->ipc, CLONE_NEWIPC, err) < 0)
        return -1;
    return partners->ipc ? shm_open_copy(partners->ipc, &joined->shm_fd, err) : 0;
}

void joined_close(struct joined_namespaces *joined)
{
    for (size_t i = 0; i < joined->count; i++)
        fd_close(joined->items[i].fd);
    if (joined->count > 0)
        fd_close(joined->shm_fd);
    *joined = (struct joined_namespaces){.shm_fd = -1};
}
