/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/upper_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/build/worker/inode_names.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/dir_names.h"
#include "runtime/image/worker/layer_dirs.h"
#include "runtime/image/worker/layer_node.h"

struct scan {
    struct arena *arena;
    struct upper_list list;
    struct inode_names *names;
    unsigned depth;
};

static int scan_directory(struct scan *scan, int dir_fd, const char *path, struct error *err);

/* Overlayfs' notes about where a copy came from would lie in a lower layer. */
static int clean_attributes(int fd, struct error *err)
{
    static const char *const useless[] = {"trusted.overlay.origin", "trusted.overlay.impure",
                                          "trusted.overlay.nlink",  "trusted.overlay.upper",
                                          "trusted.overlay.uuid",   "user.overlay.origin",
                                          "user.overlay.impure",    "user.overlay.nlink",
                                          "user.overlay.upper",     "user.overlay.uuid"};
    static const char *const wrong[] = {"trusted.overlay.redirect", "trusted.overlay.metacopy",
                                        "user.overlay.redirect", "user.overlay.metacopy"};

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        if (fgetxattr(fd, wrong[i], NULL, 0) >= 0)
            return error_set(err, "overlayfs has set '%s', which no layer can have", wrong[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(useless); i++)
        (void)!fremovexattr(fd, useless[i]);
    return 0;
}

static struct upper_item *add_item(struct scan *scan, const char *path)
{
    struct upper_item *item;

    scan->list.items = arena_room(scan->arena, scan->list.items, scan->list.count);
    item = &scan->list.items[scan->list.count++];
    *item = (struct upper_item){.path = path};
    return item;
}

static int scan_file(struct scan *scan, int dir_fd, const char *name, struct upper_item *item,
                     struct error *err)
{
    scoped_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return error_sys(err, "open '%s'", item->path);
    if (clean_attributes(fd, err) < 0)
        return error_wrap(err, "'%s'", item->path);
    item->link = inode_names_first(scan->names, &item->status, item->path);
    item->is_hard_link = item->link;
    if (!item->is_hard_link)
        scan->list.file_bytes += item->status.st_size;
    return 0;
}

static int scan_symlink(struct scan *scan, int dir_fd, const char *name, struct upper_item *item,
                        struct error *err)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(dir_fd, name, target, sizeof(target) - 1);

    if (length < 0)
        return error_sys(err, "read link '%s'", item->path);
    item->link = arena_strndup(scan->arena, target, (size_t)length);
    return 0;
}

static int scan_subdirectory(struct scan *scan, int dir_fd, const char *name,
                             struct upper_item *item, struct error *err)
{
    const char *path = item->path; /* the item moves when others are added */
    scoped_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int result;

    if (fd < 0)
        return error_sys(err, "open '%s'", path);
    item->is_opaque = layer_dirs_is_opaque(fd);
    if (clean_attributes(fd, err) < 0)
        return error_wrap(err, "'%s'", path);
    if (++scan->depth > LIMIT_ENTRY_DEPTH)
        return error_set(err, "'%s' is more than %d directories deep", path, LIMIT_ENTRY_DEPTH);
    result = scan_directory(scan, fd, path, err);
    scan->depth--;
    return result;
}

static int scan_entry(struct scan *scan, int dir_fd, const char *name, const char *path,
                      struct error *err)
{
    struct upper_item *item;
    struct stat status;

    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "examine '%s'", path);
    if (S_ISSOCK(status.st_mode)) /* a layer has no form for it */
        return 0;
    if (scan->list.count >= LIMIT_LAYER_ENTRIES)
        return error_set(err, "the step has written more than %d files", LIMIT_LAYER_ENTRIES);
    item = add_item(scan, path);
    item->status = status;
    item->is_whiteout = layer_node_is_whiteout(&status);
    switch (status.st_mode & S_IFMT) {
    case S_IFREG:
        return scan_file(scan, dir_fd, name, item, err);
    case S_IFLNK:
        return scan_symlink(scan, dir_fd, name, item, err);
    case S_IFDIR:
        return scan_subdirectory(scan, dir_fd, name, item, err);
    default:
        return 0;
    }
}

static int scan_directory(struct scan *scan, int dir_fd, const char *path, struct error *err)
{
    struct string_list names = {0};

    if (dir_names_read(dir_fd, scan->arena, &names, err) < 0)
        return error_wrap(err, "read '%s'", path);
    string_list_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];

        if (scan_entry(scan, dir_fd, name,
                       arena_printf(scan->arena, "%s%s%s", path, *path ? "/" : "", name), err) < 0)
            return -1;
    }
    return 0;
}

int upper_list_read(int root_fd, struct arena *arena, struct upper_list *ret_list,
                    struct error *err)
{
    struct scan scan = {.arena = arena, .names = inode_names_new(arena)};

    scan.list.covers_all = layer_dirs_is_opaque(root_fd);
    if (clean_attributes(root_fd, err) < 0 || scan_directory(&scan, root_fd, "", err) < 0)
        return -1;
    *ret_list = scan.list;
    return 0;
}
