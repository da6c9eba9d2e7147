/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/own_ids.h"
#include "common/text.h"
#include "runtime/cage.h"
#include "runtime/device_nodes.h"
#include "runtime/init_image.h"
#include "runtime/kernel.h"

/* Opened for reading too, so that the container never writes into a pipe without a reader, whoever
 * else dies. */
static int open_output(const char *path, int *ret_fd, struct error *err)
{
    if (!path)
        return 0;
    *ret_fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_APPEND);
    if (*ret_fd < 0)
        return error_sys(err, "open '%s'", path);
    return 0;
}

/* Nobody may be there to write: then it is at its end. */
static int open_input(const char *path, int *ret_fd, struct error *err)
{
    if (!path)
        return 0;
    *ret_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (*ret_fd < 0 || fcntl(*ret_fd, F_SETFL, 0) < 0)
        return error_sys(err, "open '%s'", path);
    return 0;
}

static int open_shared(const char *path, int *ret_fd, struct error *err)
{
    *ret_fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (*ret_fd < 0 && errno != ENOENT)
        return error_sys(err, "open '%s'", path);
    return 0;
}

/* What language runtimes size themselves by. */
static bool is_wanted(const struct container_spec *spec, const char *controllers)
{
    static const char *const wanted[] = {"memory", "cpu", "cpuset", "pids"};

    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
        if (strstr(controllers, wanted[i]))
            return true;
    return spec->bundle && *controllers;
}

/* Finds the v1 hierarchies: lines "4:memory:/path" of /proc/self/cgroup. */
static int plan_cgroups(const struct container_spec *spec, struct arena *arena,
                        struct cgroup_view *view, struct error *err)
{
    enum { MAX_BYTES = 64 * 1024 };
    scoped_text struct text lines = {0};
    struct statfs status;
    char *rest, *line;

    view->is_v2 = statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
    if (view->is_v2)
        return 0;
    if (file_read(AT_FDCWD, "/proc/self/cgroup", MAX_BYTES, &lines, NULL, err) < 0)
        return -1;
    rest = lines.data;
    while ((line = strsep(&rest, "\n")) && view->n_controllers < CAGE_MAX_CONTROLLERS) {
        const char *names;

        (void)strsep(&line, ":");
        names = line ? strsep(&line, ":") : NULL;
        if (names && !strchr(names, '=') && is_wanted(spec, names))
            view->controllers[view->n_controllers++] = arena_strdup(arena, names);
    }
    return 0;
}

static int check(const struct container_spec *spec, struct error *err)
{
    if (spec->hostname && strlen(spec->hostname) > 64)
        return error_set(err, "host name '%s' is longer than 64 characters", spec->hostname);
    if (spec->id_map.count > 0 &&
        (spec->host_network || spec->host_pid || spec->host_ipc || spec->host_cgroup))
        return error_set(err, "a user namespace cannot own a namespace of the host");
    return 0;
}

/* The host's node, as a mount; *ret_fd is -1 when it has none, or it is not the same to the last
 * bit. A lack of leave to make nodes makes every node of the same device good. */
static int open_hosts_node(const struct node_spec *node, bool must_be_same, int *ret_fd,
                           struct error *err)
{
    scoped_fd int fd =
        open_tree(AT_FDCWD, node->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    struct stat status;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EINVAL))
        return 0;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_sys(err, "open device '%s'", node->path);
    if ((status.st_mode & S_IFMT) != node->type || status.st_rdev != node->number)
        return 0;
    if (must_be_same && ((status.st_mode & 07777) != node->mode || node->uid != 0 ||
                         node->gid != 0 || status.st_uid != 0))
        return 0;
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* For a user namespace: there the kernel lets nobody make any. */
static int open_nodes(const struct bundle_spec *bundle, struct arena *arena, struct cage *cage,
                      struct error *err)
{
    bool can_make = own_ids_are_all() && (bundle->new_namespaces & CLONE_NEWUSER);

    cage->bundle.node_fds = arena_new_array(arena, int, bundle->n_nodes + 1);
    for (size_t i = 0; i < bundle->n_nodes; i++)
        cage->bundle.node_fds[i] = -1;
    for (size_t i = 0; i < bundle->n_nodes; i++) {
        const struct node_spec *node = &bundle->nodes[i];

        if (node->type == S_IFIFO)
            continue;
        if (open_hosts_node(node, can_make, &cage->bundle.node_fds[i], err) < 0)
            return -1;
        if (cage->bundle.node_fds[i] >= 0)
            continue;
        if (!can_make)
            return error_set(err, "open device '%s': there is no such device on this host",
                             node->path);
        if (device_node_make(bundle, i, &cage->bundle.made_nodes_fd, err) < 0)
            return -1;
    }
    return 0;
}

static bool has_hooks(const struct bundle_hooks *hooks)
{
    return hooks->prestart.count || hooks->create_runtime.count || hooks->create_container.count ||
           hooks->start_container.count;
}

/* One that the caller has not the program has not either. */
static int keep_descriptor(int fd, int *ret_fd, struct error *err)
{
    *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return *ret_fd < 0 && errno != EBADF ? error_sys(err, "keep descriptor %d", fd) : 0;
}

/* A bundle's program gets the caller's own descriptors. */
static int plan_bundle(const struct container_spec *spec, struct arena *arena, struct cage *cage,
                       struct error *err)
{
    const struct bundle_spec *bundle = spec->bundle;

