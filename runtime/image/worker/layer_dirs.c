/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/layer_node.h"

static const char trusted_opaque[] = "trusted.overlay.opaque";
static const char user_opaque[] = "user.overlay.opaque";

struct layer_dirs {
    int root_fd;
    const char *opaque_name; /* the attribute that this user may set */
    struct dir_table *table;
    bool has_opaque;
    size_t acl_bytes; /* kept in the table */
};

/* A path being resolved: what is done, and what is to do. */
struct walk {
    struct text done; /* exists, without links */
    struct text todo;
    unsigned n_links;
    bool may_create;
};

static void walk_done(struct walk *walk)
{
    text_done(&walk->done);
    text_done(&walk->todo);
}
#define scoped_walk __attribute__((cleanup(walk_done)))

bool layer_dirs_is_opaque(int dir_fd)
{
    char value;

    return (fgetxattr(dir_fd, trusted_opaque, &value, 1) == 1 && value == 'y') ||
           (fgetxattr(dir_fd, user_opaque, &value, 1) == 1 && value == 'y');
}

/* An ordinary user cannot set trusted attributes; overlayfs reads the other name with "userxattr".
 */
static int choose_opaque_name(struct layer_dirs *dirs, struct error *err)
{
    static const char *const names[] = {trusted_opaque, user_opaque};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (fsetxattr(dirs->root_fd, names[i], "n", 1, 0) < 0)
            continue;
        if (fremovexattr(dirs->root_fd, names[i]) < 0)
            return error_sys(err, "remove attribute '%s'", names[i]);
        dirs->opaque_name = names[i];
        return 0;
    }
    return error_sys(err, "set attribute '%s': the file system cannot hold layers", user_opaque);
}

struct layer_dirs *layer_dirs_new(int root_fd, struct error *err)
{
    scoped(layer_dirs_free) struct layer_dirs *dirs = memory_new(struct layer_dirs);

    dirs->root_fd = root_fd;
    dirs->table = dir_table_new();
    if (choose_opaque_name(dirs, err) < 0)
        return NULL;
    (void)dir_table_get(dirs->table, "");
    return steal(dirs);
}

void layer_dirs_free(struct layer_dirs *dirs)
{
    if (!dirs)
        return;
    dir_table_free(dirs->table);
    free(dirs);
}

int layer_dirs_open(const struct layer_dirs *dirs, const char *path, int flags)
{
    return path_open_beneath(dirs->root_fd, *path ? path : ".", flags | O_DIRECTORY, 0);
}

int layer_dirs_set_opaque(struct layer_dirs *dirs, const char *path, struct error *err)
{
    scoped_fd int fd = layer_dirs_open(dirs, path, O_RDONLY);

    if (fd < 0)
        return error_sys(err, "open '%s'", path);
    if (fsetxattr(fd, dirs->opaque_name, "y", 1, 0) < 0)
        return error_sys(err, "make '%s' opaque", path);
    dir_table_get(dirs->table, path)->opaque = true;
    dirs->has_opaque = true;
    return 0;
}

int layer_dirs_set_anew(struct layer_dirs *dirs, const char *path, struct error *err)
{
    if (layer_dirs_set_opaque(dirs, path, err) < 0)
        return -1;
    dir_table_get(dirs->table, path)->anew = true;
    return 0;
}

static void walk_up(struct walk *walk)
{
    char *slash = walk->done.length ? strrchr(walk->done.data, '/') : NULL;

    walk->done.length = slash ? (size_t)(slash - walk->done.data) : 0;
    if (walk->done.data)
        walk->done.data[walk->done.length] = '\0';
}

/* Takes the first component off what is to do; false when nothing is left. */
static bool walk_next(struct walk *walk, char ret_name[LIMIT_ENTRY_NAME_BYTES + 1],
                      struct error *err, int *ret_result)
{
    size_t start = strspn(text_get(&walk->todo), "/");
    size_t length = strcspn(text_get(&walk->todo) + start, "/");

    *ret_result = 0;
    if (length == 0)
        return false;
    if (length > LIMIT_ENTRY_NAME_BYTES) {
        *ret_result = error_set(err, "a name is longer than %d bytes", LIMIT_ENTRY_NAME_BYTES);
        return false;
    }
    memcpy(ret_name, walk->todo.data + start, length);
    ret_name[length] = '\0';
    walk->todo.length -= start + length;
    memmove(walk->todo.data, walk->todo.data + start + length, walk->todo.length + 1);
    return true;
}

