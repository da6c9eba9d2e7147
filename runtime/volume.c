/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/rootfs.h"
#include "runtime/tree_copy.h"

/* The merged tree of the layers, for reading. One layer is its own merged tree. */
static int open_image_root(struct string_list layers, int *ret_fd, struct error *err)
{
    struct rootfs_request request = {
        .layers = layers, .upper = ROOTFS_UPPER_NONE, .way = ROOTFS_PLAIN, .userns_fd = -1};

    if (layers.count > 1) {
        scoped(rootfs_free) struct rootfs *rootfs = NULL;

        if (rootfs_mount(&request, &rootfs, err) < 0)
            return -1;
        *ret_fd = rootfs_steal_fd(rootfs);
        return 0;
    }
    *ret_fd = layers.count ? open(layers.items[0], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (*ret_fd < 0)
        return error_sys(err, "open '%s'", layers.count ? layers.items[0] : "");
    return 0;
}

/* What is in the directory, removed when `remove`. *ret_empty is what was found before. */
static int volume_walk(int volume_fd, bool remove, bool *ret_empty, struct error *err)
{
    int own_fd = openat(volume_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    struct dirent *entry;
    int result = 0;

    if (!dir) {
        fd_close(own_fd);
        return error_sys(err, "open the volume");
    }
    *ret_empty = true;
    while (result == 0 && (entry = readdir(dir))) {
        if (string_eq(entry->d_name, ".") || string_eq(entry->d_name, ".."))
            continue;
        *ret_empty = false;
        if (remove)
            result = path_remove_tree(volume_fd, entry->d_name, err);
    }
    (void)closedir(dir);
    return result;
}

int volume_fill(int volume_fd, struct string_list layers, const char *target, struct error *err)
{
    scoped_fd int root_fd = -1;
    scoped_fd int source_fd = -1;
    scoped_fd int target_fd = openat(volume_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_empty;

    if (target_fd < 0)
        return error_sys(err, "open the volume");
    if (volume_walk(target_fd, false, &is_empty, err) < 0)
        return -1;
    if (!is_empty)
        return 0;
    if (open_image_root(layers, &root_fd, err) < 0)
        return error_wrap(err, "fill the volume for '%s'", target);
    source_fd = path_open_in_root(root_fd, target, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
    if (source_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : error_sys(err, "open '%s'", target);
    if (tree_copy(source_fd, target_fd, err) == 0)
        return 0;
    /* Half of it would look like a volume in use from now on. */
    (void)!volume_walk(target_fd, true, &is_empty, NULL);
    return error_wrap(err, "fill the volume for '%s'", target);
}
