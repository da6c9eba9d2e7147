/* SPDX-License-Identifier: Apache-2.0 */
#include "common/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

enum { REMOVE_TRIES = 16 };

static int path_openat2(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & (O_CREAT | O_TMPFILE) & ~O_DIRECTORY ? mode : 0,
        .resolve = resolve,
    };
    long fd;

    /* EAGAIN: a rename raced with the walk and the kernel could not prove that it stayed inside. */
    for (int tries = 0; tries < 100; tries++) {
        fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}

int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode)
{
    return path_openat2(root_fd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* -1 with errno: that cannot be known. */
static int look_whose(int fd, bool *ret_kernels)
{
    static const long types[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,    CGROUP_SUPER_MAGIC,
                                 CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,  TRACEFS_MAGIC,
                                 SECURITYFS_MAGIC,    BPF_FS_MAGIC,   EFIVARFS_MAGIC,
                                 SELINUX_MAGIC,       BINFMTFS_MAGIC, PSTOREFS_MAGIC};
    struct statfs file_system;

    *ret_kernels = true;
    if (fstatfs(fd, &file_system) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (file_system.f_type == types[i])
            return 0;
    *ret_kernels = false;
    return 0;
}

bool path_is_kernels(int fd)
{
    bool kernels;

    return look_whose(fd, &kernels) < 0 || kernels;
}

/* Of what is only known by its place: a regular file that somebody has written, opened. */
static int open_place(int place_fd, int flags)
{
    struct stat status;
    char name[32];
    bool kernels;

    if (fstat(place_fd, &status) < 0 || look_whose(place_fd, &kernels) < 0)
        return -1;
    if (!S_ISREG(status.st_mode) || kernels) {
        errno = S_ISLNK(status.st_mode) ? ELOOP : EINVAL;
        return -1;
    }
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", place_fd);
    return open(name, flags | O_CLOEXEC);
}

int path_open_file_in_root(int root_fd, const char *path)
{
    scoped_fd int place_fd = path_open_in_root(root_fd, path, O_PATH, 0);

    return place_fd < 0 ? -1 : open_place(place_fd, O_RDONLY);
}

int path_open_file_at(int dir_fd, const char *name, int flags)
{
    scoped_fd int place_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    return place_fd < 0 ? -1 : open_place(place_fd, flags);
}

int path_open_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
    return path_openat2(dir_fd, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int path_make_dirs_in_root(int root_fd, const char *path, mode_t mode)
{
    char prefix[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(prefix)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t end = 0; end < length;) {
        size_t start = end + strspn(path + end, "/");
        scoped_fd int parent_fd = -1;
        char name[NAME_MAX + 1];
        size_t name_length = strcspn(path + start, "/");

        if (name_length == 0)
            break;
        if (name_length > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(prefix, path, start);
        prefix[start] = '\0';
        memcpy(name, path + start, name_length);
        name[name_length] = '\0';
        end = start + name_length;

        /* The parent is opened inside the root each time: its own links are followed there and
         * nowhere else. */
        parent_fd = path_open_in_root(root_fd, start ? prefix : ".", O_PATH | O_DIRECTORY, 0);
        if (parent_fd < 0)
            return -1;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST)
            return -1;
    }
    return path_open_in_root(root_fd, length ? path : ".", O_PATH | O_DIRECTORY, 0);
}

int path_make_dirs(int dir_fd, const char *path, mode_t mode, struct error *err)
{
    char prefix[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(prefix))
        return error_set(err, "create directory '%s': the name is too long", path);
    memcpy(prefix, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        char kept = prefix[i];

        if (kept != '/' && kept != '\0')
            continue;
        prefix[i] = '\0';
        if (mkdirat(dir_fd, prefix, mode) < 0 && errno != EEXIST)
            return error_sys(err, "create directory '%s'", prefix);
        prefix[i] = kept;
    }
    return 0;
}

/* Removes what is in the directory; takes the descriptor. */
static int path_empty_dir(int take_dir_fd, struct error *err)
{
    DIR *dir = fdopendir(take_dir_fd);
    struct dirent *entry;
    int result = 0;

    if (!dir) {
        fd_close(take_dir_fd);
        return error_sys(err, "open directory");
    }
    while (result == 0 && (entry = readdir(dir))) {
        if (string_eq(entry->d_name, ".") || string_eq(entry->d_name, ".."))
            continue;
        result = path_remove_tree(dirfd(dir), entry->d_name, err);
    }
    (void)closedir(dir);
    return result;
}

/* Somebody who still has the directory open may create a file in it after it was emptied. */
static int path_remove_dir(int dir_fd, const char *name, struct error *err)
{
    for (int tries = REMOVE_TRIES;; tries--) {
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
            return errno == ENOENT ? 0 : error_sys(err, "remove '%s'", name);
        if (path_empty_dir(fd, err) < 0)
            return error_wrap(err, "remove '%s'", name);
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        if (errno != ENOTEMPTY || tries <= 1)
            return error_sys(err, "remove '%s'", name);
    }
}

int path_remove_tree(int dir_fd, const char *name, struct error *err)
{
    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return error_sys(err, "remove '%s'", name);
    return path_remove_dir(dir_fd, name, err);
}

/* Drops the last component of what is in `out`, not below `floor`. False when there is none to
 * drop. */
static bool path_drop_last(struct text *out, size_t floor)
{
    size_t length = out->length;

    if (length <= floor || string_eq(text_get(out) + floor, "..") ||
        (length >= floor + 3 && string_ends_with(text_get(out), "/..")))
        return false;
    while (length > floor && out->data[length - 1] != '/')
        length--;
    if (length > floor)
        length--;
    text_cut(out, length);
    return true;
}

char *path_clean(struct arena *arena, const char *path)
{
    scoped_text struct text out = {0};
    bool absolute = path[0] == '/';
    size_t floor = absolute ? 1 : 0;

    if (absolute)
        text_append_char(&out, '/');
    while (*path) {
        size_t length = strcspn(path, "/");
        bool parent = length == 2 && path[0] == '.' && path[1] == '.';

        if (length == 0 || (length == 1 && path[0] == '.')) {
            /* nothing */
        } else if (!parent || (!path_drop_last(&out, floor) && !absolute)) {
            if (out.length > floor)
                text_append_char(&out, '/');
            text_append_bytes(&out, path, length);
        }
        path += length;
        path += *path == '/';
    }
    return arena_strdup(arena, out.length ? text_get(&out) : ".");
}

char *path_join(struct arena *arena, const char *base, const char *path)
{
    scoped_text struct text joined = {0};

    if (path[0] == '/')
        return path_clean(arena, path);
    text_appendf(&joined, "%s/%s", base, path);
    return path_clean(arena, text_get(&joined));
}

const char *path_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}
