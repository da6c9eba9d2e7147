/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's side of a container that a bundle describes. Order and contents are the OCI runtime
 * specification's: mounts as they are listed, then nodes and links in /dev, then what is hidden.
 *
 * Who creates the container need not be who starts it: the child waits at a socket that anybody
 * with access to the container's state can connect to, and from then on talks to whoever does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/cage.h"
#include "runtime/device_nodes.h"
#include "runtime/filesystem.h"
#include "runtime/kernel.h"

/*
 * Namespaces
 */

/* Offsets can be set only while nobody is in the namespace, so it is made here rather than by the
 * clone. */
int cage_enter_time(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;
    scoped_fd int offsets_fd = -1, namespace_fd = -1;

    if (!(bundle->new_namespaces & CLONE_NEWTIME))
        return 0;
    if (unshare(CLONE_NEWTIME) < 0)
        return failure_sys(&state->failure, "make a time namespace", NULL);
    if (bundle->time_offsets) {
        size_t length = strlen(bundle->time_offsets);

        offsets_fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
        if (offsets_fd < 0 || write(offsets_fd, bundle->time_offsets, length) != (ssize_t)length)
            return failure_sys(&state->failure, "set the offsets of the time namespace", NULL);
    }
    namespace_fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    if (namespace_fd < 0 || setns(namespace_fd, CLONE_NEWTIME) < 0)
        return failure_sys(&state->failure, "enter the time namespace", NULL);
    return 0;
}

/* As runc and crun do. With what needs no memory, as nothing may be allocated here. */
int cage_raise_loopback(struct cage_state *state)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    scoped_fd int fd = -1;

    if (!(state->cage->spec->bundle->new_namespaces & CLONE_NEWNET))
        return 0;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return failure_sys(&state->failure, "bring up the loopback interface", NULL);
    return 0;
}

/*
 * Nodes
 */

static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

static int fail_at_node(struct cage_state *state, const struct node_spec *node)
{
    return failure_sys(&state->failure, "make device", node->path);
}

/* In a user namespace the host's node is mounted over an empty file. */
static int mount_node(struct cage_state *state, const struct node_spec *node, int source_fd)
{
    scoped_fd int target_fd = mountpoint_file(state->root_fd, node->path);

    if (target_fd < 0 || kernel_attach(source_fd, target_fd) < 0)
        return fail_at_node(state, node);
    return 0;
}

/* What the starter has made lies on the container's root while it is copied: only mounts of one's
 * own mount namespace can be. */
