/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/bundle_mounts.h"
#include "runtime/cage.h"
#include "runtime/filesystem.h"
#include "runtime/kernel.h"

/* Whatever way led there: nothing is mounted over parts of /proc, but the files that such
 * emulations as lxcfs replace. What is protected there must stay what it is (CVE-2019-19921). */
static int check_cover(struct cage_state *state, int target_fd, const char *target)
{
    static const char *const harmless[] = {
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",  "/proc/stat",    "/proc/swaps",
        "/proc/uptime",  "/proc/loadavg",   "/proc/slabinfo", "/proc/net/dev",
    };
    struct statfs status;

    if (fstatfs(target_fd, &status) < 0)
        return failure_sys(&state->failure, "look at mount point", target);
    if (status.f_type != PROC_SUPER_MAGIC)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(harmless); i++)
        if (string_eq(harmless[i], target))
            return 0;
    return failure_set(&state->failure, "mount on", target,
                       "it leads to '/proc', which stays as it is");
}

/* A tmpfs takes the mode of what it covers, unless it is told one. */
static void mode_of(int target_fd, char out[5])
{
    struct stat status;
    unsigned mode = fstat(target_fd, &status) == 0 ? status.st_mode & 07777 : 0755;

    for (int i = 3; i >= 0; i--, mode >>= 3)
        out[i] = (char)('0' + (mode & 7));
    out[4] = '\0';
}

/* Who is not root of the machine may not mount some file systems, or not always. What is shown
 * then is the host's, with all that is mounted on it, as it cannot be had without. */
static int copy_hosts(const struct cage_state *state, const struct mount_spec *spec)
{
    const struct container_spec *container = state->cage->spec;
    const struct {
        const char *type, *path;
        bool may;
    } places[] = {{"sysfs", "/sys", true},
                  {"proc", "/proc", container->host_pid},
                  {"mqueue", "/dev/mqueue", container->host_ipc}};
    struct mount_attr attributes = {.attr_set = spec->set};

    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        scoped_fd int fd = -1;

        if (!places[i].may || !string_eq(places[i].type, spec->type))
            continue;
        fd =
            open_tree(AT_FDCWD, places[i].path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                                    sizeof(attributes)) < 0)
            return -1;
        return steal_fd(&fd);
    }
    errno = EPERM;
    return -1;
}

static int make_filesystem(struct cage_state *state, const struct planned_mount *mount,
                           int target_fd)
{
    const struct mount_spec *spec = mount->filesystem;
    struct mount_attr attributes = {.propagation =
                                        spec->propagation_flags & ~(unsigned long)MS_REC};
    struct filesystem_option options[BUNDLE_MAX_DATA + 2] = {{NULL, NULL}};
    char mode[5];
    size_t n = 0;
    scoped_fd int fd = -1;

    for (; mount->data[n].name; n++)
        options[n] = mount->data[n];
    if (string_eq(spec->type, "tmpfs") && !mount->has_mode) {
        mode_of(target_fd, mode);
        options[n] = (struct filesystem_option){"mode", mode};
    }
    fd = filesystem_make(spec->type, (unsigned)spec->set, options);
    if (fd < 0 && errno == EPERM)
        fd = copy_hosts(state, spec);
    if (fd < 0)
        return failure_sys(&state->failure, "make the file system for", mount->target);
    if (attributes.propagation &&
        mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return failure_sys(&state->failure, "set the propagation of", mount->target);
    return steal_fd(&fd);
}

/* "cgroup" is whatever this host has. */
static int attach_cgroups(struct cage_state *state, const struct planned_mount *mount,
                          int target_fd)
{
    return cage_attach_cgroups(state, target_fd, (unsigned)mount->filesystem->set);
}

static int make_source(struct cage_state *state, const struct planned_mount *mount, int target_fd)
{
    struct filesystem_option options[TMPFS_MAX_OPTIONS + 1] = {{NULL, NULL}};
    int fd;

    if (mount->fd >= 0)
        return mount->fd;
    if (mount->filesystem)
        return make_filesystem(state, mount, target_fd);
    for (size_t i = 0; i < mount->tmpfs.n_options; i++) {
        options[i].name = mount->tmpfs.options[i].name;
        options[i].value = mount->tmpfs.options[i].value;
    }
    fd = filesystem_make("tmpfs", mount->tmpfs.attributes, options);
    if (fd < 0)
        return failure_sys(&state->failure, "make a tmpfs for", mount->target);
    return fd;
}

static int open_target(const struct cage_state *state, const struct planned_mount *mount)
{
    if (mount->covers_link) {
        int fd = path_open_in_root(state->root_fd, mount->target, O_PATH | O_NOFOLLOW, 0);

        if (fd >= 0 || errno != ENOENT)
            return fd;
    }
    return mount->is_directory ? mountpoint_directory(state->root_fd, mount->target)
                               : mountpoint_file(state->root_fd, mount->target);
}

/* Attributes are the mount's; what else is asked for is the file system's. */
static int remount(struct cage_state *state, const struct planned_mount *mount)
{
    const struct mount_spec *spec = mount->filesystem;
    struct mount_attr attributes = {.attr_set = spec->set,
                                    .attr_clr = spec->clear,
                                    .propagation =
                                        spec->propagation_flags & ~(unsigned long)MS_REC};
    struct mount_attr all = {.attr_set = spec->set_recursively,
                             .attr_clr = spec->clear_recursively};
    scoped_fd int fd = path_open_in_root(state->root_fd, mount->target, O_PATH, 0);

    if (fd < 0 || (mount->data[0].name && filesystem_change(fd, mount->data) < 0) ||
        mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0 ||
        mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &all, sizeof(all)) < 0)
        return failure_sys(&state->failure, "change the mount on", mount->target);
    return 0;
}

static int attach_one(struct cage_state *state, const struct planned_mount *mount)
{
    scoped_fd int target_fd = mount->remounts ? -1 : open_target(state, mount);
    int source_fd;

    if (mount->remounts)
        return remount(state, mount);
    if (target_fd < 0)
        return failure_sys(&state->failure, "open mount point", mount->target);
    if (check_cover(state, target_fd, mount->target) < 0)
        return -1;
    if (mount->filesystem && string_starts_with(mount->filesystem->type, "cgroup"))
        return attach_cgroups(state, mount, target_fd);
    source_fd = make_source(state, mount, target_fd);
    if (source_fd < 0)
        return -1;
    /* The descriptor of a source is closed by execve. */
    if (kernel_attach(source_fd, target_fd) < 0)
        return failure_sys(&state->failure, "mount on", mount->target);
    /* What covers the root is the root from here on. */
    if (string_eq(mount->target, "/"))
        state->root_fd = source_fd;
    return 0;
}

int cage_attach_mounts(struct cage_state *state)
{
    const struct mount_plan *plan = &state->cage->mounts;

    for (size_t i = 0; i < plan->count; i++)
        if (attach_one(state, &plan->mounts[i]) < 0)
            return -1;
    return 0;
}
