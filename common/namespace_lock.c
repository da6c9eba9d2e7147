/* SPDX-License-Identifier: Apache-2.0 */
#include "common/namespace_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/own_ids.h"

#define VARIABLE "YAWL_NAMESPACE_LOCK"

int namespace_lock_open(const char *path, int *ret_fd, struct error *err)
{
    scoped_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return error_sys(err, "open '%s'", path);
    /* The other kind of lock, which belongs to the open file: it meets none of F_SETLK. */
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_sys(err, "lock '%s'", path);
    *ret_fd = steal_fd(&fd);
    return 0;
}

pid_t namespace_lock_holder(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

int namespace_lock_share(int fd, struct error *err)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLK, &lock) < 0 || flock(fd, LOCK_UN) < 0)
        return error_sys(err, "hold the lock of the user namespace");
    return 0;
}

int namespace_lock_announce(const char *path, struct error *err)
{
    return setenv(VARIABLE, path, 1) < 0 ? error_sys(err, "set the environment") : 0;
}

int namespace_lock_hold(struct error *err)
{
    const char *path = getenv(VARIABLE);
    scoped_fd int fd = -1;

    if (!path || own_ids_are_all())
        return 0;
    if (namespace_lock_open(path, &fd, err) < 0 || namespace_lock_share(fd, err) < 0)
        return -1;
    (void)steal_fd(&fd); /* open until we end */
    return 0;
}
