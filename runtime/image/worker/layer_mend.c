/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_mend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/layer_dirs.h"
#include "runtime/image/worker/layer_node.h"

/* One chain being looked at. */
struct mender {
    const struct mend_layer *layers;
    size_t n_layers;
    int mend_fd; /* where "fs" goes */
    int fs_fd;   /* of the mend; -1 until something needs it */
    unsigned n_lookups;
    struct arena *arena;
    struct string_list made; /* parents before their children */
};

/* Where a directory of the merged view gets its attributes from. */
struct origin {
    int fd;                    /* -1: nowhere; it is as new */
    bool is_implicit;          /* the topmost layer that has it does not describe it */
    struct timespec top_mtime; /* of the directory in that layer */
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_implicit(const struct mend_layer *layer, const char *path)
{
    return layer->implicit.count > 0 &&
           bsearch(&path, layer->implicit.items, layer->implicit.count,
                   sizeof(*layer->implicit.items), compare_texts) != NULL;
}

static int open_dir(const struct mend_layer *layer, const char *path)
{
    return path_open_beneath(layer->fs_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0);
}

/* Whether the layer hides the path in layers below: something on the way is no directory, or a
 * directory above is opaque. One that is opaque itself hides what is in it, not what it is. */
static bool hides(const struct mend_layer *layer, const char *path)
{
    char prefix[LIMIT_ENTRY_PATH_BYTES + 1];

    for (size_t end = 0;;) {
        scoped_fd int fd = -1;

        memcpy(prefix, path, end);
        prefix[end] = '\0';
        fd = open_dir(layer, prefix);
        if (fd < 0)
            return errno != ENOENT;
        if (path[end] == '\0')
            return false;
        if (layer_dirs_is_opaque(fd))
            return true;
        end += end > 0;
        end += strcspn(path + end, "/");
    }
}

static struct timespec mtime_of(int fd)
{
    struct stat status = {0};

    (void)fstat(fd, &status);
    return status.st_mtim;
}

/* Goes down from the top to the first layer that describes the directory. */
static int find_origin(struct mender *mender, const char *path, struct origin *out,
                       struct error *err)
{
    *out = (struct origin){.fd = -1};
    for (size_t i = mender->n_layers; i-- > 0;) {
        const struct mend_layer *layer = &mender->layers[i];
        scoped_fd int fd = -1;

        if (++mender->n_lookups > LIMIT_MEND_LOOKUPS)
            return error_set(err, "the layers leave out too many directories");
        fd = open_dir(layer, path);
        if (fd >= 0 && !is_implicit(layer, path)) {
            out->fd = steal_fd(&fd);
            return 0;
        }
        if (fd >= 0 && !out->is_implicit) {
            out->is_implicit = true;
            out->top_mtime = mtime_of(fd);
        }
        if (hides(layer, path))
            return 0;
    }
    return 0;
}

/* Whether there are attributes that a new directory does not have. Overlayfs' own do not count. */
static bool has_xattrs(int fd)
{
    char names[LIMIT_XATTR_BYTES];
    ssize_t length = flistxattr(fd, names, sizeof(names));

    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        if (layer_node_xattr_is_kept(name))
            return true;
    }
    return false;
}

/* Whether the directory looks as a new one of that time does. */
static bool is_plain(int fd, struct timespec mtime)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0755 && status.st_uid == 0 &&
           status.st_gid == 0 && status.st_mtim.tv_sec == mtime.tv_sec &&
           status.st_mtim.tv_nsec == mtime.tv_nsec && !has_xattrs(fd);
}

static int copy_xattr(int from_fd, int to_fd, const char *name, struct error *err)
{
    char value[LIMIT_XATTR_BYTES];
    ssize_t size;

    if (!layer_node_xattr_is_kept(name))
        return 0;
    size = fgetxattr(from_fd, name, value, sizeof(value));
    if (size < 0)
        return error_sys(err, "read attribute '%s'", name);
    if (fsetxattr(to_fd, name, value, (size_t)size, 0) < 0)
        return error_sys(err, "set attribute '%s'", name);
    return 0;
}

static int copy_xattrs(int from_fd, int to_fd, struct error *err)
{
    char names[LIMIT_XATTR_BYTES];
    ssize_t length = flistxattr(from_fd, names, sizeof(names));

    if (length < 0)
        return errno == ENOTSUP ? 0 : error_sys(err, "list attributes");
    for (const char *name = names; name < names + length; name += strlen(name) + 1) {
        if (copy_xattr(from_fd, to_fd, name, err) < 0)
            return -1;
    }
    return 0;
}

