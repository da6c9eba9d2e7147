/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's terminals come from its own devpts, so that programs inside find theirs at
 * /dev/pts/N. What stands at /dev/pts/ptmx is the container's to choose: it is looked at before it
 * is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/container.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

static bool is_ptmx(int fd)
{
    struct statfs filesystem;
    struct stat file;

    return fstatfs(fd, &filesystem) == 0 && filesystem.f_type == DEVPTS_SUPER_MAGIC &&
           fstat(fd, &file) == 0 && S_ISCHR(file.st_mode) &&
           file.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR);
}

static int ptmx_open(const struct container *container, int *ret_fd, struct error *err)
{
    char path[64];
    scoped_fd int root_fd = -1, place_fd = -1;

    root_fd = container_open_root(container);
    if (root_fd < 0)
        return error_sys(err, "open the root of process %d", (int)container_pid(container));
    place_fd = path_open_in_root(root_fd, "dev/pts/ptmx", O_PATH | O_NOFOLLOW, 0);
    if (place_fd < 0)
        return error_sys(err, "find '/dev/pts/ptmx'");
    if (!is_ptmx(place_fd))
        return error_set(err, "'/dev/pts/ptmx' is not the terminal multiplexer");
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", place_fd);
    *ret_fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '/dev/pts/ptmx'") : 0;
}

int container_open_tty(const struct container *container, int *ret_master_fd, int *ret_slave_fd,
                       struct error *err)
{
    scoped_fd int master_fd = -1, slave_fd = -1;

    if (ptmx_open(container, &master_fd, err) < 0)
        return error_wrap(err, "open a terminal in the container");
    if (unlockpt(master_fd) < 0)
        return error_sys(err, "unlock a terminal in the container");
    slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave_fd < 0)
        return error_sys(err, "open a terminal in the container");
    *ret_master_fd = steal_fd(&master_fd);
    *ret_slave_fd = steal_fd(&slave_fd);
    return 0;
}
