/* SPDX-License-Identifier: Apache-2.0 */
#include "common/own_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

static const char own_path[] = "/proc/self/exe";

static bool is_own_file(int fd)
{
    struct stat found, own;

    return fstat(fd, &found) == 0 && stat(own_path, &own) == 0 && found.st_dev == own.st_dev &&
           found.st_ino == own.st_ino;
}

/* In a mount namespace that was made since the program began, its file is on a mount of the former
 * one and has to be found by its name. One that is not there any more is nobody's to write to. */
static int clone_own_file(int *ret_fd, struct error *err)
{
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    scoped_fd int fd = open_tree(AT_FDCWD, own_path, flags);
    char name[PATH_MAX];
    ssize_t length;

    *ret_fd = -1;
    if (fd < 0 && errno == EINVAL) {
        length = readlink(own_path, name, sizeof(name) - 1);
        if (length < 0)
            return error_sys(err, "find our own program");
        name[length] = '\0';
        fd = open_tree(AT_FDCWD, name, flags);
    }
    /* Who may not mount makes no containers either. */
    if (fd < 0 && (errno == ENOENT || errno == EPERM))
        return 0;
    if (fd < 0)
        return error_sys(err, "protect our own program");
    if (is_own_file(fd))
        *ret_fd = steal_fd(&fd);
    return 0;
}

/* *ret_fd is -1 where nothing needs to be done: whoever gets into a container can do there what we
 * can do here, at most. */
static int open_protected(int *ret_fd, struct error *err)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    scoped_fd int fd = -1;

    *ret_fd = -1;
    if (faccessat(AT_FDCWD, own_path, W_OK, AT_EACCESS) < 0)
        return 0;
    if (clone_own_file(&fd, err) < 0)
        return -1;
    if (fd >= 0 && mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return error_sys(err, "protect our own program");
    *ret_fd = steal_fd(&fd);
    return 0;
}

int own_program_protect(char **argv, struct error *err)
{
    scoped_fd int fd = -1;

    if (open_protected(&fd, err) < 0)
        return -1;
    if (fd < 0)
        return 0;
    (void)execveat(fd, "", argv, environ, AT_EMPTY_PATH);
    return error_sys(err, "run our own program from where it is protected");
}

int own_program_execute(char **argv, struct error *err)
{
    if (own_program_protect(argv, err) < 0)
        return -1;
    (void)execv(own_path, argv);
    return error_sys(err, "run our own program");
}