static int mount_made_node(struct cage_state *state, size_t index)
{
    char name[DEVICE_NODE_NAME_SIZE];
    scoped_fd int made_fd = -1, copy_fd = -1;

    device_node_name(index, name);
    made_fd = openat(state->cage->bundle.made_nodes_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    copy_fd = made_fd < 0 ? -1 : filesystem_clone(made_fd, false);
    if (copy_fd < 0)
        return fail_at_node(state, &state->cage->spec->bundle->nodes[index]);
    return mount_node(state, &state->cage->spec->bundle->nodes[index], copy_fd);
}

static int attach_made_nodes(struct cage_state *state)
{
    if (state->cage->bundle.made_nodes_fd < 0 ||
        kernel_attach(state->cage->bundle.made_nodes_fd, state->root_fd) == 0)
        return 0;
    return failure_sys(&state->failure, "attach devices", NULL);
}

static int drop_made_nodes(struct cage_state *state)
{
    if (state->cage->bundle.made_nodes_fd >= 0 &&
        (fchdir(state->cage->bundle.made_nodes_fd) < 0 || umount2(".", MNT_DETACH) < 0))
        return failure_sys(&state->failure, "detach devices", NULL);
    return 0;
}

/* What is there already will do, if it is the same. */
static int check_node(struct cage_state *state, const struct node_spec *node, int dir_fd,
                      const char *name)
{
    struct stat status;

    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_at_node(state, node);
    if ((status.st_mode & S_IFMT) != node->type ||
        (node->type != S_IFIFO && status.st_rdev != node->number))
        return failure_set(&state->failure, "make device", node->path,
                           "something else is there already");
    return 0;
}

static int make_node(struct cage_state *state, const struct node_spec *node)
{
    const char *name = path_base_name(node->path);
    char parent[256];
    size_t length = (size_t)(name - node->path);
    scoped_fd int dir_fd = -1;

    if (length >= sizeof(parent))
        return failure_set(&state->failure, "make device", node->path, "its path is too long");
    memcpy(parent, node->path, length);
    parent[length] = '\0';
    dir_fd = path_make_dirs_in_root(state->root_fd, parent, 0755);
    if (dir_fd < 0)
        return fail_at_node(state, node);
    if (mknodat(dir_fd, name, node->type | node->mode, node->number) < 0)
        return errno == EEXIST ? check_node(state, node, dir_fd, name) : fail_at_node(state, node);
    if (fchownat(dir_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_at_node(state, node);
    return 0;
}

static int place_node(struct cage_state *state, size_t index)
{
    const struct node_spec *node = &state->cage->spec->bundle->nodes[index];
    const int *sources = state->cage->bundle.node_fds;

    if (!sources || node->type == S_IFIFO)
        return make_node(state, node);
    return sources[index] >= 0 ? mount_node(state, node, sources[index])
                               : mount_made_node(state, index);
}

/* With the host's own /dev in the place there is nothing to be made. */
static bool is_hosts_dev(const struct cage_state *state)
{
    const struct container_spec *spec = state->cage->spec;

    for (size_t i = 0; i < spec->n_mounts; i++)
        if (spec->mounts[i].kind == MOUNT_BIND && string_eq(spec->mounts[i].target, "/dev"))
            return true;
    return false;
}

static int make_links(struct cage_state *state)
{
    struct stat status;

    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        if (symlinkat(links[i].target, state->dev_fd, links[i].name) < 0 && errno != EEXIST)
            return failure_sys(&state->failure, "make link in '/dev'", links[i].name);
    if (fstatat(state->dev_fd, "pts/ptmx", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        symlinkat("pts/ptmx", state->dev_fd, "ptmx") < 0 && errno != EEXIST)
        return failure_sys(&state->failure, "make link in '/dev'", "ptmx");
    return 0;
}

static int make_nodes(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;

    state->dev_fd = mountpoint_directory(state->root_fd, "dev");
    if (state->dev_fd < 0)
        return failure_sys(&state->failure, "open", "/dev");
    if (is_hosts_dev(state))
        return 0;
    if (attach_made_nodes(state) < 0)
        return -1;
    for (size_t i = 0; i < bundle->n_nodes; i++)
        if (place_node(state, i) < 0)
            return -1;
    return drop_made_nodes(state) < 0 ? -1 : make_links(state);
}

/* For the terminal: whatever the bundle has mounted there. */
static int find_pts(struct cage_state *state)
{
    struct statfs status;

    state->pts_fd = path_open_in_root(state->root_fd, "dev/pts", O_PATH | O_DIRECTORY, 0);
    if (state->pts_fd < 0 || fstatfs(state->pts_fd, &status) < 0)
        return failure_sys(&state->failure, "open a terminal in", "/dev/pts");
    if (status.f_type != DEVPTS_SUPER_MAGIC)
        return failure_set(&state->failure, "open a terminal in", "/dev/pts",
                           "no devpts is mounted there");
    return 0;
}

/*
 * Hiding
 */

/* What this kernel or root has not needs no hiding. *ret_fd is -1 then. */
static int open_there(struct cage_state *state, const char *path, int *ret_fd)
{
    *ret_fd = path_open_in_root(state->root_fd, path, O_PATH, 0);
    if (*ret_fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
        return failure_sys(&state->failure, "open", path);
    return 0;
}

static int hide_paths(struct cage_state *state)
{
    const struct bundle_spec *bundle = state->cage->spec->bundle;

    for (size_t i = 0; i < bundle->read_only_paths.count; i++) {
        const char *path = bundle->read_only_paths.items[i];
        scoped_fd int fd = -1;

        if (open_there(state, path, &fd) < 0 || (fd >= 0 && cage_protect_file(state, fd, path) < 0))
            return -1;
    }
    if (bundle->hidden_paths.count > 0 && cage_make_mask(state) < 0)
        return -1;
    for (size_t i = 0; i < bundle->hidden_paths.count; i++) {
        const char *path = bundle->hidden_paths.items[i];
        scoped_fd int fd = -1;

        if (open_there(state, path, &fd) < 0 || (fd >= 0 && cage_hide_file(state, fd, path) < 0))
            return -1;
    }
    return bundle->hidden_paths.count > 0 ? cage_drop_mask(state) : 0;
}

/* Through a procfs that nobody else sees. */
static int write_sysctls(struct cage_state *state)
{
    if (state->cage->sysctls.count == 0)
        return 0;
    state->settings_fd = filesystem_make("proc", 0, NULL);
    if (state->settings_fd < 0)
        return failure_sys(&state->failure, "make", "/proc");
    return sysctls_write(&state->cage->sysctls, state->settings_fd, &state->failure);
}

int cage_furnish_bundle(struct cage_state *state)
{
    if (cage_attach_mounts(state) < 0 || make_nodes(state) < 0)
        return -1;
    if (state->cage->spec->tty && find_pts(state) < 0)
        return -1;
    return write_sysctls(state) < 0 ? -1 : hide_paths(state);
}

/*
 * The start
 */

int cage_await_start(struct cage_state *state)
{
    int start_fd = state->cage->spec->bundle->start_fd;
    int fd;

    if (channel_say(state->cage->channel_fd, CHANNEL_READY) < 0)
        return failure_sys(&state->failure, "tell the starter", NULL);
    if (start_fd >= 0) {
        do {
            fd = accept4(start_fd, NULL, NULL, SOCK_CLOEXEC);
        } while (fd < 0 && errno == EINTR);
        if (fd < 0)
            return failure_sys(&state->failure, "wait for the start", NULL);
        fd_close(state->cage->channel_fd);
        state->cage->channel_fd = fd;
    }
    return cage_expect(state, CHANNEL_START);
}
