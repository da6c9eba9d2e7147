/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container_tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/capabilities.h"
#include "runtime/container_options.h"
#include "runtime/rootfs.h"

/* "INSIDE OUTSIDE COUNT" lines, as seen from here: where 0 lies, and how many follow it. */
static int read_map(pid_t pid, struct container_tree *tree, struct error *err)
{
    enum { MAP_MAX_BYTES = 64 * 1024 };
    scoped_text struct text lines = {0};
    char path[64];
    unsigned inside, outside, count;

    (void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
    if (file_read(AT_FDCWD, path, MAP_MAX_BYTES, &lines, NULL, err) < 0)
        return -1;
    if (sscanf(text_get(&lines), "%u %u %u", &inside, &outside, &count) != 3 || inside != 0)
        return error_set(err, "'%s' does not say who root is", path);
    if (outside != 0) {
        tree->first_id = outside;
        tree->n_ids = count;
    }
    return 0;
}

int container_tree_open(const struct container *container, const char *path,
                        struct container_tree *ret_tree, struct error *err)
{
    struct container_tree tree = {.root_fd = container_open_root(container), .path = path};

    if (tree.root_fd < 0)
        return error_sys(err, "open the container's root");
    if (read_map(container->pid, &tree, err) < 0) {
        container_tree_close(&tree);
        return -1;
    }
    /* By its number: it may have been another process. */
    if (process_start_time(container->pid) != container->start_time) {
        container_tree_close(&tree);
        return error_set(err, "the container has ended");
    }
    *ret_tree = tree;
    return 0;
}

/* The part of `path` below the mount's target: "" or "/x"; NULL when it is not below. */
static const char *below(const struct mount_spec *mount, const char *path)
{
    size_t length = strlen(mount->target);

    if (length <= 1 || strncmp(path, mount->target, length) != 0)
        return NULL;
    return path[length] == '/' || path[length] == '\0' ? path + length : NULL;
}

/* What is mounted deepest on the way. */
static const struct mount_spec *mount_of(const struct container_spec *spec, const char *path,
                                         const char **ret_path)
{
    const struct mount_spec *found = NULL;

    for (size_t i = 0; i < spec->n_mounts; i++) {
        const struct mount_spec *mount = &spec->mounts[i];

        if (below(mount, path) && (!found || strlen(mount->target) > strlen(found->target)))
            found = mount;
    }
    *ret_path = found ? below(found, path) : path;
    return found;
}

static int open_mounted(const struct mount_spec *mount, bool writes, int *ret_fd, struct error *err)
{
    if (mount->kind != MOUNT_BIND || mount->subpath)
        return error_set(err, "'%s' is there while the container runs only", mount->target);
    if (writes && mount->read_only)
        return error_set(err, "'%s' is mounted for reading only", mount->target);
    *ret_fd = open(mount->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", mount->source) : 0;
}

/* For reading, what the container has written is one more layer: the same files may be the upper
 * directory of a mount that is held. */
static int mount_root(const struct container_spec *spec, bool writes, int *ret_fd,
                      struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(rootfs_free) struct rootfs *rootfs = NULL;
    struct rootfs_request request = {.layers = string_list_copy(arena, spec->layers),
                                     .upper = ROOTFS_UPPER_NONE,
                                     .upper_dir = spec->upper_dir,
                                     .way = ROOTFS_PLAIN,
                                     .userns_fd = -1};
    const char *written = arena_printf(arena, "%s/upper", spec->upper_dir ? spec->upper_dir : "");

    if (writes && (spec->read_only || !spec->upper_dir))
        return error_set(err, "the container's root is for reading only");
    if (writes)
        request.upper = ROOTFS_UPPER_DIR;
    else if (spec->upper_dir && access(written, F_OK) == 0)
        string_list_add(arena, &request.layers, written);
    if (!writes && request.layers.count == 1) {
        *ret_fd = open(request.layers.items[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
        return *ret_fd < 0 ? error_sys(err, "open the container's root") : 0;
    }
    if (rootfs_mount(&request, &rootfs, err) < 0)
        return error_wrap(err, "open the container's root");
    *ret_fd = rootfs_steal_fd(rootfs);
    return 0;
}

int container_tree_open_stopped(const struct container_spec *spec, const char *path, bool writes,
                                struct container_tree *ret_tree, struct error *err)
{
    struct container_tree tree = {.root_fd = -1};
    const struct mount_spec *mount = mount_of(spec, path, &tree.path);

    if ((mount ? open_mounted(mount, writes, &tree.root_fd, err)
               : mount_root(spec, writes, &tree.root_fd, err)) < 0)
        return -1;
    *ret_tree = tree;
    return 0;
}

void container_tree_close(struct container_tree *tree)
{
    fd_close(tree->root_fd);
    tree->root_fd = -1;
}

int container_tree_enter(const struct container_tree *tree, struct error *err)
{
    if (tree->n_ids == 0)
        return 0;
    (void)setfsgid(tree->first_id);
    (void)setfsuid(tree->first_id);
    /* They have followed fsuid out of 0 (capabilities(7)). */
    return capabilities_raise() < 0 ? error_sys(err, "keep the privileges") : 0;
}

void container_tree_leave(void)
{
    (void)setfsuid(geteuid());
    (void)setfsgid(getegid());
    (void)!capabilities_raise();
}
