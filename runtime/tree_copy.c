/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tree_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file_copy.h"
#include "common/text.h"

enum { MAX_DEPTH = 200, MAX_NAMED = 8, MAX_XATTR_BYTES = 64 * 1024 };

/* A file with several names that was copied under one of them. Best effort: only so many are known.
 */
struct linked_file {
    dev_t device;
    ino_t inode;
    int dir_fd; /* a descriptor of our own of the directory of the copy */
    char name[NAME_MAX + 1];
};

struct tree_copy {
    struct linked_file *links;
    size_t n_links, capacity;
    int depth;
};

struct copy_entry {
    int source_fd, target_fd; /* directories */
    const char *name;
    struct stat status;
};

static int copy_directory(struct tree_copy *copy, int source_fd, int target_fd, struct error *err);

/*
 * Attributes
 */

/* overlayfs's own marks would mean something where the copy is used as a layer. */
static bool is_kept_xattr(const char *name)
{
    return !string_starts_with(name, "trusted.overlay.") &&
           !string_starts_with(name, "user.overlay.") && !string_eq(name, "security.selinux");
}

/* Best effort, as file systems differ in what they take. */
static void copy_xattrs(int source_fd, int target_fd)
{
    char *names = malloc(MAX_XATTR_BYTES);
    char *value = malloc(MAX_XATTR_BYTES);
    ssize_t length;

    if (!names || !value)
        abort();
    length = flistxattr(source_fd, names, MAX_XATTR_BYTES);
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t size =
            is_kept_xattr(name) ? fgetxattr(source_fd, name, value, MAX_XATTR_BYTES) : -1;

        if (size >= 0)
            (void)!fsetxattr(target_fd, name, value, (size_t)size, 0);
    }
    free(names);
    free(value);
}

/* The owner first, because a change of owner takes set-id bits and file capabilities away; times
 * last. */
static int copy_attributes(int source_fd, int target_fd, struct error *err)
{
    struct stat status;
    struct timespec times[2];

    if (fstat(source_fd, &status) < 0 || fchown(target_fd, status.st_uid, status.st_gid) < 0 ||
        fchmod(target_fd, status.st_mode & 07777) < 0)
        return error_sys(err, "copy the owner and the mode");
    copy_xattrs(source_fd, target_fd);
    times[0] = status.st_atim;
    times[1] = status.st_mtim;
    if (futimens(target_fd, times) < 0)
        return error_sys(err, "copy the times");
    return 0;
}

