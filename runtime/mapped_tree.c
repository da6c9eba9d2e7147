/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/mapped_tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/kernel.h"

struct mapped_tree {
    char *path;
    int mount_fd; /* -1: not yet made */
    struct id_map map;
    bool refused;
};

int mapped_mount_open(const char *path, int userns_fd, int *ret_fd, struct error *err)
{
    scoped_fd int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    struct mount_attr attributes = {
        .propagation = MS_PRIVATE,
        .attr_set = userns_fd >= 0 ? MOUNT_ATTR_IDMAP : 0,
        .userns_fd = userns_fd >= 0 ? (unsigned long long)userns_fd : 0,
    };

    if (fd < 0)
        return error_sys(err, "open '%s'", path);
    if (mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return error_sys(err, "map the ids of '%s'", path);
    *ret_fd = steal_fd(&fd);
    return 0;
}

struct mapped_tree *mapped_tree_new(const char *path)
{
    struct mapped_tree *tree = memory_new(struct mapped_tree);

    tree->path = memory_strdup(path);
    tree->mount_fd = -1;
    return tree;
}

void mapped_tree_free(struct mapped_tree *tree)
{
    if (!tree)
        return;
    fd_close(tree->mount_fd);
    free(tree->path);
    free(tree);
}

void mapped_tree_refuse(struct mapped_tree *tree)
{
    tree->refused = true;
    fd_close(steal_fd(&tree->mount_fd));
}

/* What follows the tree's own path, or NULL. */
static const char *path_below(const struct mapped_tree *tree, const char *path)
{
    size_t length = strlen(tree->path);

    return strncmp(path, tree->path, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

/* What is mounted below was not cloned: there the tree has what is covered. */
static bool is_same_directory(int fd, const char *path)
{
    struct stat inside, outside;

    return fstat(fd, &inside) == 0 && stat(path, &outside) == 0 &&
           inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino;
}

int mapped_tree_open(struct mapped_tree *tree, const struct tree_mapping *mapping, const char *path,
                     int *ret_fd, struct error *err)
{
    const char *below = tree && !tree->refused ? path_below(tree, path) : NULL;
    scoped_fd int fd = -1;

    *ret_fd = -1;
    if (!below)
        return 0;
    if (tree->mount_fd < 0) {
        if (mapped_mount_open(tree->path, mapping->userns_fd, &tree->mount_fd, err) < 0)
            return -1;
        tree->map = mapping->map;
    }
    if (tree->map.base != mapping->map.base || tree->map.count != mapping->map.count)
        return 0;
    fd = path_open_beneath(tree->mount_fd, below, O_PATH | O_DIRECTORY, 0);
    if (fd >= 0 && is_same_directory(fd, path))
        *ret_fd = steal_fd(&fd);
    return 0;
}
