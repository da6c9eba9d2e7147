/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/mount_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/bundle_mounts.h"
#include "runtime/channel.h"
#include "runtime/filesystem.h"
#include "runtime/kernel.h"

static const char *const etc_names[] = {"hosts", "hostname", "resolv.conf"};

/*
 * tmpfs
 */

static const struct {
    const char *name;
    unsigned set, clear;
} mount_flags[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noatime", MOUNT_ATTR_NOATIME, 0},
    {"relatime", 0, 0},
    {"async", 0, 0},
};

static const char *const tmpfs_keys[] = {"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks"};

bool mount_flag_take(const char *word, unsigned *attributes)
{
    for (size_t i = 0; i < ARRAY_LENGTH(mount_flags); i++)
        if (string_eq(mount_flags[i].name, word)) {
            *attributes &= ~mount_flags[i].clear;
            *attributes |= mount_flags[i].set;
            return true;
        }
    return false;
}

static int tmpfs_option_add(struct tmpfs_options *options, char *word, struct error *err)
{
    const char *name = strsep(&word, "=");

    if (!word && mount_flag_take(name, &options->attributes))
        return 0;
    for (size_t i = 0; word && i < ARRAY_LENGTH(tmpfs_keys); i++) {
        if (!string_eq(tmpfs_keys[i], name))
            continue;
        if (options->n_options == TMPFS_MAX_OPTIONS)
            return error_set(err, "more than %d options", TMPFS_MAX_OPTIONS);
        options->options[options->n_options].name = name;
        options->options[options->n_options++].value = word;
        return 0;
    }
    return error_set(err, "there is no option '%s%s'", name, word ? "=" : "");
}

int tmpfs_options_parse(const char *text, bool read_only, struct arena *arena,
                        struct tmpfs_options *ret_options, struct error *err)
{
    char *rest = arena_strdup(arena, text ? text : "");
    char *word;
    bool has_mode = false;

    *ret_options = (struct tmpfs_options){.attributes = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID |
                                                        MOUNT_ATTR_NODEV};
    while ((word = strsep(&rest, ","))) {
        has_mode = has_mode || string_starts_with(word, "mode=");
        if (*word && tmpfs_option_add(ret_options, word, err) < 0)
            return error_wrap(err, "tmpfs");
    }
    if (!has_mode && tmpfs_option_add(ret_options, arena_strdup(arena, "mode=1777"), err) < 0)
        return error_wrap(err, "tmpfs");
    if (read_only)
        ret_options->attributes |= MOUNT_ATTR_RDONLY;
    return 0;
}

/*
 * Sources
 */

static const struct {
    const char *name;
    unsigned long flag;
    bool recursive;
} propagations[] = {
    {"rprivate", MS_PRIVATE, true}, {"private", MS_PRIVATE, false}, {"rslave", MS_SLAVE, true},
    {"slave", MS_SLAVE, false},     {"rshared", MS_SHARED, true},   {"shared", MS_SHARED, false},
};

static int source_set_attributes(int fd, const struct mount_spec *spec, struct error *err)
{
    bool apart = spec->read_only && spec->writable_below;
    struct mount_attr attributes = {.attr_set = spec->read_only && !apart ? MOUNT_ATTR_RDONLY : 0};
    unsigned flags = AT_EMPTY_PATH | (spec->recursive ? AT_RECURSIVE : 0);
    const char *name = spec->propagation && *spec->propagation ? spec->propagation : "rprivate";

    for (size_t i = 0; i < ARRAY_LENGTH(propagations); i++)
        if (string_eq(propagations[i].name, name))
            attributes.propagation = propagations[i].flag;
    if (!attributes.propagation)
        return error_set(err, "there is no propagation '%s'", name);
    if (mount_setattr(fd, "", flags, &attributes, sizeof(attributes)) < 0 ||
        (apart && filesystem_make_read_only(fd, false) < 0))
        return error_sys(err, "set mount attributes of '%s'", spec->source);
    return 0;
}