static int copy_attributes(int from_fd, int to_fd, struct error *err)
{
    struct stat status;

    if (fstat(from_fd, &status) < 0)
        return error_sys(err, "examine");
    if (fchown(to_fd, status.st_uid, status.st_gid) < 0 ||
        fchmod(to_fd, status.st_mode & 07777) < 0)
        return error_sys(err, "change owner and mode");
    return copy_xattrs(from_fd, to_fd, err);
}

static int make_fs(struct mender *mender, struct error *err)
{
    if (mender->fs_fd >= 0)
        return 0;
    if (mkdirat(mender->mend_fd, "fs", 0755) < 0)
        return error_sys(err, "create 'fs'");
    mender->fs_fd = openat(mender->mend_fd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return mender->fs_fd < 0 ? error_sys(err, "open 'fs'") : 0;
}

/* Makes one directory of the mend, its parent being there, as the merged view has it. */
static int mend_dir(struct mender *mender, const char *path, struct error *err)
{
    struct origin origin;
    scoped_fd int from_fd = -1;
    scoped_fd int to_fd = -1;

    if (*path && mkdirat(mender->fs_fd, path, 0755) < 0)
        return errno == EEXIST ? 0 : error_sys(err, "create '%s'", path);
    string_list_add(mender->arena, &mender->made, arena_strdup(mender->arena, path));
    if (find_origin(mender, path, &origin, err) < 0)
        return -1;
    from_fd = origin.fd;
    to_fd = path_open_beneath(mender->fs_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0);
    if (to_fd < 0)
        return error_sys(err, "open '%s'", path);
    if (from_fd < 0)
        return fchmod(to_fd, 0755) < 0 ? error_sys(err, "change mode of '%s'", path) : 0;
    return copy_attributes(from_fd, to_fd, err);
}

/* Makes the directory and those above it: they are in the way, so they have to be right too. */
static int mend_path(struct mender *mender, const char *path, struct error *err)
{
    char prefix[LIMIT_ENTRY_PATH_BYTES + 1];

    if (make_fs(mender, err) < 0)
        return -1;
    for (size_t end = 0;;) {
        memcpy(prefix, path, end);
        prefix[end] = '\0';
        if (mend_dir(mender, prefix, err) < 0)
            return error_wrap(err, "mend '%s'", prefix);
        if (path[end] == '\0')
            return 0;
        end += end > 0;
        end += strcspn(path + end, "/");
    }
}

/* Times come last, children first: making a directory in another changes the other's. */
static int set_times(struct mender *mender, struct error *err)
{
    for (size_t i = mender->made.count; i-- > 0;) {
        const char *path = mender->made.items[i];
        scoped_fd int from_fd = -1;
        struct timespec mtime;
        struct origin origin;

        if (find_origin(mender, path, &origin, err) < 0)
            return -1;
        from_fd = origin.fd;
        mtime = from_fd >= 0 ? mtime_of(from_fd) : origin.top_mtime;
        if (utimensat(mender->fs_fd, *path ? path : ".", (struct timespec[2]){mtime, mtime}, 0) < 0)
            return error_sys(err, "set times of '%s'", path);
    }
    return 0;
}

static int mend_if_wrong(struct mender *mender, const char *path, struct error *err)
{
    struct origin origin;
    scoped_fd int fd = -1;

    if (strlen(path) > LIMIT_ENTRY_PATH_BYTES)
        return error_set(err, "a path is too long");
    if (find_origin(mender, path, &origin, err) < 0)
        return -1;
    fd = origin.fd;
    if (!origin.is_implicit || fd < 0 || is_plain(fd, origin.top_mtime))
        return 0;
    return mend_path(mender, path, err);
}

int layer_mend(const struct mend_layer *layers, size_t n_layers, int mend_fd, bool *ret_needed,
               struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct mender mender = {
        .layers = layers, .n_layers = n_layers, .mend_fd = mend_fd, .fs_fd = -1, .arena = arena};
    int result = 0;

    /* The lowest layer has nothing below it. */
    for (size_t i = 1; i < n_layers && result == 0; i++) {
        for (size_t j = 0; j < layers[i].implicit.count && result == 0; j++)
            result = mend_if_wrong(&mender, layers[i].implicit.items[j], err);
    }
    if (result == 0)
        result = set_times(&mender, err);
    *ret_needed = mender.fs_fd >= 0;
    fd_close(mender.fs_fd);
    return result;
}
