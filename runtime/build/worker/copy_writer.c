/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/copy_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file_copy.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/build/file_mode.h"
#include "runtime/build/worker/inode_names.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/layer_node.h"

struct writer {
    int root_fd;
    const struct copy_rules *rules;
    const struct source_list *list;
    const struct source_tree *tree;
    struct arena *arena;
    int base_fd;               /* the directory that the items of a group go below */
    struct inode_names *names; /* of files of the group, as they are below it */
};

/* Where one item goes. */
struct place {
    int parent_fd;
    const char *name;
};

static uint32_t owner_of(const struct writer *writer, uint32_t given, uint32_t own)
{
    if (writer->rules->has_owner)
        return given;
    return writer->tree && writer->tree->keeps_owners ? own : 0;
}

static mode_t mode_of(const struct writer *writer, const struct stat *status)
{
    mode_t mode = status->st_mode & 07777;

    if (writer->rules->mode)
        (void)file_mode_apply(writer->rules->mode, status->st_mode, &mode);
    return mode;
}

/* -- directories */

static int own(int fd, const struct copy_rules *rules)
{
    return rules->has_owner ? fchownat(fd, "", rules->uid, rules->gid, AT_EMPTY_PATH) : 0;
}

enum part_state { PART_THERE, PART_MADE, PART_IS_LINK };

/* Makes the directory, if it is missing. A link to nothing is told about instead: mkdir(2) does not
 * follow it. */
static int make_part(int root_fd, const char *part, const struct copy_rules *rules,
                     enum part_state *ret_state, struct error *err)
{
    scoped_fd int fd = path_open_in_root(root_fd, part, O_PATH, 0);
    scoped_fd int link_fd = -1;
    struct stat status;

    *ret_state = PART_THERE;
    if (fd >= 0) {
        if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
            return 0;
        return error_set(err, "'%s' is not a directory", part);
    }
    link_fd = path_open_in_root(root_fd, part, O_PATH | O_NOFOLLOW, 0);
    if (link_fd >= 0) {
        *ret_state = PART_IS_LINK;
        return 0;
    }
    fd = path_make_dirs_in_root(root_fd, part, 0755);
    if (fd < 0 || own(fd, rules) < 0)
        return error_sys(err, "make directory '%s'", part);
    *ret_state = PART_MADE;
    return 0;
}

/* Puts what the link at [0, end) points to in its place; the kernel resolves the rest in the root.
 */
static int replace_link(int root_fd, struct text *path, size_t end, struct error *err)
{
    scoped_text struct text old = *path;
    char target[PATH_MAX];
    scoped_fd int fd = -1;
    size_t slash = end;
    ssize_t length;
    char kept = old.data[end];

    *path = (struct text){0};
    old.data[end] = '\0';
    fd = path_open_in_root(root_fd, old.data, O_PATH | O_NOFOLLOW, 0);
    length = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));
    if (length <= 0)
        return error_sys(err, "read link '%s'", old.data);
    old.data[end] = kept;
    while (slash > 0 && old.data[slash - 1] != '/')
        slash--;
    if (target[0] != '/')
        text_append_bytes(path, old.data, slash);
    text_append_bytes(path, target, (size_t)length);
    text_append(path, old.data + end);
    if (path->length >= PATH_MAX)
        return error_set(err, "a link of the destination is too long");
    return 0;
}

int copy_make_directory(int root_fd, const char *path, const struct copy_rules *rules,
                        bool *ret_made, struct error *err)
{
    enum { LINKS_MOST = 40 };
    scoped_text struct text left = {0}, part = {0};
    enum part_state state = PART_THERE;
    unsigned n_links = 0;
    int fd;

    text_append(&left, path);
    for (size_t end = 1; end <= left.length; end++) {
        if (left.data[end] != '/' && left.data[end] != '\0')
            continue;
        text_clear(&part);
        text_append_bytes(&part, left.data, end);
        if (make_part(root_fd, part.data, rules, &state, err) < 0)
            return -1;
        if (state != PART_IS_LINK)
            continue;
        if (++n_links > LINKS_MOST)
            return error_set(err, "'%s' has too many links", path);
        if (replace_link(root_fd, &left, end, err) < 0)
            return -1;
        end = 0;
    }
    *ret_made = state == PART_MADE;
    fd = path_open_in_root(root_fd, text_get(&left), O_RDONLY | O_DIRECTORY, 0);
    return fd < 0 ? error_sys(err, "open directory '%s'", path) : fd;
}

/* -- single items */

