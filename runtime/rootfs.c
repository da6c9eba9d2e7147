/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers go to the kernel as descriptors of detached mounts (Linux 6.13); before that as
 * "/proc/self/fd/N" (lowerdir+, 6.7); before that in one lowerdir= string, whose 255 bytes are
 * stretched by naming the layers "N" relative to /proc/self/fd.
 *
 * An overlay whose upper directory is id-mapped must be made by a task whose fsuid and fsgid are
 * inside the map: otherwise its work directory cannot be made and the kernel silently mounts it
 * read-only.
 *
 * In a user namespace overlayfs may not set attributes named trusted.*, and would go on without
 * opaque directories; "userxattr" has it use user.* (Linux 5.11). Layers are unpacked accordingly.
 */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/limits.h"
#include "common/own_ids.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/capabilities.h"
#include "runtime/kernel.h"

struct rootfs {
    const struct rootfs_request *request; /* only while mounting */
    int mount_fd;
    int context_fd;
    int *layer_fds; /* topmost first: overlay's own order */
    size_t n_layers;
    int base_fd; /* holds the two below, on one mount as overlay demands it */
    int upper_fd, work_fd;
};

static struct rootfs *rootfs_new(const struct rootfs_request *request)
{
    struct rootfs *rootfs = calloc(1, sizeof(*rootfs));
    size_t n_layers = request ? request->layers.count : 0;

    if (!rootfs || !(rootfs->layer_fds = calloc(n_layers + 1, sizeof(int))))
        abort();
    rootfs->request = request;
    rootfs->mount_fd = rootfs->context_fd = rootfs->base_fd = rootfs->upper_fd = rootfs->work_fd =
        -1;
    return rootfs;
}

void rootfs_free(struct rootfs *rootfs)
{
    if (!rootfs)
        return;
    for (size_t i = 0; i < rootfs->n_layers; i++)
        fd_close(rootfs->layer_fds[i]);
    fd_close(rootfs->upper_fd);
    fd_close(rootfs->work_fd);
    fd_close(rootfs->base_fd);
    fd_close(rootfs->context_fd);
    fd_close(rootfs->mount_fd);
    free(rootfs->layer_fds);
    free(rootfs);
}

/* Opens a host directory, mapped unless userns_fd is negative: in the tree that is there for all,
 * or as a mount of its own. */
static int tree_open(const struct rootfs_request *request, const char *path, int userns_fd,
                     int *ret_fd, struct error *err)
{
    struct tree_mapping mapping = {.map = request->map, .userns_fd = userns_fd};
    int fd = -1;

    if (userns_fd >= 0 && mapped_tree_open(request->tree, &mapping, path, &fd, err) < 0)
        return -1;
    if (fd < 0 && mapped_mount_open(path, userns_fd, &fd, err) < 0)
        return -1;
    *ret_fd = fd;
    return 0;
}

static int open_layers(struct rootfs *rootfs, struct error *err)
{
    const struct rootfs_request *request = rootfs->request;
    int userns_fd = request->way == ROOTFS_PLAIN ? -1 : request->userns_fd;

    if (request->layers.count == 0 || request->layers.count > LIMIT_LAYERS)
        return error_set(err, "%zu layers are not within 1-%d", request->layers.count,
                         LIMIT_LAYERS);
    while (rootfs->n_layers < request->layers.count) {
        const char *path = request->layers.items[request->layers.count - 1 - rootfs->n_layers];

        if (tree_open(request, path, userns_fd, &rootfs->layer_fds[rootfs->n_layers], err) < 0)
            return -1;
        rootfs->n_layers++;
    }
    return 0;
}

/*
 * The upper directory
 */