/* Puts the link's target in front of what is to do. */
static int walk_into_link(struct walk *walk, int dir_fd, const char *name, struct error *err)
{
    char target[LIMIT_ENTRY_LINK_BYTES + 1];
    ssize_t length = readlinkat(dir_fd, name, target, sizeof(target) - 1);
    scoped_text struct text joined = {0};

    if (length < 0)
        return error_sys(err, "read link '%s'", name);
    target[length] = '\0';
    if (++walk->n_links > LIMIT_SYMLINK_DEPTH)
        return error_set(err, "more than %d symbolic links", LIMIT_SYMLINK_DEPTH);
    if (target[0] == '/')
        text_clear(&walk->done);
    text_appendf(&joined, "%s/%s", target, text_get(&walk->todo));
    if (joined.length > 2 * LIMIT_ENTRY_PATH_BYTES)
        return error_set(err, "its links make the path too long");
    text_clear(&walk->todo);
    text_append(&walk->todo, text_get(&joined));
    return 0;
}

static int walk_enter(struct walk *walk, const char *name, struct error *err)
{
    size_t depth = 1;

    text_appendf(&walk->done, "%s%s", walk->done.length ? "/" : "", name);
    for (size_t i = 0; i < walk->done.length; i++)
        depth += walk->done.data[i] == '/';
    if (walk->done.length > LIMIT_ENTRY_PATH_BYTES || depth > LIMIT_ENTRY_DEPTH)
        return error_set(err, "the path behind its links is too long");
    return 0;
}

/* Makes a directory that the layer does not describe (yet). A whiteout in its place means that the
 * layer starts it anew. */
static int walk_create(struct layer_dirs *dirs, struct walk *walk, struct node_place place,
                       bool is_whiteout, struct error *err)
{
    /* A link can lead here; in an archive of this tree the name would be a whiteout. */
    if (string_starts_with(place.name, ".wh."))
        return error_set(err, "'%s' is the name of a whiteout", place.name);
    if (!walk->may_create)
        return error_set(err, "there is no '%s'", place.name);
    if (is_whiteout && unlinkat(place.parent_fd, place.name, 0) < 0)
        return error_sys(err, "replace whiteout '%s'", place.name);
    if (mkdirat(place.parent_fd, place.name, 0700) < 0)
        return error_sys(err, "create directory '%s'", place.name);
    if (walk_enter(walk, place.name, err) < 0)
        return -1;
    dir_table_reset(dirs->table, text_get(&walk->done));
    return is_whiteout ? layer_dirs_set_anew(dirs, text_get(&walk->done), err) : 0;
}

static int walk_step(struct layer_dirs *dirs, struct walk *walk, const char *name,
                     struct error *err)
{
    scoped_fd int dir_fd = -1;
    struct stat status;

    if (string_eq(name, "."))
        return 0;
    if (string_eq(name, "..")) {
        walk_up(walk);
        return 0;
    }
    dir_fd = layer_dirs_open(dirs, text_get(&walk->done), O_PATH);
    if (dir_fd < 0)
        return error_sys(err, "open '%s'", text_get(&walk->done));
    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            return error_sys(err, "examine '%s'", name);
        return walk_create(dirs, walk, (struct node_place){dir_fd, name}, false, err);
    }
    if (S_ISDIR(status.st_mode))
        return walk_enter(walk, name, err);
    if (S_ISLNK(status.st_mode))
        return walk_into_link(walk, dir_fd, name, err);
    if (layer_node_is_whiteout(&status))
        return walk_create(dirs, walk, (struct node_place){dir_fd, name}, true, err);
    return error_set(err, "'%s' is not a directory", name);
}

/* Resolves a directory's path as the layer sees it. On success walk->done is its path without
 * links. */
static int walk_run(struct layer_dirs *dirs, struct walk *walk, struct error *err)
{
    char name[LIMIT_ENTRY_NAME_BYTES + 1];
    int result;

    while (walk_next(walk, name, err, &result)) {
        if (walk_step(dirs, walk, name, err) < 0)
            return -1;
    }
    return result;
}

/* Nearly always the path is free of links and exists: then it is one call. */
int layer_dirs_resolve(struct layer_dirs *dirs, const char *name, bool may_create,
                       struct text *ret_path, struct error *err)
{
    scoped_walk struct walk walk = {.may_create = may_create};
    int fd = layer_dirs_open(dirs, name, O_PATH);

    text_clear(ret_path);
    if (fd >= 0) {
        text_append(ret_path, name);
        return fd;
    }
    if (errno != ENOENT && errno != ELOOP && errno != ENOTDIR)
        return error_sys(err, "open '%s'", name);