static void copy_xattrs(int source_fd, int target_fd)
{
    char names[LIMIT_XATTR_BYTES], value[LIMIT_XATTR_BYTES];
    ssize_t length = flistxattr(source_fd, names, sizeof(names));

    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t size =
            layer_node_xattr_is_kept(name) ? fgetxattr(source_fd, name, value, sizeof(value)) : -1;

        if (size >= 0)
            (void)!fsetxattr(target_fd, name, value, (size_t)size, 0);
    }
}

static int describe(const struct writer *writer, int fd, const struct stat *status,
                    struct error *err)
{
    struct timespec times[2] = {status->st_mtim, status->st_mtim};

    if (fchown(fd, owner_of(writer, writer->rules->uid, status->st_uid),
               owner_of(writer, writer->rules->gid, status->st_gid)) < 0 ||
        fchmod(fd, mode_of(writer, status)) < 0 || futimens(fd, times) < 0)
        return error_sys(err, "set owner, mode and time");
    return 0;
}

static int write_file(const struct writer *writer, const struct source_item *item,
                      struct place place, struct error *err)
{
    scoped_fd int source_fd = path_open_beneath(writer->tree->fd, item->from,
                                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    scoped_fd int target_fd = openat(place.parent_fd, place.name,
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (source_fd < 0 || target_fd < 0)
        return error_sys(err, source_fd < 0 ? "open" : "create");
    if (file_copy(source_fd, target_fd, err) < 0 ||
        describe(writer, target_fd, &item->status, err) < 0)
        return -1;
    if (writer->tree->keeps_owners)
        copy_xattrs(source_fd, target_fd);
    return 0;
}

/* Links, FIFOs and devices. */
static int write_special(const struct writer *writer, const struct source_item *item,
                         struct place place, struct error *err)
{
    const struct stat *status = &item->status;
    struct timespec times[2] = {status->st_mtim, status->st_mtim};
    int result = S_ISLNK(status->st_mode)
                     ? symlinkat(item->link, place.parent_fd, place.name)
                     : mknodat(place.parent_fd, place.name, (status->st_mode & S_IFMT) | 0600,
                               status->st_rdev);

    if (result < 0 ||
        fchownat(place.parent_fd, place.name, owner_of(writer, writer->rules->uid, status->st_uid),
                 owner_of(writer, writer->rules->gid, status->st_gid), AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "make");
    if (!S_ISLNK(status->st_mode) &&
        fchmodat(place.parent_fd, place.name, mode_of(writer, status), 0) < 0)
        return error_sys(err, "set the mode");
    if (utimensat(place.parent_fd, place.name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "set the time");
    return 0;
}

/* Mode and time of a directory come when all that is in it is written. */
static int write_directory(const struct writer *writer, const struct source_item *item,
                           struct place place, struct error *err)
{
    struct stat status;

    if (mkdirat(place.parent_fd, place.name, 0700) == 0)
        return fchownat(place.parent_fd, place.name,
                        owner_of(writer, writer->rules->uid, item->status.st_uid),
                        owner_of(writer, writer->rules->gid, item->status.st_gid),
                        AT_SYMLINK_NOFOLLOW) < 0
                   ? error_sys(err, "set the owner")
                   : 0;
    if (errno != EEXIST)
        return error_sys(err, "make the directory");
    if (fstatat(place.parent_fd, place.name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "examine");
    if (!S_ISDIR(status.st_mode))
        return error_set(err, "a directory cannot take the place of what is there");
    return 0;
}

/* What is there gives way, but a directory. */
static int make_room(struct place place, struct error *err)
{
    if (unlinkat(place.parent_fd, place.name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno == EISDIR)
        return error_set(err, "a file cannot take the place of a directory");
    return error_sys(err, "remove what is there");
}

/* A file of several names stays one. Where it cannot, it is copied. */
static bool write_link(const struct writer *writer, const struct source_item *item, const char *to,
                       struct place place)
{
    const char *first = inode_names_first(writer->names, &item->status, to);

    return first && linkat(writer->base_fd, first, place.parent_fd, place.name, 0) == 0;
}

static int write_item(const struct writer *writer, const struct source_item *item, const char *to,
                      struct error *err)
{
    const char *name = path_base_name(to);
    const char *parent = arena_strndup(writer->arena, to, (size_t)(name - to));
    scoped_fd int parent_fd =
        path_open_beneath(writer->base_fd, *parent ? parent : ".", O_PATH | O_DIRECTORY, 0);
    struct place place = {parent_fd, name};
    int result;

    if (parent_fd < 0)
        return error_sys(err, "open the directory of '%s'", to);
    if (S_ISDIR(item->status.st_mode))
        result = write_directory(writer, item, place, err);
    else if (make_room(place, err) < 0)
        result = -1;
    else if (!S_ISREG(item->status.st_mode))
        result = write_special(writer, item, place, err);
    else
        result = write_link(writer, item, to, place) ? 0 : write_file(writer, item, place, err);
    return result < 0 ? error_wrap(err, "copy to '%s'", to) : 0;
}

/* -- groups */

/* The deepest first: what is written into a directory changes its time. */
static int finish_directories(const struct writer *writer, const struct source_group *group,
                              bool with_base, struct error *err)
{
    for (size_t i = group->count; i-- > 0;) {
        const struct source_item *item = &writer->list->items[group->first + i];
        scoped_fd int fd = -1;

        if (!S_ISDIR(item->status.st_mode) || (!*item->to && !with_base))
            continue;
        fd = path_open_beneath(writer->base_fd, *item->to ? item->to : ".", O_RDONLY | O_DIRECTORY,
                               0);
        if (fd < 0)
            return error_sys(err, "open '%s'", item->to);
        if (describe(writer, fd, &item->status, err) < 0)
            return error_wrap(err, "'%s'", item->to);
    }
    return 0;
}

/* The content of a directory goes into the destination. A new destination is as the source was,
 * unless a slash has asked for a directory of its own. */
static int write_tree(struct writer *writer, const struct source_group *group, struct error *err)
{
    const struct copy_rules *rules = writer->rules;
    bool made;
    int result = 0;

    writer->base_fd = copy_make_directory(writer->root_fd, rules->destination, rules, &made, err);
    if (writer->base_fd < 0)
        return -1;
    for (size_t i = 0; i < group->count && result == 0; i++) {
        const struct source_item *item = &writer->list->items[group->first + i];

        if (*item->to)
            result = write_item(writer, item, item->to, err);
    }
    if (result == 0)
        result = finish_directories(writer, group,
                                    made && !string_ends_with(rules->destination, "/"), err);
    fd_close(writer->base_fd);
    return result;
}

static bool is_directory(int root_fd, const char *path)
{
    scoped_fd int fd = path_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);

    return fd >= 0;
}

/* Where a single file goes: into the directory, or under the destination's own name. The caller
 * closes the descriptor. */
static int open_target(const struct writer *writer, const char *name, const char **ret_name,
                       struct error *err)
{
    const char *destination = writer->rules->destination;
    bool many = writer->list && writer->list->n_groups > 1;
    bool made;

    if (many || string_ends_with(destination, "/") || is_directory(writer->root_fd, destination)) {
        *ret_name = name;
    } else {
        *ret_name = path_base_name(destination);
        destination = arena_strndup(writer->arena, destination, (size_t)(*ret_name - destination));
    }
    return copy_make_directory(writer->root_fd, destination, writer->rules, &made, err);
}

static int write_group(struct writer *writer, const struct source_group *group, struct error *err)
{
    const char *name;
    int result;

    writer->names = inode_names_new(writer->arena);
    if (group->is_directory)
        return write_tree(writer, group, err);
    writer->base_fd = open_target(writer, group->name, &name, err);
    if (writer->base_fd < 0)
        return -1;
    result = write_item(writer, &writer->list->items[group->first], name, err);
    fd_close(writer->base_fd);
    return result;
}

int copy_write(int root_fd, const struct copy_rules *rules, const struct source_list *list,
               const struct source_tree *tree, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct writer writer = {.root_fd = root_fd,
                            .rules = rules,
                            .list = list,
                            .tree = tree,
                            .arena = arena,
                            .base_fd = -1};

    for (size_t i = 0; i < list->n_groups; i++)
        if (write_group(&writer, &list->groups[i], err) < 0)
            return -1;
    return 0;
}

int copy_write_bytes(int root_fd, const struct copy_rules *rules, const struct copy_bytes *file,
                     struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct writer writer = {.root_fd = root_fd, .rules = rules, .arena = arena};
    struct stat status = {.st_mode = 0644, .st_mtim = {.tv_sec = file->mtime}};
    scoped_fd int dir_fd = -1;
    scoped_fd int fd = -1;
    const char *name;

    dir_fd = open_target(&writer, file->name, &name, err);
    if (dir_fd < 0 || make_room((struct place){dir_fd, name}, err) < 0)
        return -1;
    fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fd_write_all(fd, file->bytes, file->length) < 0)
        return error_sys(err, "write '%s'", name);
    return describe(&writer, fd, &status, err);
}
