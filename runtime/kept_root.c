/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/kept_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "common/fd.h"
#include "common/memory.h"

struct kept_root {
    int mount_fd; /* -1: none */
    struct id_map map;
    bool read_only; /* as it was made */
};

struct kept_root *kept_root_new(void)
{
    struct kept_root *kept = memory_new(struct kept_root);

    kept->mount_fd = -1;
    return kept;
}

void kept_root_free(struct kept_root *kept)
{
    if (kept)
        kept_root_drop(kept);
    free(kept);
}

static int clone_mount(int mount_fd)
{
    return open_tree(mount_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static bool is_read_only(int mount_fd)
{
    struct statvfs status;

    return fstatvfs(mount_fd, &status) < 0 || (status.f_flag & ST_RDONLY);
}

void kept_root_keep(struct kept_root *kept, struct id_map map, int mount_fd)
{
    kept_root_drop(kept);
    kept->mount_fd = clone_mount(mount_fd);
    kept->map = map;
    kept->read_only = is_read_only(mount_fd);
}

/* A container in the host's user namespace may make the file system itself read-only, as init
 * systems do when they shut down. */
int kept_root_clone(struct kept_root *kept, struct id_map map)
{
    if (kept->mount_fd < 0)
        return -1;
    if (kept->map.base != map.base || kept->map.count != map.count ||
        is_read_only(kept->mount_fd) != kept->read_only) {
        kept_root_drop(kept);
        return -1;
    }
    return clone_mount(kept->mount_fd);
}

bool kept_root_is_held(const struct kept_root *kept)
{
    return kept->mount_fd >= 0;
}

void kept_root_drop(struct kept_root *kept)
{
    fd_close(steal_fd(&kept->mount_fd));
}
