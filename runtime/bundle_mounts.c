/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/own_ids.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/kernel.h"
#include "runtime/tree_copy.h"

/*
 * Ids
 */

static int map_write(pid_t pid, const char *name, const struct id_ranges *ranges, struct error *err)
{
    scoped_text struct text lines = {0};
    char path[64];

    for (size_t i = 0; i < ranges->count; i++)
        text_appendf(&lines, "%u %u %u\n", ranges->items[i].inside, ranges->items[i].outside,
                     ranges->items[i].count);
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return file_write_existing(AT_FDCWD, path, text_get(&lines), err);
}

int id_ranges_write(pid_t pid, const struct id_ranges *uids, const struct id_ranges *gids,
                    struct error *err)
{
    if (map_write(pid, "uid_map", uids, err) < 0 || map_write(pid, "gid_map", gids, err) < 0)
        return error_wrap(err, "map the ids of the user namespace");
    return 0;
}

int userns_open(const struct id_ranges *uids, const struct id_ranges *gids, int *ret_fd,
                struct error *err)
{
    struct clone_args args = {.flags = CLONE_NEWUSER}; /* no SIGCHLD: nobody else is to notice */
    char path[64];
    int result;
    pid_t pid = kernel_clone3(&args);

    if (pid == 0)
        for (;;)
            (void)pause();
    if (pid < 0)
        return error_sys(err, "make a user namespace");
    result = id_ranges_write(pid, uids, gids, err);
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
    if (result == 0) {
        *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
        result = *ret_fd < 0 ? error_sys(err, "open '%s'", path) : 0;
    }
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        continue;
    return result;
}

/*
 * Sources
 */

static int set_attributes(int fd, const struct mount_spec *spec, struct error *err)
{
    struct mount_attr own = {.attr_set = spec->set,
                             .attr_clr = spec->clear,
                             .propagation = spec->propagation_flags & ~(unsigned long)MS_REC};
    struct mount_attr all = {.attr_set = spec->set_recursively,
                             .attr_clr = spec->clear_recursively};
    struct mount_attr private = {.propagation = MS_PRIVATE};
    unsigned recursive = spec->propagation_flags & MS_REC ? AT_RECURSIVE : 0;

    if (mount_setattr(fd, "", AT_EMPTY_PATH | (own.propagation ? recursive : AT_RECURSIVE),
                      own.propagation ? &(struct mount_attr){.propagation = own.propagation}
                                      : &private,
                      sizeof(own)) < 0)
        return error_sys(err, "set the propagation of '%s'", spec->source);
    own.propagation = 0;
    if (mount_setattr(fd, "", AT_EMPTY_PATH, &own, sizeof(own)) < 0 ||
        mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &all, sizeof(all)) < 0)
        return error_sys(err, "set mount attributes of '%s'", spec->source);
    return 0;
}

static int map_ids(int fd, const struct mount_spec *spec, struct error *err)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP};
    scoped_fd int userns_fd = -1;

    if (!spec->uids)
        return 0;
    if (userns_open(spec->uids, spec->gids, &userns_fd, err) < 0)
        return -1;
    attributes.userns_fd = (unsigned long long)userns_fd;
    if (mount_setattr(fd, "", AT_EMPTY_PATH | (spec->recursive ? AT_RECURSIVE : 0), &attributes,
                      sizeof(attributes)) < 0)
        return error_sys(err, "map the ids of '%s'", spec->source);
    return 0;
}

static int open_source(const struct mount_spec *spec, struct planned_mount *mount,
                       struct error *err)
{
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (spec->recursive ? AT_RECURSIVE : 0) |
                     (spec->keeps_link ? AT_SYMLINK_NOFOLLOW : 0);
    struct stat status;

    mount->fd = open_tree(AT_FDCWD, spec->source, flags);
    if (mount->fd < 0 || fstat(mount->fd, &status) < 0)
        return error_sys(err, "open '%s'", spec->source);
    mount->is_directory = S_ISDIR(status.st_mode);
    mount->recursive = spec->recursive;
    if (set_attributes(mount->fd, spec, err) < 0)
        return -1;
    return map_ids(mount->fd, spec, err);
}

/*
 * File systems
 */

