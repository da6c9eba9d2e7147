/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   starter                       helper
 *   clone3(into the cgroup) --->  opens the sources, as the host has them
 *                                 joins the container's mounts and user namespace
 *                                 writes the targets
 *                           <---  READY, or FAILED with the words; ends
 *
 * It is non-dumpable, so that nobody in the container looks into it, and never where it could
 * meet the kernel's own files: a link in the container may lead into its /proc or /sys.
 */
#include "runtime/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file_copy.h"
#include "common/path.h"
#include "runtime/channel.h"
#include "runtime/container_options.h"
#include "runtime/kernel.h"
#include "runtime/program.h"
#include "runtime/starter.h"

/* So many at a time are open in the helper. */
enum { FILES_AT_ONCE = 64 };

/* What is at a source. */
struct source {
    bool there, other; /* nothing is written for what is neither file, link nor directory */
    int fd;            /* of a file, else -1 */
    struct stat status;
    char link[PATH_MAX]; /* where a link leads to */
};

struct delivery {
    const struct container *container;
    const struct container_file *files;
    size_t count;
    int namespaces; /* CLONE_NEW...: those that are the container's own */
    struct source sources[FILES_AT_ONCE];
};

/*
 * In the helper
 */

static int source_open(const char *path, struct source *ret_source, struct error *err)
{
    struct source *source = ret_source;
    ssize_t length;

    source->fd = -1;
    if (fstatat(AT_FDCWD, path, &source->status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : error_sys(err, "look at '%s'", path);
    source->there = true;
    if (S_ISLNK(source->status.st_mode)) {
        length = readlink(path, source->link, sizeof(source->link) - 1);
        source->there = length >= 0;
        source->link[length > 0 ? length : 0] = '\0';
    } else if (S_ISREG(source->status.st_mode)) {
        source->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (source->fd < 0 && errno != ENOENT)
            return error_sys(err, "open '%s'", path);
        source->there = source->fd >= 0;
    } else {
        source->other = !S_ISDIR(source->status.st_mode);
    }
    return 0;
}

static int join(const struct container *container, int namespaces, struct error *err)
{
    int types = namespaces & (CLONE_NEWNS | CLONE_NEWUSER);

    if (types && setns(container->pidfd, types) < 0)
        return error_sys(err, "join the container's namespaces");
    if (container->in_user_namespace &&
        (kernel_setgroups(0, NULL) < 0 || kernel_setresgid(0) < 0 || kernel_setresuid(0) < 0))
        return error_sys(err, "become root of the user namespace");
    /* Becoming another made it dumpable again. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_sys(err, "keep others from looking into the helper");
    (void)umask(0);
    return 0;
}

/* The kernel's own files are not written to. */
static int parent_check(int parent_fd, struct error *err)
{
    struct statfs file_system;

    if (fstatfs(parent_fd, &file_system) < 0)
        return error_sys(err, "look at the file system");
    switch ((unsigned long)file_system.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
        return error_set(err, "it is in a file system of the kernel's");
    default:
        return 0;
    }
}

/* In place, where the name cannot be given to another file: something is mounted on it. */
static int file_overwrite(int parent_fd, const char *name, int source_fd, struct error *err)
{
    scoped_fd int fd = openat(parent_fd, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return error_sys(err, "open");
    if (lseek(source_fd, 0, SEEK_SET) < 0)
        return error_sys(err, "read from the beginning");
    return file_copy(source_fd, fd, err);
}

static int file_put(int parent_fd, const char *name, const struct source *source, struct error *err)
{
    const struct timespec times[] = {source->status.st_atim, source->status.st_mtim};
    char fresh[NAME_MAX + 1];
    struct stat before;
    scoped_fd int fd = -1;
    bool replaces = fstatat(parent_fd, name, &before, AT_SYMLINK_NOFOLLOW) == 0;

    if (replaces && S_ISDIR(before.st_mode) && path_remove_tree(parent_fd, name, err) < 0)
        return -1;
    (void)snprintf(fresh, sizeof(fresh), ".%.*s.yawl~", NAME_MAX - 7, name);
    (void)unlinkat(parent_fd, fresh, 0);
    fd = openat(parent_fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_sys(err, "create");
    if (file_copy(source->fd, fd, err) < 0) {
        (void)unlinkat(parent_fd, fresh, 0);
        return -1;
    }
    /* An owner that the container has no number for stays as it is. */
    if (replaces && S_ISREG(before.st_mode))
        (void)!fchown(fd, before.st_uid, before.st_gid);
    if (fchmod(fd, source->status.st_mode & 07777) < 0 || futimens(fd, times) < 0) {
        (void)error_sys(err, "set mode and time");
    } else if (renameat(parent_fd, fresh, parent_fd, name) == 0) {
        return 0;
    } else if (errno == EBUSY) {
        (void)unlinkat(parent_fd, fresh, 0);
        return file_overwrite(parent_fd, name, source->fd, err);
    } else {
        (void)error_sys(err, "put in place");
    }
    (void)unlinkat(parent_fd, fresh, 0);
    return -1;
}

static int link_put(int parent_fd, const char *name, const struct source *source, struct error *err)
{
    if (path_remove_tree(parent_fd, name, err) < 0)
        return -1;
    return symlinkat(source->link, parent_fd, name) < 0 ? error_sys(err, "make a link") : 0;
}

static int directory_put(int parent_fd, const char *name, const struct source *source,
                         struct error *err)
{
    struct stat before;

    if (fstatat(parent_fd, name, &before, 0) == 0 && S_ISDIR(before.st_mode))
        return 0;
    (void)unlinkat(parent_fd, name, 0);
    return mkdirat(parent_fd, name, source->status.st_mode & 07777) < 0
               ? error_sys(err, "create directory")
               : 0;
}

/* Opens the directory that the target is in, *ret_name of which it is; -1 in *ret_fd when there is
 * none, and none is to be made. */
static int parent_open(const char *target, bool make, int *ret_fd, const char **ret_name,
                       struct error *err)
{
    scoped_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *slash = strrchr(target, '/');
    char parent[PATH_MAX];

    if (root_fd < 0)
        return error_sys(err, "open the container's root");
    if (!slash || !slash[1] || (size_t)(slash - target) >= sizeof(parent))
        return error_set(err, "this is no name of a file");
    memcpy(parent, target, (size_t)(slash - target));
    parent[slash - target] = '\0';
    *ret_name = slash + 1;
    *ret_fd = make ? path_make_dirs_in_root(root_fd, parent, 0755)
                   : path_open_in_root(root_fd, *parent ? parent : ".", O_PATH | O_DIRECTORY, 0);
    if (*ret_fd < 0 && (make || (errno != ENOENT && errno != ENOTDIR)))
        return error_sys(err, "open its directory");
    return 0;
}

static int target_put(const char *target, const struct source *source, struct error *err)
{
    scoped_fd int parent_fd = -1;
    const char *name;

    if (source->other)
        return 0;
    if (parent_open(target, source->there, &parent_fd, &name, err) < 0)
        return -1;
    if (parent_fd < 0)
        return 0;
    if (parent_check(parent_fd, err) < 0)
        return -1;
    if (!source->there)
        return path_remove_tree(parent_fd, name, err);
    if (S_ISDIR(source->status.st_mode))
        return directory_put(parent_fd, name, source, err);
    if (S_ISLNK(source->status.st_mode))
        return link_put(parent_fd, name, source, err);
    return file_put(parent_fd, name, source, err);
}

static int deliver(struct delivery *delivery, struct error *err)
{
    for (size_t i = 0; i < delivery->count; i++)
        if (source_open(delivery->files[i].source, &delivery->sources[i], err) < 0)
            return -1;
    if (join(delivery->container, delivery->namespaces, err) < 0)
        return -1;
    for (size_t i = 0; i < delivery->count; i++)
        if (target_put(delivery->files[i].target, &delivery->sources[i], err) < 0)
            return error_wrap(err, "write '%s'", delivery->files[i].target);
    return 0;
}

static void run_helper(void *owner, int take_channel_fd)
{
    struct channel_message message;
    struct error err = {0};

    program_reset_signals();
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || channel_say(take_channel_fd, CHANNEL_ALIVE) < 0 ||
        channel_expect(take_channel_fd, CHANNEL_ENTERED, &message) < 0)
        _exit(EXIT_CODE_OURS);
    if (deliver(owner, &err) == 0)
        (void)!channel_say(take_channel_fd, CHANNEL_READY);
    else
        (void)!channel_send(take_channel_fd, CHANNEL_FAILED, err.text, strlen(err.text));
    _exit(0);
}

/*
 * In the starter
 */

/* Copying takes the time that it takes. */
static int await(int channel_fd, struct error *err)
{
    const struct timeval forever = {0};
    struct channel_message message;
    int got;

    if (setsockopt(channel_fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever)) < 0 ||
        (got = channel_receive(channel_fd, true, &message)) < 0)
        return error_sys(err, "hear from the helper");
    if (got > 0 && message.kind == CHANNEL_READY)
        return 0;
    if (got > 0 && message.kind == CHANNEL_FAILED)
        return error_set(err, "%.*s", (int)message.length, (const char *)message.bytes);
    return error_set(err, "the helper ended before all was written");
}

static int deliver_some(struct container *container, const struct container_file *files,
                        size_t count, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct delivery *delivery = arena_new_object(arena, struct delivery);
    struct starter starter = {.cgroup = container->cgroup, .owner = delivery, .run = run_helper};
    struct starter_child helper;
    int result;

    delivery->container = container;
    delivery->files = files;
    delivery->count = count;
    if (container_own_namespaces(container, &delivery->namespaces, err) < 0 ||
        starter_clone(&starter, &helper, err) < 0)
        return -1;
    result = await(helper.channel_fd, err);
    starter_child_kill(&helper);
    return result;
}

int container_put_files(struct container *container, const struct container_file *files,
                        size_t count, struct error *err)
{
    if (!container->cgroup)
        return error_set(err, "the container's control group is gone");
    while (count > 0) {
        size_t some = count < FILES_AT_ONCE ? count : FILES_AT_ONCE;

        if (deliver_some(container, files, some, err) < 0)
            return -1;
        files += some;
        count -= some;
    }
    return 0;
}