/* What is below a volume was written by containers: its links must not lead out of it. */
static int source_tree(const struct mount_spec *spec, unsigned flags)
{
    scoped_fd int source_fd = -1, fd = -1;

    if (!spec->subpath)
        return open_tree(AT_FDCWD, spec->source, flags);
    source_fd = open(spec->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (source_fd < 0)
        return -1;
    fd = path_open_in_root(source_fd, spec->subpath, O_PATH, 0);
    if (fd < 0)
        return -1;
    return open_tree(fd, "", flags | AT_EMPTY_PATH);
}

/* Opens a host path as a detached mount. */
static int source_open(const struct mount_spec *spec, struct planned_mount *ret_mount,
                       struct error *err)
{
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (spec->recursive ? AT_RECURSIVE : 0);
    scoped_fd int fd = source_tree(spec, flags);
    struct stat status;

    if (fd < 0 && errno == ENOENT && spec->create_source) {
        if (path_make_dirs(AT_FDCWD, spec->source, 0755, err) < 0)
            return -1;
        fd = source_tree(spec, flags);
    }
    if (fd < 0)
        return error_sys(err, "open '%s%s%s'", spec->source, spec->subpath ? "/" : "",
                         spec->subpath ? spec->subpath : "");
    if (fstat(fd, &status) < 0)
        return error_sys(err, "read attributes of '%s'", spec->source);
    if (source_set_attributes(fd, spec, err) < 0)
        return -1;
    ret_mount->is_directory = S_ISDIR(status.st_mode);
    ret_mount->is_device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
    ret_mount->recursive = spec->recursive;
    ret_mount->fd = steal_fd(&fd);
    return 0;
}

static struct planned_mount *plan_add(struct mount_plan *plan, const char *target)
{
    struct planned_mount *mount = &plan->mounts[plan->count++];

    *mount = (struct planned_mount){.target = target, .fd = -1, .is_directory = true};
    return mount;
}

static int add_spec_mount(struct mount_plan *plan, const struct mount_spec *spec,
                          struct arena *arena, struct error *err)
{
    struct planned_mount *mount;
    const char *target = path_clean(arena, spec->target);

    if (target[0] != '/' || string_eq(target, "/"))
        return error_set(err, "mount on '%s': the target is no absolute path below '/'",
                         spec->target);
    mount = plan_add(plan, target);
    if (spec->kind == MOUNT_TMPFS)
        return tmpfs_options_parse(spec->options, spec->read_only, arena, &mount->tmpfs, err) < 0
                   ? error_wrap(err, "mount on '%s'", target)
                   : 0;
    if (spec->kind == MOUNT_IMAGE)
        mount->image = spec;
    else if (source_open(spec, mount, err) < 0)
        return error_wrap(err, "mount on '%s'", target);
    return 0;
}

static int add_etc_file(struct mount_plan *plan, const char *etc_dir, const char *name,
                        struct arena *arena, struct error *err)
{
    struct mount_spec spec = {.source = arena_printf(arena, "%s/%s", etc_dir, name)};
    const char *target = arena_printf(arena, "/etc/%s", name);

    if (mount_plan_covers(plan, target))
        return 0;
    return source_open(&spec, plan_add(plan, target), err) < 0
               ? error_wrap(err, "mount on '%s'", target)
               : 0;
}

static int add_device(struct mount_plan *plan, const struct device_spec *device,
                      struct arena *arena, struct error *err)
{
    struct mount_spec spec = {.source = device->source, .recursive = true};
    struct planned_mount *mount;
    const char *target = path_clean(arena, device->target ? device->target : device->source);

    if (target[0] != '/' || string_eq(target, "/"))
        return error_set(err, "device '%s': the target is no absolute path below '/'",
                         device->source);
    mount = plan_add(plan, target);
    if (source_open(&spec, mount, err) < 0)
        return error_wrap(err, "device on '%s'", target);
    if (!mount->is_device && !mount->is_directory)
        return error_set(err, "device on '%s': '%s' is no device", target, device->source);
    return 0;
}

static size_t depth_of(const char *target)
{
    size_t depth = 0;

    for (; *target; target++)
        depth += *target == '/';
    return depth;
}

/* Stable, so that mounts of the same depth keep the order of the spec. */
static void sort_by_depth(struct mount_plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        struct planned_mount mount = plan->mounts[i];
        size_t at = i;

        for (; at > 0 && depth_of(plan->mounts[at - 1].target) > depth_of(mount.target); at--)
            plan->mounts[at] = plan->mounts[at - 1];
        plan->mounts[at] = mount;
    }
}

int mount_plan_open(const struct container_spec *spec, struct arena *arena,
                    struct mount_plan *ret_plan, struct error *err)
{
    size_t most = spec->n_mounts + spec->n_devices + ARRAY_LENGTH(etc_names) + 1;

    *ret_plan = (struct mount_plan){arena_new_array(arena, struct planned_mount, most), 0};
    if (spec->bundle)
        return bundle_mounts_open(spec, arena, ret_plan, err);
    for (size_t i = 0; i < spec->n_mounts; i++)
        if (add_spec_mount(ret_plan, &spec->mounts[i], arena, err) < 0)
            return -1;
    for (size_t i = 0; spec->etc_dir && i < ARRAY_LENGTH(etc_names); i++)
        if (add_etc_file(ret_plan, spec->etc_dir, etc_names[i], arena, err) < 0)
            return -1;
    for (size_t i = 0; i < spec->n_devices; i++)
        if (spec->devices[i].target && add_device(ret_plan, &spec->devices[i], arena, err) < 0)
            return -1;
    sort_by_depth(ret_plan);
    return 0;
}

