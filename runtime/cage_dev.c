/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev is a tmpfs of our own. Everything in it is made relative to its descriptor, never through
 * the image's tree (CVE-2026-41579). In a user namespace nodes cannot be made; the host's are
 * mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/cage.h"
#include "runtime/filesystem.h"
#include "runtime/kernel.h"

enum { DATA_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},         {"core", "/proc/kcore"},
};

static int make_file_systems(struct cage_state *state)
{
    static const struct filesystem_option dev_options[] = {
        {"mode", "755"}, {"size", "65536k"}, {NULL, NULL}};
    const struct container_spec *spec = state->cage->spec;
    char shm_size[STRING_U64_SIZE];
    struct filesystem_option shm_options[] = {{"mode", "1777"}, {"size", shm_size}, {NULL, NULL}};
    struct filesystem_option pts_options[] = {
        {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}, {NULL, NULL}};

    string_from_u64(spec->shm_bytes > 0 ? (uint64_t)spec->shm_bytes : 64U << 20, shm_size);
    if (spec->id_map.count > 0 && spec->id_map.count <= 5)
        pts_options[2].name = NULL; /* there is no group 5 */
    state->dev_fd = filesystem_make("tmpfs", MOUNT_ATTR_NOSUID, dev_options);
    state->pts_fd = filesystem_make("devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, pts_options);
    state->shm_fd = state->cage->shm_fd >= 0
                        ? state->cage->shm_fd
                        : filesystem_make("tmpfs", DATA_ATTRIBUTES, shm_options);
    if (state->dev_fd < 0 || state->pts_fd < 0 || state->shm_fd < 0)
        return failure_sys(&state->failure, "make", "/dev");
    state->mqueue_fd = state->cage->mqueue_fd;
    /* Not every kernel has it, and who shares the IPC namespace of others may not mount it. */
    if (!spec->host_ipc) {
        state->mqueue_fd = filesystem_make("mqueue", DATA_ATTRIBUTES, NULL);
        if (state->mqueue_fd < 0 && errno != ENODEV && errno != EPERM)
            return failure_sys(&state->failure, "make", "/dev/mqueue");
    }
    return 0;
}

static int make_standard_node(struct cage_state *state, size_t i)
{
    const struct host_device *device = &host_devices_standard[i];

    if (state->cage->devices.standard_fds[i] < 0)
        return mknodat(state->dev_fd, device->name, S_IFCHR | device->mode, device->number);
    /* Attached only after /dev itself is: see attach_standard_nodes(). */
    return mknodat(state->dev_fd, device->name, S_IFREG | 0644, 0);
}

static int make_parents(int dir_fd, const char *name)
{
    char parent[256];

    for (size_t i = 0; name[i] && i < sizeof(parent) - 1; i++) {
        parent[i] = name[i];
        parent[i + 1] = '\0';
        if (name[i + 1] == '/' && mkdirat(dir_fd, parent, 0755) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* All devices of the host, for a privileged container. In a user namespace the kernel refuses. */
static int make_host_nodes(struct cage_state *state)
{
    const struct host_devices *devices = &state->cage->devices;

    for (size_t i = 0; i < devices->n_all; i++) {
        const struct host_device *device = &devices->all[i];

        if (make_parents(state->dev_fd, device->name) < 0 ||
            mknodat(state->dev_fd, device->name, device->mode, device->number) < 0 ||
            fchownat(state->dev_fd, device->name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) <
                0)
            return failure_sys(&state->failure, "make device", device->name);
    }
    return 0;
}

int cage_make_dev(struct cage_state *state)
{
    if (make_file_systems(state) < 0)
        return -1;
    for (size_t i = 0; i < HOST_DEVICES_STANDARD; i++)
        if (make_standard_node(state, i) < 0)
            return failure_sys(&state->failure, "make device", host_devices_standard[i].name);
    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        if (symlinkat(links[i].target, state->dev_fd, links[i].name) < 0)
            return failure_sys(&state->failure, "make link in '/dev'", links[i].name);
    return make_host_nodes(state);
}

static int attach_in_dev(struct cage_state *state, int fs_fd, const char *name)
{
    scoped_fd int target_fd = mountpoint_own_directory(state->dev_fd, name);

    if (target_fd < 0 || kernel_attach(fs_fd, target_fd) < 0)
        return failure_sys(&state->failure, "mount in '/dev'", name);
    return 0;
}

static int attach_standard_nodes(struct cage_state *state)
{
    for (size_t i = 0; i < HOST_DEVICES_STANDARD; i++) {
        const char *name = host_devices_standard[i].name;
        int source_fd = state->cage->devices.standard_fds[i];
        scoped_fd int target_fd = -1;

        if (source_fd < 0)
            continue;
        target_fd = openat(state->dev_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (target_fd < 0 || kernel_attach(source_fd, target_fd) < 0)
            return failure_sys(&state->failure, "mount in '/dev'", name);
    }
    return 0;
}

int cage_attach_dev(struct cage_state *state)
{
    const struct mount_plan *plan = &state->cage->mounts;
    scoped_fd int target_fd = -1;

    if (mount_plan_covers(plan, "/dev")) {
        fd_close(state->dev_fd);
        state->dev_fd = -1;
        return 0;
    }
    target_fd = mountpoint_own_directory(state->root_fd, "dev");
    if (target_fd < 0 && errno == ELOOP)
        return failure_set(&state->failure, "mount on", "dev",
                           "the image has something there that is no directory");
    if (target_fd < 0 || kernel_attach(state->dev_fd, target_fd) < 0)
        return failure_sys(&state->failure, "mount on", "dev");
    if (attach_standard_nodes(state) < 0 || attach_in_dev(state, state->pts_fd, "pts") < 0)
        return -1;
    if (!mount_plan_covers(plan, "/dev/shm") && attach_in_dev(state, state->shm_fd, "shm") < 0)
        return -1;
    if (state->mqueue_fd >= 0 && !mount_plan_covers(plan, "/dev/mqueue"))
        return attach_in_dev(state, state->mqueue_fd, "mqueue");
    return 0;
}

int cage_open_null(struct cage_state *state, int *ret_fd)
{
    scoped_fd int fd = path_open_in_root(state->root_fd, "dev/null", O_RDWR | O_NOCTTY, 0);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return failure_sys(&state->failure, "open", "/dev/null");
    if (!S_ISCHR(status.st_mode) || status.st_rdev != host_devices_standard[0].number)
        return failure_set(&state->failure, "open", "/dev/null", "it is not the null device");
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* The slave is opened through its master and mounted through its descriptor: no name that somebody
 * could replace is used (CVE-2025-52565). */
int cage_open_tty(struct cage_state *state)
{
    scoped_fd int master_fd = -1;
    scoped_fd int copy_fd = -1;
    scoped_fd int console_fd = -1;
    int unlock = 0;

    if (state->dev_fd < 0)
        return failure_set(&state->failure, "open a terminal", NULL, "a mount replaces '/dev'");
    master_fd = openat(state->pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master_fd < 0 || ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
        return failure_sys(&state->failure, "open a terminal", NULL);
    state->tty_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (state->tty_fd < 0 || fchown(state->tty_fd, state->identity.uid, (gid_t)-1) < 0)
        return failure_sys(&state->failure, "open a terminal", NULL);
    copy_fd = filesystem_clone(state->tty_fd, false);
    if (copy_fd < 0 || mknodat(state->dev_fd, "console", S_IFREG | 0600, 0) < 0)
        return failure_sys(&state->failure, "make", "/dev/console");
    console_fd = openat(state->dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (console_fd < 0 || kernel_attach(copy_fd, console_fd) < 0)
        return failure_sys(&state->failure, "mount in '/dev'", "console");
    if (channel_send_fds(state->cage->channel_fd, CHANNEL_TTY, &master_fd, 1) < 0)
        return failure_sys(&state->failure, "hand over the terminal", NULL);
    return 0;
}