static int set_link_attributes(const struct copy_entry *entry, struct error *err)
{
    struct timespec times[2] = {entry->status.st_atim, entry->status.st_mtim};

    if (fchownat(entry->target_fd, entry->name, entry->status.st_uid, entry->status.st_gid,
                 AT_SYMLINK_NOFOLLOW) < 0 ||
        utimensat(entry->target_fd, entry->name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "copy the owner and the times");
    return 0;
}

/*
 * Hard links
 */

/* *ret_done: the file was copied before, and this name now leads to it. */
static int link_if_known(const struct tree_copy *copy, const struct copy_entry *entry,
                         bool *ret_done, struct error *err)
{
    *ret_done = false;
    for (size_t i = 0; entry->status.st_nlink > 1 && i < copy->n_links; i++) {
        const struct linked_file *link = &copy->links[i];

        if (link->device != entry->status.st_dev || link->inode != entry->status.st_ino)
            continue;
        if (linkat(link->dir_fd, link->name, entry->target_fd, entry->name, 0) < 0)
            return error_sys(err, "link to '%s'", link->name);
        *ret_done = true;
    }
    return 0;
}

static void remember_link(struct tree_copy *copy, const struct copy_entry *entry)
{
    enum { MAX_LINKS = 1024 };
    struct linked_file *link;
    int dir_fd;

    if (entry->status.st_nlink < 2 || copy->n_links == MAX_LINKS)
        return;
    dir_fd = fcntl(entry->target_fd, F_DUPFD_CLOEXEC, 3);
    if (dir_fd < 0)
        return;
    if (copy->n_links == copy->capacity) {
        copy->capacity = copy->capacity ? 2 * copy->capacity : 16;
        copy->links = realloc(copy->links, copy->capacity * sizeof(*copy->links));
        if (!copy->links)
            abort();
    }
    link = &copy->links[copy->n_links++];
    *link = (struct linked_file){entry->status.st_dev, entry->status.st_ino, dir_fd, ""};
    memcpy(link->name, entry->name, strlen(entry->name) + 1);
}

/*
 * Entries
 */

static int copy_file(struct tree_copy *copy, const struct copy_entry *entry, struct error *err)
{
    scoped_fd int source_fd = -1;
    scoped_fd int target_fd = -1;
    bool is_done;

    if (link_if_known(copy, entry, &is_done, err) < 0 || is_done)
        return is_done ? 0 : -1;
    source_fd =
        openat(entry->source_fd, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    target_fd = openat(entry->target_fd, entry->name,
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (source_fd < 0 || target_fd < 0)
        return error_sys(err, "open");
    if (file_copy(source_fd, target_fd, err) < 0 || copy_attributes(source_fd, target_fd, err) < 0)
        return -1;
    remember_link(copy, entry);
    return 0;
}

static int copy_symlink(const struct copy_entry *entry, struct error *err)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(entry->source_fd, entry->name, target, sizeof(target) - 1);

    if (length < 0)
        return error_sys(err, "read the link");
    target[length] = '\0';
    if (symlinkat(target, entry->target_fd, entry->name) < 0)
        return error_sys(err, "make the link");
    return set_link_attributes(entry, err);
}

static int copy_fifo(const struct copy_entry *entry, struct error *err)
{
    if (mkfifoat(entry->target_fd, entry->name, 0600) < 0)
        return error_sys(err, "make the FIFO");
    if (set_link_attributes(entry, err) < 0)
        return -1;
    if (fchmodat(entry->target_fd, entry->name, entry->status.st_mode & 07777, 0) < 0)
        return error_sys(err, "copy the mode");
    return 0;
}

static int copy_subdirectory(struct tree_copy *copy, const struct copy_entry *entry,
                             struct error *err)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    scoped_fd int source_fd = openat(entry->source_fd, entry->name, FLAGS);
    scoped_fd int target_fd = -1;
    int result;

    if (source_fd < 0 || mkdirat(entry->target_fd, entry->name, 0700) < 0)
        return error_sys(err, "make the directory");
    target_fd = openat(entry->target_fd, entry->name, FLAGS);
    if (target_fd < 0)
        return error_sys(err, "open the directory");
    if (copy->depth == MAX_DEPTH)
        return error_set(err, "more than %d directories deep", MAX_DEPTH);
    copy->depth++;
    result = copy_directory(copy, source_fd, target_fd, err);
    copy->depth--;
    return result;
}

static int copy_entry(struct tree_copy *copy, struct copy_entry *entry, struct error *err)
{
    if (fstatat(entry->source_fd, entry->name, &entry->status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "read attributes");
    switch (entry->status.st_mode & S_IFMT) {
    case S_IFREG:
        return copy_file(copy, entry, err);
    case S_IFDIR:
        return copy_subdirectory(copy, entry, err);
    case S_IFLNK:
        return copy_symlink(entry, err);
    case S_IFIFO:
        return copy_fifo(entry, err);
    default:
        return 0;
    }
}

static int copy_entries(struct tree_copy *copy, DIR *dir, int target_fd, struct error *err)
{
    struct dirent *at;

    while ((at = readdir(dir))) {
        struct copy_entry entry = {dirfd(dir), target_fd, at->d_name, {0}};

        if (string_eq(at->d_name, ".") || string_eq(at->d_name, ".."))
            continue;
        /* Names further down would push the reason out of the error. */
        if (copy_entry(copy, &entry, err) < 0)
            return copy->depth < MAX_NAMED ? error_wrap(err, "'%s'", at->d_name) : -1;
    }
    return 0;
}

static int copy_directory(struct tree_copy *copy, int source_fd, int target_fd, struct error *err)
{
    int own_fd = fcntl(source_fd, F_DUPFD_CLOEXEC, 3);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    int result;

    if (!dir) {
        fd_close(own_fd);
        return error_sys(err, "open the directory");
    }
    result = copy_entries(copy, dir, target_fd, err);
    (void)closedir(dir);
    if (result < 0)
        return -1;
    return copy_attributes(source_fd, target_fd, err);
}

int tree_copy(int source_fd, int target_fd, struct error *err)
{
    struct tree_copy copy = {0};
    int result = copy_directory(&copy, source_fd, target_fd, err);

    for (size_t i = 0; i < copy.n_links; i++)
        fd_close(copy.links[i].dir_fd);
    free(copy.links);
    return result;
}