static int parse_data(const struct mount_spec *spec, struct arena *arena,
                      struct planned_mount *mount, struct error *err)
{
    struct filesystem_option *data =
        arena_new_array(arena, struct filesystem_option, BUNDLE_MAX_DATA + 1);
    bool has_source = spec->source && !spec->remounts;
    char *rest = spec->options ? arena_strdup(arena, spec->options) : NULL;
    char *word;
    size_t n = 0;

    while ((word = strsep(&rest, ","))) {
        if (!*word)
            continue;
        if (n == BUNDLE_MAX_DATA)
            return error_set(err, "more than %d options", BUNDLE_MAX_DATA);
        data[n].name = strsep(&word, "=");
        data[n].value = word;
        mount->has_mode = mount->has_mode || string_eq(data[n].name, "mode");
        n++;
    }
    if (n + has_source + (spec->context != NULL) > BUNDLE_MAX_DATA)
        return error_set(err, "more than %d options", BUNDLE_MAX_DATA);
    if (has_source)
        data[n++] = (struct filesystem_option){"source", spec->source};
    if (spec->context)
        data[n] = (struct filesystem_option){"context", spec->context};
    mount->data = data;
    mount->filesystem = spec;
    return 0;
}

/* A tmpfs that begins with what the root has there is made and filled before the clone. */
static int copy_up(const struct container_spec *spec, struct planned_mount *mount,
                   struct error *err)
{
    const struct mount_spec *tmpfs = mount->filesystem;
    scoped_fd int root_fd = open(spec->bundle->root_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    scoped_fd int source_fd = -1, target_fd = -1;

    if (root_fd < 0)
        return error_sys(err, "open root '%s'", spec->bundle->root_dir);
    source_fd = path_open_in_root(root_fd, mount->target, O_RDONLY | O_DIRECTORY, 0);
    if (source_fd < 0 && errno == ENOENT)
        return 0;
    if (source_fd < 0)
        return error_sys(err, "open '%s'", mount->target);
    mount->fd = filesystem_make("tmpfs", 0, mount->data);
    target_fd = mount->fd < 0 ? -1 : openat(mount->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target_fd < 0)
        return error_sys(err, "make a tmpfs");
    if (tree_copy(source_fd, target_fd, err) < 0)
        return -1;
    mount->filesystem = NULL;
    return set_attributes(mount->fd, tmpfs, err);
}

/* The kernel makes a sysfs only for who owns the network namespace. Otherwise the host's is shown,
 * without what is mounted on it, as crun does. Who is root of a user namespace alone cannot have it
 * without: cage_mounts.c. */
static bool shows_hosts_sysfs(const struct bundle_spec *bundle, const struct mount_spec *mount)
{
    return own_ids_are_all() && string_eq(mount->type, "sysfs") &&
           (bundle->new_namespaces & CLONE_NEWUSER) && !(bundle->new_namespaces & CLONE_NEWNET);
}

static int open_hosts_sysfs(const struct mount_spec *mount_spec, struct planned_mount *mount,
                            struct error *err)
{
    struct mount_spec bind = *mount_spec;

    bind.kind = MOUNT_BIND;
    bind.source = "/sys";
    return open_source(&bind, mount, err);
}

static int add(const struct container_spec *spec, const struct mount_spec *mount_spec,
               struct arena *arena, struct planned_mount *mount, struct error *err)
{
    if (mount_spec->remounts)
        return parse_data(mount_spec, arena, mount, err);
    if (mount_spec->kind == MOUNT_BIND)
        return open_source(mount_spec, mount, err);
    if (shows_hosts_sysfs(spec->bundle, mount_spec))
        return open_hosts_sysfs(mount_spec, mount, err);
    if (parse_data(mount_spec, arena, mount, err) < 0)
        return -1;
    return mount_spec->copies_up ? copy_up(spec, mount, err) : 0;
}

int bundle_mounts_open(const struct container_spec *spec, struct arena *arena,
                       struct mount_plan *plan, struct error *err)
{
    for (size_t i = 0; i < spec->n_mounts; i++) {
        const struct mount_spec *mount_spec = &spec->mounts[i];
        struct planned_mount *mount = &plan->mounts[plan->count++];

        *mount = (struct planned_mount){.target = mount_spec->target,
                                        .fd = -1,
                                        .is_directory = true,
                                        .covers_link = mount_spec->covers_link,
                                        .remounts = mount_spec->remounts};
        if (add(spec, mount_spec, arena, mount, err) < 0)
            return error_wrap(err, "mount on '%s'", mount_spec->target);
    }
    return 0;
}