    if ((spec_has_user_namespace(spec) || !own_ids_are_all()) &&
        open_nodes(bundle, arena, cage, err) < 0)
        return -1;
    if (has_hooks(&bundle->hooks) &&
        hook_files_open(&bundle->hooks, &cage->bundle.hook_files, err) < 0)
        return -1;
    if (spec->tty)
        return 0;
    if (keep_descriptor(0, &cage->input_fd, err) < 0 ||
        keep_descriptor(1, &cage->output_fds[0], err) < 0 ||
        keep_descriptor(2, &cage->output_fds[1], err) < 0)
        return -1;
    return 0;
}

int cage_plan(const struct container_spec *spec, struct arena *arena, struct cage *cage,
              struct error *err)
{
    bool first = own_ids_are_all();

    cage->spec = spec;
    cage->channel_fd = cage->input_fd = cage->output_fds[0] = cage->output_fds[1] = -1;
    cage->shm_fd = cage->mqueue_fd = -1;
    cage->program.init_fd = -1;
    cage->bundle = (struct cage_bundle){NULL, -1, {-1, {-1, -1}}};
    cage->hooks = (struct cage_hooks){.files = {-1, {-1, -1}}};
    /* First, because it also empties the list that cage_close() walks. Nodes are made only where
     * devices are ours to give. */
    if (host_devices_open(spec->id_map.count > 0 || !first,
                          spec->privileged && first && !spec->bundle, arena, &cage->devices,
                          err) < 0 ||
        check(spec, err) < 0 || program_plan(spec, arena, &cage->program, err) < 0)
        return -1;
    cage->program.tty = spec->tty;
    if (spec->init && init_image_open(&cage->program.init_fd, err) < 0)
        return -1;
    if (mount_plan_open(spec, arena, &cage->mounts, err) < 0 ||
        sysctls_plan(spec, arena, &cage->sysctls, err) < 0 ||
        plan_cgroups(spec, arena, &cage->cgroups, err) < 0)
        return -1;
    if (spec->host_ipc && !spec->bundle &&
        (open_shared("/dev/shm", &cage->shm_fd, err) < 0 ||
         open_shared("/dev/mqueue", &cage->mqueue_fd, err) < 0))
        return -1;
    if (spec->bundle)
        return plan_bundle(spec, arena, cage, err);
    if (spec->n_device_hooks > 0 && cage_hooks_plan(spec, arena, &cage->hooks, err) < 0)
        return -1;
    if (spec->tty)
        return 0;
    if (open_input(spec->stdin_path, &cage->input_fd, err) < 0 ||
        open_output(spec->stdout_path, &cage->output_fds[0], err) < 0 ||
        open_output(spec->stderr_path, &cage->output_fds[1], err) < 0)
        return -1;
    return 0;
}

static bool mounts_cgroups(const struct container_spec *spec)
{
    for (size_t i = 0; i < spec->n_mounts; i++)
        if (spec->mounts[i].type && string_starts_with(spec->mounts[i].type, "cgroup"))
            return true;
    return false;
}

static size_t count_groups(const struct cgroup_view *view)
{
    return view->is_v2 ? 1 : view->n_controllers;
}

/* The attributes of the mount that the groups are for. */
static uint64_t group_attributes(const struct container_spec *spec)
{
    for (size_t i = 0; i < spec->n_mounts; i++)
        if (spec->mounts[i].type && string_starts_with(spec->mounts[i].type, "cgroup"))
            return spec->mounts[i].set;
    return 0;
}

int cage_open_groups(struct cage *cage, const struct cgroup *cgroup, struct arena *arena,
                     struct error *err)
{
    struct cgroup_view *view = &cage->cgroups;
    struct mount_attr attributes = {.attr_set = group_attributes(cage->spec)};

    if (bundle_has_namespace(cage->spec->bundle, CLONE_NEWCGROUP) || !mounts_cgroups(cage->spec) ||
        !cgroup_can_freeze(cgroup))
        return 0;
    view->group_fds = arena_new_array(arena, int, count_groups(view) + 1);
    for (size_t i = 0; i < count_groups(view); i++) {
        int fd = cgroup_open_mount(cgroup, view->is_v2 ? NULL : view->controllers[i]);

        view->group_fds[i] = fd;
        if (fd >= 0 && mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
            return error_sys(err, "set mount attributes of the control groups");
    }
    return 0;
}

static void bundle_close(const struct cage *cage)
{
    const struct cage_bundle *bundle = &cage->bundle;

    for (size_t i = 0; bundle->node_fds && i < cage->spec->bundle->n_nodes; i++)
        fd_close(bundle->node_fds[i]);
    for (size_t i = 0; cage->cgroups.group_fds && i < count_groups(&cage->cgroups); i++)
        fd_close(cage->cgroups.group_fds[i]);
    fd_close(bundle->made_nodes_fd);
    hook_files_close(&bundle->hook_files);
}

void cage_close(struct cage *cage)
{
    bundle_close(cage);
    cage_hooks_close(&cage->hooks);
    mount_plan_close(&cage->mounts);
    host_devices_close(&cage->devices);
    fd_close(cage->program.init_fd);
    fd_close(cage->input_fd);
    fd_close(cage->output_fds[0]);
    fd_close(cage->output_fds[1]);
    fd_close(cage->shm_fd);
    fd_close(cage->mqueue_fd);
    fd_close(cage->channel_fd);
}