static int tmpfs_open(int *ret_fd, struct error *err)
{
    scoped_fd int context_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

    if (context_fd < 0 || fsconfig(context_fd, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
        fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return error_sys(err, "make a tmpfs for mount points");
    *ret_fd = fsmount(context_fd, FSMOUNT_CLOEXEC, 0);
    return *ret_fd < 0 ? error_sys(err, "make a tmpfs for mount points") : 0;
}

/* The owner that the container's root has where nothing maps. */
static int give_to_container_root(const struct rootfs_request *request, int dir_fd)
{
    bool is_mapped = request->way == ROOTFS_MAPPED && request->upper == ROOTFS_UPPER_DIR;

    if (request->way == ROOTFS_PLAIN || is_mapped)
        return 0;
    return fchownat(dir_fd, "", request->map.base, request->map.base, AT_EMPTY_PATH);
}

/* Makes "upper" and "work" below a directory of the host, unmapped. The root of the merged tree
 * takes its mode from the upper directory, so it begins as the topmost layer's. */
static int make_upper_dirs(struct rootfs *rootfs, int dir_fd, struct error *err)
{
    scoped_fd int upper_fd = -1;
    scoped_fd int work_fd = -1;
    struct stat top;
    bool is_new;

    if (mkdirat(dir_fd, "work", 0700) < 0 && errno != EEXIST)
        return error_sys(err, "make directory 'work'");
    is_new = mkdirat(dir_fd, "upper", 0755) == 0;
    if (!is_new && errno != EEXIST)
        return error_sys(err, "make directory 'upper'");

    upper_fd = path_open_beneath(dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    work_fd = path_open_beneath(dir_fd, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (upper_fd < 0 || work_fd < 0)
        return error_sys(err, "open 'upper' and 'work'");
    if (is_new &&
        (fstat(rootfs->layer_fds[0], &top) < 0 || fchmod(upper_fd, top.st_mode & 07777) < 0))
        return error_sys(err, "set the mode of 'upper'");
    if (give_to_container_root(rootfs->request, upper_fd) < 0 ||
        give_to_container_root(rootfs->request, work_fd) < 0)
        return error_sys(err, "set the owner of 'upper' and 'work'");
    return 0;
}

static int open_upper(struct rootfs *rootfs, struct error *err)
{
    const struct rootfs_request *request = rootfs->request;

    if (request->upper == ROOTFS_UPPER_NONE)
        return 0;
    if (request->upper == ROOTFS_UPPER_MEMORY) {
        if (tmpfs_open(&rootfs->base_fd, err) < 0 ||
            make_upper_dirs(rootfs, rootfs->base_fd, err) < 0)
            return -1;
    } else {
        scoped_fd int dir_fd = open(request->upper_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int userns_fd = request->way == ROOTFS_MAPPED ? request->userns_fd : -1;

        if (dir_fd < 0)
            return error_sys(err, "open '%s'", request->upper_dir);
        if (make_upper_dirs(rootfs, dir_fd, err) < 0 ||
            tree_open(request, request->upper_dir, userns_fd, &rootfs->base_fd, err) < 0)
            return error_wrap(err, "'%s'", request->upper_dir);
    }
    rootfs->upper_fd = path_open_beneath(rootfs->base_fd, "upper", O_PATH | O_DIRECTORY, 0);
    rootfs->work_fd = path_open_beneath(rootfs->base_fd, "work", O_PATH | O_DIRECTORY, 0);
    if (rootfs->upper_fd < 0 || rootfs->work_fd < 0)
        return error_sys(err, "open 'upper' and 'work'");
    return 0;
}

/*
 * Telling the kernel
 */

/* What the kernel itself says about the context's last failure: "e overlay: ..." (fsopen(2)). */
static void add_kernel_message(int context_fd, struct error *err)
{
    char message[200];
    ssize_t n = read(context_fd, message, sizeof(message) - 1);

    if (n > 2 && err) {
        int number = err->number;

        message[n] = '\0';
        message[strcspn(message, "\n")] = '\0';
        (void)error_wrap(err, "%s", message + 2);
        err->number = number;
    }
}

static int set_dir_by_name(int context_fd, const char *key, int dir_fd)
{
    char path[32];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
    return fsconfig(context_fd, FSCONFIG_SET_STRING, key, path, 0);
}

/* What kernels say that take no descriptor: EBADF because O_PATH is none to them, EINVAL because
 * the option should be a string, EOPNOTSUPP where overlayfs does not know the new interface at all
 * (before 6.5). */
static bool takes_no_descriptor(int number)
{
    return number == EBADF || number == EINVAL || number == EOPNOTSUPP;
}

static int set_dir(int context_fd, const char *key, int dir_fd)
{
    if (fsconfig(context_fd, FSCONFIG_SET_FD, key, NULL, dir_fd) == 0)
        return 0;
    if (!takes_no_descriptor(errno))
        return -1;
    return set_dir_by_name(context_fd, key, dir_fd);
}

static int set_layers_as_string(const struct rootfs *rootfs, struct error *err)
{
    enum { FSCONFIG_MAX_STRING = 255 };
    scoped_text struct text names = {0};

    for (size_t i = 0; i < rootfs->n_layers; i++)
        text_appendf(&names, "%s%d", i ? ":" : "", rootfs->layer_fds[i]);
    if (names.length > FSCONFIG_MAX_STRING)
        return error_set(err, "Linux before 6.7 does not take %zu layers", rootfs->n_layers);
    if (fsconfig(rootfs->context_fd, FSCONFIG_SET_STRING, "lowerdir", text_get(&names), 0) < 0)
        return error_sys(err, "set the layers");
    return 0;
}

/* The first layer shows what the kernel can do. One that does not know the new interface would take
 * "lowerdir+" as well, and mind it only later. *ret_relative: the names are relative to
 * /proc/self/fd. */
static int set_layers(const struct rootfs *rootfs, bool *ret_relative, struct error *err)
{
    int context_fd = rootfs->context_fd;

    *ret_relative = false;
    if (fsconfig(context_fd, FSCONFIG_SET_FD, "lowerdir+", NULL, rootfs->layer_fds[0]) < 0) {
        if (!takes_no_descriptor(errno))
            return error_sys(err, "set the topmost layer");
        if (errno == EOPNOTSUPP ||
            set_dir_by_name(context_fd, "lowerdir+", rootfs->layer_fds[0]) < 0) {
            *ret_relative = true;
            return set_layers_as_string(rootfs, err);
        }
    }
    for (size_t i = 1; i < rootfs->n_layers; i++)
        if (set_dir(context_fd, "lowerdir+", rootfs->layer_fds[i]) < 0)
            return error_sys(err, "set layer %zu", rootfs->n_layers - i);
    return 0;
}

/* Makes the file system as the container's root. The effective capabilities follow fsuid out of and
 * back to 0 (capabilities(7)), so they are raised again in between. */
static int create_as(int context_fd, const struct rootfs_request *request)
{
    int result, number;

    if (request->way == ROOTFS_PLAIN)
        return fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    (void)setfsgid(request->map.base);
    (void)setfsuid(request->map.base);
    result = capabilities_raise();
    if (result == 0)
        result = fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    number = errno;
    (void)setfsuid(geteuid());
    (void)setfsgid(getegid());
    if (capabilities_raise() < 0)
        return -1;
    errno = number;
    return result;
}

/* As create_as(), with /proc/self/fd as the working directory when layers are named relative to it.
 */
static int create_in(int context_fd, const struct rootfs_request *request, bool relative)
{
    scoped_fd int old_fd = -1;
    int result;

    if (!relative)
        return create_as(context_fd, request);
    old_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old_fd < 0 || chdir("/proc/self/fd") < 0)
        return -1;
    result = create_as(context_fd, request);
    if (fchdir(old_fd) < 0)
        return -1;
    return result;
}

/* In the helper: attaches the parts anywhere in a mount namespace that ends with us, and makes the
 * file system there. Exits with errno. */
static _Noreturn void create_in_helper(const struct rootfs *rootfs, bool relative)
{
    const unsigned flags = MOVE_MOUNT_F_EMPTY_PATH;

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        _exit(errno);
    for (size_t i = 0; i < rootfs->n_layers; i++)
        if (move_mount(rootfs->layer_fds[i], "", AT_FDCWD, "/", flags) < 0)
            _exit(errno);
    if (rootfs->base_fd >= 0 && move_mount(rootfs->base_fd, "", AT_FDCWD, "/", flags) < 0)
        _exit(errno);
    _exit(create_in(rootfs->context_fd, rootfs->request, relative) < 0 ? errno : 0);
}

/* Before Linux 6.13 the parts of an overlay have to be attached in the mount namespace of who makes
 * it. Ours is the host's, so a helper with a copy of it does that; the context is the same open
 * file. */
static int create_elsewhere(const struct rootfs *rootfs, bool relative)
{
    struct clone_args args = {.flags = CLONE_NEWNS}; /* no SIGCHLD: nobody else is to notice */
    sigset_t all, old;
    int status;
    pid_t pid;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    pid = kernel_clone3(&args);
    if (pid == 0)
        create_in_helper(rootfs, relative);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    if (pid < 0)
        return -1;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR)
            return -1;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return errno ? -1 : 0;
}

/* Kernels differ in which of the options they know; what counts is checked when the layer is made.
 * "userxattr" means the first two of them, and bears none of them beside it. */
static void set_layer_options(int context_fd, bool users_attributes)
{
    if (!users_attributes) {
        (void)fsconfig(context_fd, FSCONFIG_SET_STRING, "redirect_dir", "off", 0);
        (void)fsconfig(context_fd, FSCONFIG_SET_STRING, "metacopy", "off", 0);
    }
    (void)fsconfig(context_fd, FSCONFIG_SET_STRING, "index", "off", 0);
    (void)fsconfig(context_fd, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
}

/* A context for the file system, with all its parts set. */
static int configure(struct rootfs *rootfs, bool *ret_relative, struct error *err)
{
    bool users_attributes = !own_ids_are_all();

    fd_close(steal_fd(&rootfs->context_fd));
    rootfs->context_fd = fsopen("overlay", FSOPEN_CLOEXEC);
    if (rootfs->context_fd < 0)
        return error_sys(err, "open file system 'overlay'");
    if (rootfs->request->upper_is_layer)
        set_layer_options(rootfs->context_fd, users_attributes);
    if (users_attributes &&
        fsconfig(rootfs->context_fd, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
        return error_sys(err, "set 'userxattr' of the overlay");
    if (set_layers(rootfs, ret_relative, err) < 0)
        return -1;
    if (rootfs->upper_fd >= 0 && (set_dir(rootfs->context_fd, "upperdir", rootfs->upper_fd) < 0 ||
                                  set_dir(rootfs->context_fd, "workdir", rootfs->work_fd) < 0))
        return error_sys(err, "set the upper directory");
    return 0;
}

static int create(struct rootfs *rootfs, struct error *err)
{
    bool relative;

    if (configure(rootfs, &relative, err) < 0)
        return -1;
    if (create_in(rootfs->context_fd, rootfs->request, relative) == 0)
        return 0;
    if (errno == EINVAL) {
        if (configure(rootfs, &relative, err) < 0)
            return -1;
        if (create_elsewhere(rootfs, relative) == 0)
            return 0;
    }
    (void)error_sys(err, "create the overlay");
    add_kernel_message(rootfs->context_fd, err);
    return -1;
}

int rootfs_mount(const struct rootfs_request *request, struct rootfs **ret_rootfs,
                 struct error *err)
{
    scoped(rootfs_free) struct rootfs *rootfs = rootfs_new(request);
    unsigned attributes = request->way == ROOTFS_PLAIN ? 0 : MOUNT_ATTR_NODEV;
    struct statvfs status;

    if (open_layers(rootfs, err) < 0 || open_upper(rootfs, err) < 0 || create(rootfs, err) < 0)
        return error_wrap(err, "mount the root file system");
    rootfs->mount_fd = fsmount(rootfs->context_fd, FSMOUNT_CLOEXEC, attributes);
    if (rootfs->mount_fd < 0 || fstatvfs(rootfs->mount_fd, &status) < 0)
        return error_sys(err, "mount the root file system");
    if (request->upper != ROOTFS_UPPER_NONE && (status.f_flag & ST_RDONLY))
        return error_set(err, "mount the root file system: the kernel makes it read-only");
    rootfs->request = NULL;
    *ret_rootfs = steal(rootfs);
    return 0;
}

int rootfs_of_directory(const char *path, struct rootfs **ret_rootfs, struct error *err)
{
    struct mount_attr attributes = {.propagation = MS_PRIVATE};
    scoped(rootfs_free) struct rootfs *rootfs = rootfs_new(NULL);
    struct stat status;

    rootfs->mount_fd =
        open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (rootfs->mount_fd < 0 || fstat(rootfs->mount_fd, &status) < 0)
        return error_sys(err, "open root '%s'", path);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, "open root '%s': it is no directory", path);
    if (mount_setattr(rootfs->mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                      sizeof(attributes)) < 0)
        return error_sys(err, "set mount attributes of root '%s'", path);
    *ret_rootfs = steal(rootfs);
    return 0;
}

struct rootfs *rootfs_of_mount(int take_mount_fd)
{
    struct rootfs *rootfs = rootfs_new(NULL);

    rootfs->mount_fd = take_mount_fd;
    return rootfs;
}

int rootfs_fd(const struct rootfs *rootfs)
{
    return rootfs->mount_fd;
}

int rootfs_steal_fd(struct rootfs *rootfs)
{
    return steal_fd(&rootfs->mount_fd);
}
