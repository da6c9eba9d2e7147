/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/kernel.h"

static int set_options(int context_fd, const struct filesystem_option *options)
{
    for (; options && options->name; options++) {
        unsigned command = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

        if (fsconfig(context_fd, command, options->name, options->value, 0) < 0)
            return -1;
    }
    return 0;
}

int filesystem_make(const char *type, unsigned attributes, const struct filesystem_option *options)
{
    scoped_fd int context_fd = fsopen(type, FSOPEN_CLOEXEC);

    if (context_fd < 0 || set_options(context_fd, options) < 0 ||
        fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(context_fd, FSMOUNT_CLOEXEC, attributes);
}

int filesystem_change(int fd, const struct filesystem_option *options)
{
    scoped_fd int context_fd = fspick(fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);

    if (context_fd < 0 || set_options(context_fd, options) < 0)
        return -1;
    return fsconfig(context_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
}

int filesystem_clone(int fd, bool recursive)
{
    return open_tree(fd, "",
                     AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                         (recursive ? AT_RECURSIVE : 0));
}

int filesystem_make_read_only(int mount_fd, bool recursive)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

    return mount_setattr(mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
                         sizeof(attributes));
}

int mountpoint_own_directory(int root_fd, const char *name)
{
    int fd;

    if (mkdirat(root_fd, name, 0755) < 0 && errno != EEXIST && errno != EROFS)
        return -1;
    fd = openat(root_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        errno = ELOOP;
    return fd;
}

/* A link that leads to a file which is not there yet: `path` becomes the link's target, seen from
 * the root. 1: it did; 0: `path` is no link; -1: errno. */
static int follow_dangling(int root_fd, char path[PATH_MAX])
{
    char target[PATH_MAX];
    char *slash = strrchr(path, '/');
    size_t dir_length = slash ? (size_t)(slash - path) + 1 : 0;
    scoped_fd int link_fd = path_open_in_root(root_fd, path, O_PATH | O_NOFOLLOW, 0);
    ssize_t length = link_fd < 0 ? -1 : readlinkat(link_fd, "", target, sizeof(target) - 1);

    if (length < 0)
        return errno == ENOENT || errno == EINVAL ? 0 : -1;
    if (target[0] == '/')
        dir_length = 0;
    if (dir_length + (size_t)length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path + dir_length, target, (size_t)length);
    path[dir_length + (size_t)length] = '\0';
    return 1;
}

/* Makes an empty file at a path that does not exist and is no link. */
static int make_file(int root_fd, char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    scoped_fd int dir_fd = -1;

    if (slash)
        *slash = '\0';
    dir_fd = path_make_dirs_in_root(root_fd, slash ? path : "", 0755);
    if (slash)
        *slash = '/';
    if (dir_fd < 0)
        return -1;
    return mknodat(dir_fd, name, S_IFREG | 0644, 0) < 0 && errno != EEXIST ? -1 : 0;
}

int mountpoint_file(int root_fd, const char *path)
{
    enum { MAX_LINKS = 40 };
    char at[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(at)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at, path, length + 1);
    for (int links = 0; links < MAX_LINKS; links++) {
        int fd = path_open_in_root(root_fd, at, O_PATH, 0);
        int followed;

        if (fd >= 0 || errno != ENOENT)
            return fd;
        followed = follow_dangling(root_fd, at);
        if (followed < 0)
            return -1;
        if (followed == 0 && make_file(root_fd, at) < 0)
            return -1;
    }
    errno = ELOOP;
    return -1;
}

int mountpoint_directory(int root_fd, const char *path)
{
    int fd = path_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    return path_make_dirs_in_root(root_fd, path, 0755);
}
