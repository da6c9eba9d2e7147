/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tree_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file_copy.h"
#include "common/path.h"
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
    const struct tree_copy_style *style;
    struct linked_file *links;
    size_t n_links, capacity;
    int depth;
};

struct copy_entry {
    int source_fd, target_fd; /* directories */
    const char *name, *target_name;
    struct stat status;
};

enum { NOBODY = 65534 };

static int copy_entries(struct tree_copy *copy, int source_fd, int target_fd, struct error *err);

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

static uint32_t id_of(const struct tree_copy_style *style, uint32_t id)
{
    if (style->n_ids == 0)
        return id;
    return style->ids_to +
           (id - style->ids_from < style->n_ids ? id - style->ids_from : (uint32_t)NOBODY);
}

static uid_t owner_of(const struct tree_copy *copy, const struct stat *status)
{
    return copy->style->owned ? copy->style->uid : id_of(copy->style, status->st_uid);
}

static gid_t group_of(const struct tree_copy *copy, const struct stat *status)
{
    return copy->style->owned ? copy->style->gid : id_of(copy->style, status->st_gid);
}

static mode_t mode_of(const struct tree_copy *copy, const struct stat *status)
{
    return status->st_mode & (copy->style->plain ? 01777 : 07777);
}

/* The owner first, because a change of owner takes set-id bits and file capabilities away; times
 * last. */
static int copy_attributes(const struct tree_copy *copy, int source_fd, int target_fd,
                           struct error *err)
{
    struct stat status;
    struct timespec times[2];

    if (fstat(source_fd, &status) < 0 ||
        fchown(target_fd, owner_of(copy, &status), group_of(copy, &status)) < 0 ||
        fchmod(target_fd, mode_of(copy, &status)) < 0)
        return error_sys(err, "copy the owner and the mode");
    if (!copy->style->plain)
        copy_xattrs(source_fd, target_fd);
    times[0] = status.st_atim;
    times[1] = status.st_mtim;
    if (futimens(target_fd, times) < 0)
        return error_sys(err, "copy the times");
    return 0;
}

static int set_link_attributes(const struct tree_copy *copy, const struct copy_entry *entry,
                               struct error *err)
{
    struct timespec times[2] = {entry->status.st_atim, entry->status.st_mtim};

    if (fchownat(entry->target_fd, entry->target_name, owner_of(copy, &entry->status),
                 group_of(copy, &entry->status), AT_SYMLINK_NOFOLLOW) < 0 ||
        utimensat(entry->target_fd, entry->target_name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "copy the owner and the times");
    return 0;
}

/* Takes away what is in the place of a file or link, unless it is a directory. */
static int make_room(const struct tree_copy *copy, const struct copy_entry *entry)
{
    if (!copy->style->merges || errno != EEXIST)
        return -1;
    return unlinkat(entry->target_fd, entry->target_name, 0);
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
        if (linkat(link->dir_fd, link->name, entry->target_fd, entry->target_name, 0) < 0 &&
            (make_room(copy, entry) < 0 ||
             linkat(link->dir_fd, link->name, entry->target_fd, entry->target_name, 0) < 0))
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
    memcpy(link->name, entry->target_name, strlen(entry->target_name) + 1);
}

/*
 * Entries
 */

/* A regular file that is there is written over: it may be one that is mounted, which cannot be
 * replaced. A program that runs is replaced. */
static int open_target(const struct tree_copy *copy, const struct copy_entry *entry)
{
    enum { NEW = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
    int fd = -1;

    if (copy->style->merges)
        fd = path_open_file_at(entry->target_fd, entry->target_name, O_WRONLY);
    if (fd >= 0 || (copy->style->merges && errno != ENOENT && errno != EINVAL && errno != ELOOP &&
                    errno != ETXTBSY))
        return fd;
    fd = openat(entry->target_fd, entry->target_name, NEW, 0600);
    if (fd < 0 && make_room(copy, entry) == 0)
        fd = openat(entry->target_fd, entry->target_name, NEW, 0600);
    return fd;
}

/* Through a bind mount both can be one. */
static int is_same_file(int a_fd, int b_fd, bool *ret_same)
{
    struct stat a, b;

    if (fstat(a_fd, &a) < 0 || fstat(b_fd, &b) < 0)
        return -1;
    *ret_same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    return 0;
}

static int copy_file(struct tree_copy *copy, const struct copy_entry *entry, struct error *err)
{
    scoped_fd int source_fd = -1;
    scoped_fd int target_fd = -1;
    bool is_done;

    if (link_if_known(copy, entry, &is_done, err) < 0 || is_done)
        return is_done ? 0 : -1;
    source_fd = path_open_file_at(entry->source_fd, entry->name, O_RDONLY);
    if (source_fd < 0)
        return error_sys(err, "open");
    target_fd = open_target(copy, entry);
    if (target_fd < 0 || is_same_file(source_fd, target_fd, &is_done) < 0)
        return error_sys(err, "make the file");
    if (is_done)
        return 0;
    if (ftruncate(target_fd, 0) < 0)
        return error_sys(err, "empty the file");
    if (file_copy(source_fd, target_fd, err) < 0 ||
        copy_attributes(copy, source_fd, target_fd, err) < 0)
        return -1;
    remember_link(copy, entry);
    return 0;
}

static int copy_symlink(struct tree_copy *copy, const struct copy_entry *entry, struct error *err)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(entry->source_fd, entry->name, target, sizeof(target) - 1);

    if (length < 0)
        return error_sys(err, "read the link");
    target[length] = '\0';
    if (symlinkat(target, entry->target_fd, entry->target_name) < 0 &&
        (make_room(copy, entry) < 0 || symlinkat(target, entry->target_fd, entry->target_name) < 0))
        return error_sys(err, "make the link");
    return set_link_attributes(copy, entry, err);
}

/* chmod() of a name follows a link that somebody has put in the place of the FIFO. What was made is
 * looked at first, by a descriptor that opens nothing. */
static int copy_fifo(struct tree_copy *copy, const struct copy_entry *entry, struct error *err)
{
    scoped_fd int fd = -1;
    struct stat made;
    char path[32];

    if (mkfifoat(entry->target_fd, entry->target_name, 0600) < 0 &&
        (make_room(copy, entry) < 0 || mkfifoat(entry->target_fd, entry->target_name, 0600) < 0))
        return error_sys(err, "make the FIFO");
    if (set_link_attributes(copy, entry, err) < 0)
        return -1;
    fd = openat(entry->target_fd, entry->target_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fd < 0 || fstat(fd, &made) < 0 || !S_ISFIFO(made.st_mode) ||
        chmod(path, mode_of(copy, &entry->status)) < 0)
        return error_sys(err, "copy the mode");
    return 0;
}

static int copy_subdirectory(struct tree_copy *copy, const struct copy_entry *entry,
                             struct error *err)
{
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    scoped_fd int source_fd = openat(entry->source_fd, entry->name, FLAGS);
    scoped_fd int target_fd = -1;
    bool is_new = true;
    int result;

