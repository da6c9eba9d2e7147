/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists are docker's. Files and directories are hidden by copies of one empty
 * read-only tmpfs: nothing of the image or of /dev takes part, so nothing can be put in its place
 * (CVE-2025-31133).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/path.h"
#include "runtime/cage.h"
#include "runtime/filesystem.h"
#include "runtime/kernel.h"

enum { SYSTEM_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static const char *const hidden_in_proc[] = {
    "acpi",          "asound", "interrupts",  "kcore",      "keys",
    "latency_stats", "scsi",   "sched_debug", "timer_list", "timer_stats",
};
static const char *const hidden_in_sys[] = {"devices/virtual/powercap", "firmware"};
static const char *const read_only_in_proc[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};

int cage_make_mask(struct cage_state *state)
{
    static const struct filesystem_option options[] = {
        {"mode", "755"}, {"size", "4k"}, {NULL, NULL}};

    state->mask_fd = filesystem_make("tmpfs", SYSTEM_ATTRIBUTES, options);
    if (state->mask_fd < 0 || mkdirat(state->mask_fd, "dir", 0555) < 0 ||
        mknodat(state->mask_fd, "file", S_IFREG | 0444, 0) < 0 ||
        filesystem_make_read_only(state->mask_fd, false) < 0)
        return failure_sys(&state->failure, "make the mask for hidden files", NULL);
    /* Only mounts of one's own mount namespace can be copied. In the copy of the host's tree it
     * goes away with the host's root, but not on "/" itself: change_root() detaches what is topmost
     * there. A bundle's tree may be the host's: there it is put on the container's root, and taken
     * away again by cage_drop_mask(). */
    if (state->cage->spec->bundle) {
        if (kernel_attach(state->mask_fd, state->root_fd) == 0)
            return 0;
        return failure_sys(&state->failure, "attach the mask for hidden files", NULL);
    }
    if (move_mount(state->mask_fd, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return failure_sys(&state->failure, "attach the mask for hidden files", NULL);
    return 0;
}

int cage_drop_mask(struct cage_state *state)
{
    if (fchdir(state->mask_fd) < 0 || umount2(".", MNT_DETACH) < 0)
        return failure_sys(&state->failure, "detach the mask for hidden files", NULL);
    return 0;
}

/* /proc shows a PID namespace, /sys a network namespace. Whoever shares the host's without being
 * its root may not mount them, but may have the host's own. */
static int make_system(const char *type, const char *host_path, bool is_hosts, unsigned read_only)
{
    int fd = filesystem_make(type, SYSTEM_ATTRIBUTES | read_only, NULL);

    if (fd >= 0 || errno != EPERM || !is_hosts)
        return fd;
    fd = open_tree(AT_FDCWD, host_path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd >= 0 && read_only && filesystem_make_read_only(fd, true) < 0)
        fd_close(steal_fd(&fd));
    return fd;
}

int cage_make_systems(struct cage_state *state)
{
    const struct container_spec *spec = state->cage->spec;
    unsigned read_only = spec->privileged ? 0 : MOUNT_ATTR_RDONLY;

    state->proc_fd = make_system("proc", "/proc", spec->host_pid, 0);
    if (state->proc_fd < 0)
        return failure_sys(&state->failure, "make", "/proc");
    state->sys_fd = make_system("sysfs", "/sys", spec->host_network, read_only);
    if (state->sys_fd < 0)
        return failure_sys(&state->failure, "make", "/sys");
    if (!spec->host_network)
        sysctls_write_defaults(state->proc_fd,
                               spec->id_map.count ? spec->id_map.count : UINT32_MAX);
    return spec->privileged ? 0 : cage_make_mask(state);
}

/* One v1 hierarchy, best effort: what docker shows there is for reading only. Takes no descriptor.
 */
static void attach_controller(int dir_fd, const char *controllers, int group_fd)
{
    scoped_fd int target_fd = -1;

    if (group_fd < 0 || mkdirat(dir_fd, controllers, 0755) < 0)
        return;
    target_fd = openat(dir_fd, controllers, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (target_fd >= 0)
        (void)!kernel_attach(group_fd, target_fd);
}

static int make_controller(const char *controllers, unsigned attributes)
{
    struct filesystem_option options[9] = {{NULL, NULL}};
    char names[128];
    size_t length = strnlen(controllers, sizeof(names) - 1), n = 0;

    memcpy(names, controllers, length);
    names[length] = '\0';
    for (char *rest = names, *name; n < 8 && (name = strsep(&rest, ","));)
        options[n++].name = name;
    return filesystem_make("cgroup", attributes, options);
}

/* Without a cgroup namespace of one's own, only the machine's root may mount it; the others have
 * what is there, for reading. */
static int make_group_tree(unsigned attributes)
{
    struct mount_attr read_only = {.attr_set = attributes | MOUNT_ATTR_RDONLY};
    scoped_fd int fd = filesystem_make("cgroup2", attributes, NULL);

    if (fd >= 0 || errno != EPERM)
        return steal_fd(&fd);
    fd = open_tree(AT_FDCWD, "/sys/fs/cgroup", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0 ||
        mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &read_only, sizeof(read_only)) < 0)
        return -1;
    return steal_fd(&fd);
}

int cage_attach_cgroups(struct cage_state *state, int target_fd, unsigned attributes)
{
    static const struct filesystem_option options[] = {{"mode", "755"}, {NULL, NULL}};
    const struct cgroup_view *view = &state->cage->cgroups;
    scoped_fd int fs_fd = -1;

    if (view->is_v2)
        fs_fd = view->group_fds ? steal_fd(&view->group_fds[0]) : make_group_tree(attributes);
    else
        fs_fd = filesystem_make("tmpfs", SYSTEM_ATTRIBUTES, options);
    if (fs_fd < 0 || kernel_attach(fs_fd, target_fd) < 0)
        return failure_sys(&state->failure, "mount", "/sys/fs/cgroup");
    if (view->is_v2)
        return 0;
    for (size_t i = 0; i < view->n_controllers; i++) {
        scoped_fd int group_fd = view->group_fds
                                     ? steal_fd(&view->group_fds[i])
                                     : make_controller(view->controllers[i], attributes);

        attach_controller(fs_fd, view->controllers[i], group_fd);
    }
    if (filesystem_make_read_only(fs_fd, false) < 0)
        return failure_sys(&state->failure, "make read-only", "/sys/fs/cgroup");
    return 0;
}

/* All that the host has mounted there, of every version: who shares its namespace sees its groups
 * by their own names. As the others it is for reading only. */
static int attach_host_cgroups(struct cage_state *state, int target_fd)
{
    scoped_fd int fd =
        open_tree(AT_FDCWD, "/sys/fs/cgroup", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

    if (fd < 0 || (!state->cage->spec->privileged && filesystem_make_read_only(fd, true) < 0) ||
        kernel_attach(fd, target_fd) < 0)
        return failure_sys(&state->failure, "mount the host's", "/sys/fs/cgroup");
    return 0;
}

static int attach_cgroups(struct cage_state *state)
{
    unsigned attributes =
        SYSTEM_ATTRIBUTES | (state->cage->spec->privileged ? 0 : MOUNT_ATTR_RDONLY);
    scoped_fd int target_fd =
        path_open_beneath(state->sys_fd, "fs/cgroup", O_PATH | O_DIRECTORY, 0);

    if (target_fd < 0) /* ENOENT: a kernel without control groups */
        return errno == ENOENT ? 0 : failure_sys(&state->failure, "open", "/sys/fs/cgroup");
    if (state->cage->spec->host_cgroup)
        return attach_host_cgroups(state, target_fd);
    return cage_attach_cgroups(state, target_fd, attributes);
}

static int attach_system(struct cage_state *state, int fs_fd, const char *name)
{
    scoped_fd int target_fd = mountpoint_own_directory(state->root_fd, name);

    if (target_fd < 0 && errno == ELOOP)
        return failure_set(&state->failure, "mount on", name,
                           "the image has something there that is no directory");
    if (target_fd < 0 || kernel_attach(fs_fd, target_fd) < 0)
        return failure_sys(&state->failure, "mount on", name);
    return 0;
}

int cage_attach_systems(struct cage_state *state)
{
    if (attach_system(state, state->proc_fd, "proc") < 0)
        return -1;
    if (state->cage->sysctls.count > 0) {
        state->settings_fd = filesystem_clone(state->proc_fd, false);
        if (state->settings_fd < 0)
            return failure_sys(&state->failure, "copy", "/proc");
    }
    if (mount_plan_covers(&state->cage->mounts, "/sys")) {
        fd_close(state->sys_fd);
        state->sys_fd = -1;
        return 0;
    }
    if (attach_system(state, state->sys_fd, "sys") < 0)
        return -1;
    if (mount_plan_covers(&state->cage->mounts, "/sys/fs/cgroup"))
        return 0;
    return attach_cgroups(state);
}

/*
 * Hiding
 */

/* Opens a file of /proc or /sys. *ret_fd is -1 when this kernel has it not. */
static int open_system_file(struct cage_state *state, int system_fd, const char *name, int *ret_fd)
{
    *ret_fd = path_open_beneath(system_fd, name, O_PATH, 0);
    if (*ret_fd < 0 && errno != ENOENT && errno != ELOOP && errno != EACCES)
        return failure_sys(&state->failure, "open", name);
    return 0;
}

int cage_hide_file(struct cage_state *state, int target_fd, const char *name)
{
    scoped_fd int source_fd = -1;
    scoped_fd int copy_fd = -1;
    struct stat status;

    if (fstat(target_fd, &status) < 0)
        return failure_sys(&state->failure, "hide", name);
    source_fd = openat(state->mask_fd, S_ISDIR(status.st_mode) ? "dir" : "file",
                       O_PATH | O_NOFOLLOW | O_CLOEXEC);
    copy_fd = source_fd < 0 ? -1 : filesystem_clone(source_fd, false);
    if (copy_fd < 0 || kernel_attach(copy_fd, target_fd) < 0)
        return failure_sys(&state->failure, "hide", name);
    return 0;
}

static int hide(struct cage_state *state, int system_fd, const char *name)
{
    scoped_fd int target_fd = -1;

    if (open_system_file(state, system_fd, name, &target_fd) < 0)
        return -1;
    return target_fd < 0 ? 0 : cage_hide_file(state, target_fd, name);
}

int cage_protect_file(struct cage_state *state, int target_fd, const char *name)
{
    scoped_fd int copy_fd = -1;

    copy_fd = filesystem_clone(target_fd, true);
    if (copy_fd < 0 || filesystem_make_read_only(copy_fd, true) < 0 ||
        kernel_attach(copy_fd, target_fd) < 0)
        return failure_sys(&state->failure, "make read-only", name);
    return 0;
}

static int make_read_only(struct cage_state *state, const char *name)
{
    scoped_fd int target_fd = -1;

    if (open_system_file(state, state->proc_fd, name, &target_fd) < 0)
        return -1;
    return target_fd < 0 ? 0 : cage_protect_file(state, target_fd, name);
}

/* Load on one CPU can be told from its thermal counters. */
static int hide_thermal_counters(struct cage_state *state)
{
    enum { MAX_CPUS = 4096 };
    scoped_fd int cpus_fd =
        path_open_beneath(state->sys_fd, "devices/system/cpu", O_PATH | O_DIRECTORY, 0);

    for (unsigned cpu = 0; cpus_fd >= 0 && cpu < MAX_CPUS; cpu++) {
        char name[] = "cpu0000/thermal_throttle";
        char *digits = name + 3;
        unsigned scale = cpu >= 1000 ? 1000 : cpu >= 100 ? 100 : cpu >= 10 ? 10 : 1;

        for (; scale; scale /= 10)
            *digits++ = (char)('0' + cpu / scale % 10);
        memmove(digits, "/thermal_throttle", sizeof("/thermal_throttle"));
        if (faccessat(cpus_fd, name, F_OK, 0) < 0)
            return 0;
        if (hide(state, cpus_fd, name) < 0)
            return -1;
    }
    return 0;
}

int cage_hide(struct cage_state *state)
{
    if (state->cage->spec->privileged)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(read_only_in_proc); i++)
        if (make_read_only(state, read_only_in_proc[i]) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(hidden_in_proc); i++)
        if (hide(state, state->proc_fd, hidden_in_proc[i]) < 0)
            return -1;
    for (size_t i = 0; state->sys_fd >= 0 && i < ARRAY_LENGTH(hidden_in_sys); i++)
        if (hide(state, state->sys_fd, hidden_in_sys[i]) < 0)
            return -1;
    return state->sys_fd >= 0 ? hide_thermal_counters(state) : 0;
}
