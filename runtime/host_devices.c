/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/host_devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/kernel.h"

/* makedev() for small numbers, as a constant. */
#define NODE(major, minor) ((dev_t)(major) << 8 | (dev_t)(minor))

enum { MAX_DEVICES = 4096, MAX_DEPTH = 4 };

const struct host_device host_devices_standard[HOST_DEVICES_STANDARD] = {
    {"null", 0666, NODE(1, 3), 0, 0},    {"zero", 0666, NODE(1, 5), 0, 0},
    {"full", 0666, NODE(1, 7), 0, 0},    {"random", 0666, NODE(1, 8), 0, 0},
    {"urandom", 0666, NODE(1, 9), 0, 0}, {"tty", 0666, NODE(5, 0), 0, 0},
};

static int open_standard(int dev_fd, const struct host_device *device, int *ret_fd,
                         struct error *err)
{
    scoped_fd int fd =
        open_tree(dev_fd, device->name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_sys(err, "open '/dev/%s'", device->name);
    if (!S_ISCHR(status.st_mode) || status.st_rdev != device->number)
        return error_set(err, "open '/dev/%s': it is another device on this host", device->name);
    *ret_fd = steal_fd(&fd);
    return 0;
}

static bool is_standard(const char *name)
{
    for (size_t i = 0; i < HOST_DEVICES_STANDARD; i++)
        if (string_eq(host_devices_standard[i].name, name))
            return true;
    return false;
}

/* What the container has of its own. */
static bool is_own(const char *name)
{
    static const char *const own[] = {"pts", "shm", "mqueue", "console", "ptmx"};

    for (size_t i = 0; i < ARRAY_LENGTH(own); i++)
        if (string_eq(own[i], name))
            return true;
    return is_standard(name);
}

struct device_walk {
    struct arena *arena;
    struct host_devices *devices;
};

static void list_directory(struct device_walk *walk, int take_dir_fd, const char *prefix,
                           int depth);

static void list_entry(struct device_walk *walk, int dir_fd, const char *entry, const char *name)
{
    struct host_devices *devices = walk->devices;
    struct stat status;
    int depth = 1;

    if (fstatat(dir_fd, entry, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    for (const char *at = name; *at; at++)
        depth += *at == '/';
    if (S_ISDIR(status.st_mode) && depth < MAX_DEPTH)
        list_directory(walk, openat(dir_fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                       name, depth);
    if ((S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) && devices->n_all < MAX_DEVICES)
        devices->all[devices->n_all++] = (struct host_device){name, status.st_mode, status.st_rdev,
                                                              status.st_uid, status.st_gid};
}

static void list_directory(struct device_walk *walk, int take_dir_fd, const char *prefix, int depth)
{
    DIR *dir = take_dir_fd < 0 ? NULL : fdopendir(take_dir_fd);
    struct dirent *entry;

    if (!dir) {
        fd_close(take_dir_fd);
        return;
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || (depth == 0 && is_own(entry->d_name)))
            continue;
        list_entry(walk, dirfd(dir), entry->d_name,
                   depth == 0 ? arena_strdup(walk->arena, entry->d_name)
                              : arena_printf(walk->arena, "%s/%s", prefix, entry->d_name));
    }
    (void)closedir(dir);
}

int host_devices_open(bool as_mounts, bool all, struct arena *arena,
                      struct host_devices *ret_devices, struct error *err)
{
    scoped_fd int dev_fd = -1;

    *ret_devices = (struct host_devices){.standard_fds = {-1, -1, -1, -1, -1, -1}};
    if (!as_mounts && !all)
        return 0;
    dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dev_fd < 0)
        return error_sys(err, "open '/dev'");
    for (size_t i = 0; as_mounts && i < HOST_DEVICES_STANDARD; i++)
        if (open_standard(dev_fd, &host_devices_standard[i], &ret_devices->standard_fds[i], err) <
            0)
            return -1;
    if (all) {
        struct device_walk walk = {arena, ret_devices};

        ret_devices->all = arena_new_array(arena, struct host_device, MAX_DEVICES);
        list_directory(&walk, steal_fd(&dev_fd), "", 0);
    }
    return 0;
}

void host_devices_close(struct host_devices *devices)
{
    for (size_t i = 0; i < HOST_DEVICES_STANDARD; i++)
        fd_close(devices->standard_fds[i]);
}