    if (source_fd >= 0 && copy->style->merges && path_is_kernels(source_fd))
        return 0;
    if (source_fd >= 0 && mkdirat(entry->target_fd, entry->target_name, 0700) < 0)
        is_new = false;
    if (source_fd < 0 || (!is_new && !(copy->style->merges && errno == EEXIST)))
        return error_sys(err, "make the directory");
    target_fd = openat(entry->target_fd, entry->target_name, FLAGS);
    if (target_fd < 0)
        return error_sys(err, "open the directory");
    if (copy->depth == MAX_DEPTH)
        return error_set(err, "more than %d directories deep", MAX_DEPTH);
    copy->depth++;
    result = copy_entries(copy, source_fd, target_fd, err);
    copy->depth--;
    if (result == 0 && is_new)
        result = copy_attributes(copy, source_fd, target_fd, err);
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
        return copy_symlink(copy, entry, err);
    case S_IFIFO:
        return copy_fifo(copy, entry, err);
    default:
        return 0;
    }
}

static int copy_listed(struct tree_copy *copy, DIR *dir, int target_fd, struct error *err)
{
    struct dirent *at;

    while ((at = readdir(dir))) {
        struct copy_entry entry = {dirfd(dir), target_fd, at->d_name, at->d_name, {0}};

        if (string_eq(at->d_name, ".") || string_eq(at->d_name, ".."))
            continue;
        /* Names further down would push the reason out of the error. */
        if (copy_entry(copy, &entry, err) < 0)
            return copy->depth < MAX_NAMED ? error_wrap(err, "'%s'", at->d_name) : -1;
    }
    return 0;
}

static int copy_entries(struct tree_copy *copy, int source_fd, int target_fd, struct error *err)
{
    int own_fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    int result;

    if (!dir) {
        fd_close(own_fd);
        return error_sys(err, "open the directory");
    }
    result = copy_listed(copy, dir, target_fd, err);
    (void)closedir(dir);
    return result;
}

/*
 * Whole trees
 */

static void copy_done(struct tree_copy *copy)
{
    for (size_t i = 0; i < copy->n_links; i++)
        fd_close(copy->links[i].dir_fd);
    free(copy->links);
}

int tree_copy_styled(int source_fd, int target_fd, bool with_own,
                     const struct tree_copy_style *style, struct error *err)
{
    struct tree_copy copy = {.style = style};
    int result = copy_entries(&copy, source_fd, target_fd, err);

    if (result == 0 && with_own)
        result = copy_attributes(&copy, source_fd, target_fd, err);
    copy_done(&copy);
    return result;
}

int tree_copy(int source_fd, int target_fd, struct error *err)
{
    static const struct tree_copy_style the_same = {0};

    return tree_copy_styled(source_fd, target_fd, true, &the_same, err);
}

int tree_copy_file(struct tree_place source, struct tree_place target,
                   const struct tree_copy_style *style, struct error *err)
{
    struct tree_copy copy = {.style = style};
    struct copy_entry entry = {source.dir_fd, target.dir_fd, source.name, target.name, {0}};
    int result = copy_entry(&copy, &entry, err);

    copy_done(&copy);
    return result;
}