/* A device node's owner means nothing to a user namespace, and devtmpfs cannot be mapped. */
int mount_plan_map_ids(const struct mount_plan *plan, int userns_fd, const char **ret_unmapped,
                       struct error *err)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP,
                                    .userns_fd = (unsigned long long)userns_fd};

    *ret_unmapped = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        const struct planned_mount *mount = &plan->mounts[i];
        unsigned flags = AT_EMPTY_PATH | (mount->recursive ? AT_RECURSIVE : 0);

        if (mount->fd < 0 || mount->is_device ||
            mount_setattr(mount->fd, "", flags, &attributes, sizeof(attributes)) == 0)
            continue;
        if (errno != EINVAL && errno != EOPNOTSUPP && errno != EPERM)
            return error_sys(err, "map the ids of the mount on '%s'", mount->target);
        if (!*ret_unmapped)
            *ret_unmapped = mount->target;
    }
    return 0;
}

/*
 * Images
 */

static int image_open(struct planned_mount *mount, const struct rootfs_request *like,
                      struct error *err)
{
    const struct mount_spec *spec = mount->image;
    /* The kernel wants two layers where there is no upper one. */
    struct rootfs_request request = {
        .layers = spec->layers,
        .upper = spec->layers.count > 1 ? ROOTFS_UPPER_NONE : ROOTFS_UPPER_MEMORY,
        .way = like->way == ROOTFS_PLAIN ? ROOTFS_PLAIN : ROOTFS_LAYERS_MAPPED,
        .userns_fd = like->userns_fd,
        .map = like->map};
    scoped(rootfs_free) struct rootfs *rootfs = NULL;
    scoped_fd int place_fd = -1;
    struct stat status;

    if (rootfs_mount(&request, &rootfs, err) < 0)
        return -1;
    place_fd = path_open_in_root(rootfs_fd(rootfs), spec->subpath ? spec->subpath : ".", O_PATH, 0);
    if (place_fd < 0 || fstat(place_fd, &status) < 0)
        return error_sys(err, "find '%s' in image '%s'", spec->subpath, spec->source);
    if (filesystem_make_read_only(rootfs_fd(rootfs), false) < 0)
        return error_sys(err, "make image '%s' read-only", spec->source);
    mount->is_directory = S_ISDIR(status.st_mode);
    mount->fd = rootfs_steal_fd(rootfs);
    return 0;
}

int mount_plan_open_images(struct mount_plan *plan, const struct rootfs_request *like,
                           struct arena *arena, const int **ret_fds, size_t *ret_count,
                           struct error *err)
{
    int *fds = arena_new_array(arena, int, plan->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < plan->count; i++) {
        struct planned_mount *mount = &plan->mounts[i];

        if (!mount->image)
            continue;
        if (image_open(mount, like, err) < 0)
            return error_wrap(err, "mount on '%s'", mount->target);
        fds[count++] = mount->fd;
    }
    *ret_fds = fds;
    *ret_count = count;
    return 0;
}

/* Only what is attached can be cloned from a place below its root, before Linux 6.15. What is
 * attached goes with the host's mounts. */
static int image_take(struct planned_mount *mount, int take_fd)
{
    scoped_fd int fd = take_fd, place_fd = -1;
    const char *subpath = mount->image->subpath;
    struct stat status;

    if (!subpath) {
        mount->fd = steal_fd(&fd);
        return 0;
    }
    if (move_mount(fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return -1;
    place_fd = path_open_in_root(fd, subpath, O_PATH, 0);
    if (place_fd < 0 || fstat(place_fd, &status) < 0)
        return -1;
    mount->is_directory = S_ISDIR(status.st_mode);
    mount->fd = filesystem_clone(place_fd, false);
    return mount->fd < 0 ? -1 : 0;
}

int mount_plan_take_images(const struct mount_plan *plan, const int *fds, size_t count,
                           const char **ret_target)
{
    size_t taken = 0;

    for (size_t i = 0; i < plan->count; i++) {
        struct planned_mount *mount = &plan->mounts[i];

        if (!mount->image)
            continue;
        *ret_target = mount->target;
        errno = EPROTO;
        if (taken == count || image_take(mount, fds[taken]) < 0)
            return -1;
        taken++;
    }
    return 0;
}

bool mount_plan_covers(const struct mount_plan *plan, const char *target)
{
    for (size_t i = 0; i < plan->count; i++)
        if (string_eq(plan->mounts[i].target, target))
            return true;
    return false;
}

void mount_plan_close(struct mount_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        fd_close(plan->mounts[i].fd);
    plan->count = 0;
}