    text_append(&walk.todo, name);
    if (walk_run(dirs, &walk, err) < 0)
        return error_wrap(err, "directory '%s'", name);
    fd = layer_dirs_open(dirs, text_get(&walk.done), O_PATH);
    if (fd < 0)
        return error_sys(err, "open '%s'", text_get(&walk.done));
    text_append(ret_path, text_get(&walk.done));
    return fd;
}

/* A default access list would be inherited by what is created inside, so it waits. */
static int keep_default_acl(struct layer_dirs *dirs, const char *path, const struct tar_xattr *acl,
                            struct error *err)
{
    if (acl->size == 0)
        return 0;
    dirs->acl_bytes += acl->size;
    if (dirs->acl_bytes > LIMIT_DEFAULT_ACL_BYTES)
        return error_set(err, "more than %d bytes of default access lists",
                         LIMIT_DEFAULT_ACL_BYTES);
    dir_table_set_default_acl(dirs->table, path, acl->value, acl->size);
    return 0;
}

void layer_dirs_created(struct layer_dirs *dirs, const char *path)
{
    dir_table_reset(dirs->table, path);
}

static bool is_earlier(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

void layer_dirs_changed(struct layer_dirs *dirs, const char *path, struct timespec when)
{
    char up[LIMIT_ENTRY_PATH_BYTES + 1];

    (void)snprintf(up, sizeof(up), "%s", path);
    for (;;) {
        struct dir_record *record = dir_table_find(dirs->table, up);
        char *slash = strrchr(up, '/');

        if (!record || !record->implicit || !is_earlier(record->mtime, when))
            return;
        record->mtime = when;
        if (!*up)
            return;
        *(slash ? slash : up) = '\0';
    }
}

int layer_dirs_describe(struct layer_dirs *dirs, const char *path, const struct tar_entry *entry,
                        struct tar_reader *reader, struct error *err)
{
    scoped_fd int fd = layer_dirs_open(dirs, path, O_RDONLY);
    struct dir_record *record = dir_table_get(dirs->table, path);
    struct tar_xattr default_acl;

    if (fd < 0)
        return error_sys(err, "open");
    record->mode = entry->mode;
    record->mtime = entry->mtime;
    record->implicit = false;
    if (layer_node_describe_dir(fd, entry, reader, &default_acl, err) < 0)
        return -1;
    return keep_default_acl(dirs, path, &default_acl, err);
}

/* Whether the directory that holds `path`, or one above it, is opaque. */
bool layer_dirs_is_below_opaque(const struct layer_dirs *dirs, const char *path)
{
    scoped_text struct text prefix = {0};

    if (!dirs->has_opaque)
        return false;
    text_append(&prefix, path);
    while (prefix.length > 0) {
        char *slash = strrchr(prefix.data, '/');
        const struct dir_record *record;

        prefix.length = slash ? (size_t)(slash - prefix.data) : 0;
        prefix.data[prefix.length] = '\0';
        record = dir_table_find(dirs->table, prefix.data);
        if (record && record->opaque)
            return true;
    }
    return false;
}

static int finish_dir(struct layer_dirs *dirs, struct dir_record *record, struct error *err)
{
    scoped_fd int fd = layer_dirs_open(dirs, record->path, O_RDONLY);
    struct timespec times[2] = {record->mtime, record->mtime};

    /* Something else took its place, or that of a directory above. */
    record->gone = fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
    if (record->gone)
        return 0;
    if (fd < 0)
        return error_sys(err, "open '%s'", record->path);
    if (fchmod(fd, record->mode) < 0)
        return error_sys(err, "change mode of '%s'", record->path);
    if (record->default_acl_size > 0 &&
        fsetxattr(fd, LAYER_DEFAULT_ACL, record->default_acl, record->default_acl_size, 0) < 0 &&
        errno != ENOTSUP)
        return error_sys(err, "set the default access list of '%s'", record->path);
    if (times[0].tv_nsec < 0 || times[0].tv_nsec > 999999999)
        times[0].tv_nsec = times[1].tv_nsec = 0;
    if (futimens(fd, times) < 0)
        return error_sys(err, "set times of '%s'", record->path);
    return 0;
}

int layer_dirs_finish(struct layer_dirs *dirs, const struct dir_table **ret_table,
                      struct error *err)
{
    dir_table_sort(dirs->table);
    for (size_t i = 0; i < dir_table_count(dirs->table); i++) {
        if (finish_dir(dirs, dir_table_at(dirs->table, i), err) < 0)
            return -1;
    }
    *ret_table = dirs->table;
    return 0;
}
