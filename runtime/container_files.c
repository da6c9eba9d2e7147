/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/container_tree.h"
#include "runtime/tree_copy.h"

/* A name in the container. */
struct target {
    int dir_fd; /* -1: there is no such directory, and none is needed */
    const char *name;
    bool there;
    struct stat status;
};

static int target_open(const struct container_tree *tree, const char *path, bool makes,
                       struct target *ret_target, struct error *err)
{
    struct target target = {.dir_fd = -1, .name = path_base_name(path)};
    size_t length = (size_t)(target.name - path);
    char parent[PATH_MAX];

    if (!*target.name || length == 0 || length >= sizeof(parent))
        return error_set(err, "this is no name of a file");
    memcpy(parent, path, length);
    parent[length] = '\0';
    target.dir_fd = makes ? path_make_dirs_in_root(tree->root_fd, parent, 0755)
                          : path_open_in_root(tree->root_fd, parent, O_PATH | O_DIRECTORY, 0);
    if (target.dir_fd < 0 && (makes || (errno != ENOENT && errno != ENOTDIR)))
        return error_sys(err, "open its directory");
    if (target.dir_fd >= 0 && path_is_kernels(target.dir_fd)) {
        fd_close(target.dir_fd);
        return error_set(err, "it is in a file system of the kernel's");
    }
    target.there = target.dir_fd >= 0 &&
                   fstatat(target.dir_fd, target.name, &target.status, AT_SYMLINK_NOFOLLOW) == 0;
    *ret_target = target;
    return 0;
}

static int put_directory(const struct target *target, mode_t mode, struct error *err)
{
    scoped_fd int fd = -1;

    if (target->there && S_ISDIR(target->status.st_mode))
        return 0;
    if (target->there && unlinkat(target->dir_fd, target->name, 0) < 0)
        return error_sys(err, "remove what is there");
    if (mkdirat(target->dir_fd, target->name, 0700) < 0)
        return error_sys(err, "make a directory");
    fd = openat(target->dir_fd, target->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || fchmod(fd, mode & 07777) < 0 ? error_sys(err, "set its mode") : 0;
}

static int put_file(const struct container_tree *tree, const char *source,
                    const struct target *target, struct error *err)
{
    bool replaces = target->there && S_ISREG(target->status.st_mode);
    const struct tree_copy_style style = {
        .merges = true,
        .owned = true,
        .uid = replaces ? target->status.st_uid : tree->first_id,
        .gid = replaces ? target->status.st_gid : tree->first_id,
    };

    if (target->there && S_ISDIR(target->status.st_mode) &&
        path_remove_tree(target->dir_fd, target->name, err) < 0)
        return -1;
    return tree_copy_file((struct tree_place){AT_FDCWD, source},
                          (struct tree_place){target->dir_fd, target->name}, &style, err);
}

static int put(const struct container_tree *tree, const struct container_file *file,
               struct error *err)
{
    struct stat source;
    bool there = lstat(file->source, &source) == 0;
    struct target target = {.dir_fd = -1};
    int result;

    if (!there && errno != ENOENT && errno != ENOTDIR)
        return error_sys(err, "look at '%s'", file->source);
    if (there && !S_ISREG(source.st_mode) && !S_ISLNK(source.st_mode) && !S_ISDIR(source.st_mode))
        return 0;
    if (target_open(tree, file->target, there, &target, err) < 0)
        return -1;
    if (!there)
        result = target.there ? path_remove_tree(target.dir_fd, target.name, err) : 0;
    else if (S_ISDIR(source.st_mode))
        result = put_directory(&target, source.st_mode, err);
    else
        result = put_file(tree, file->source, &target, err);
    fd_close(target.dir_fd);
    return result;
}

int container_put_files(struct container *container, const struct container_file *files,
                        size_t count, struct error *err)
{
    struct error later, *place = err;
    struct container_tree tree;
    int result;

    if (container_tree_open(container, "/", &tree, err) < 0)
        return -1;
    result = container_tree_enter(&tree, err);
    for (size_t i = 0; result == 0 && i < count; i++)
        if (put(&tree, &files[i], place) < 0) {
            (void)error_wrap(place, "write '%s'", files[i].target);
            place = &later;
        }
    if (place != err)
        result = -1;
    container_tree_leave();
    container_tree_close(&tree);
    return result;
}
