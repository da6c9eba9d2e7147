/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/layer_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/entry_path.h"
#include "runtime/image/worker/layer_dirs.h"
#include "runtime/image/worker/layer_node.h"

struct layer_tree {
    struct layer_dirs *dirs;
    struct arena *names;
    struct string_list whiteouts; /* their paths */
    /* The parent of the entry before: most entries share it. */
    bool parent_is_known;
    char parent_name[LIMIT_ENTRY_PATH_BYTES + 1]; /* as the archive says it */
    struct text parent_path;                      /* without links */
    int parent_fd;
    size_t left_out;
};

struct layer_tree *layer_tree_new(int root_fd, struct error *err)
{
    scoped(layer_tree_free) struct layer_tree *tree = memory_new(struct layer_tree);

    tree->parent_fd = -1;
    tree->names = arena_new();
    tree->dirs = layer_dirs_new(root_fd, err);
    return tree->dirs ? steal(tree) : NULL;
}

void layer_tree_free(struct layer_tree *tree)
{
    if (!tree)
        return;
    fd_close(tree->parent_fd);
    text_done(&tree->parent_path);
    layer_dirs_free(tree->dirs);
    arena_free(tree->names);
    free(tree);
}

static void forget_parent(struct layer_tree *tree)
{
    tree->parent_is_known = false;
}

static int enter_parent(struct layer_tree *tree, const char *name, struct error *err)
{
    int fd;

    if (tree->parent_is_known && string_eq(tree->parent_name, name))
        return 0;
    forget_parent(tree);
    fd = layer_dirs_resolve(tree->dirs, name, true, &tree->parent_path, err);
    if (fd < 0)
        return -1;
    fd_close(tree->parent_fd);
    tree->parent_fd = fd;
    (void)snprintf(tree->parent_name, sizeof(tree->parent_name), "%s", name);
    tree->parent_is_known = true;
    return 0;
}

/* The path without links of a name in the current parent. */
static void path_of(const struct layer_tree *tree, const char *name, struct text *out)
{
    const char *parent = text_get(&tree->parent_path);

    text_appendf(out, "%s%s%s", parent, *parent ? "/" : "", name);
}

/* Entries -----------------------------------------------------------------------------------------
 */

enum occupant { NOTHING, A_DIRECTORY, A_WHITEOUT, ANOTHER_NODE };

static int look(const struct layer_tree *tree, const char *name, enum occupant *ret_occupant,
                struct error *err)
{
    struct stat status;

    *ret_occupant = NOTHING;
    if (fstatat(tree->parent_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_sys(err, "examine");
    if (S_ISDIR(status.st_mode))
        *ret_occupant = A_DIRECTORY;
    else
        *ret_occupant = layer_node_is_whiteout(&status) ? A_WHITEOUT : ANOTHER_NODE;
    return 0;
}

/* Makes room for a new node. */
static int clear_place(struct layer_tree *tree, const char *name, enum occupant occupant,
                       struct error *err)
{
    if (occupant == NOTHING)
        return 0;
    if (path_remove_tree(tree->parent_fd, name, err) < 0)
        return -1;
    forget_parent(tree);
    return 0;
}

static int add_dir(struct layer_tree *tree, const char *name, const struct tar_entry *entry,
                   struct tar_reader *reader, struct error *err)
{
    struct node_place place = {tree->parent_fd, name};
    scoped_text struct text path = {0};
    enum occupant occupant;

    if (look(tree, name, &occupant, err) < 0)
        return -1;
    path_of(tree, name, &path);
    if (occupant != A_DIRECTORY) {
        if (clear_place(tree, name, occupant, err) < 0)
            return -1;
        if (mkdirat(place.parent_fd, name, 0700) < 0)
            return error_sys(err, "create directory");
        layer_dirs_created(tree->dirs, text_get(&path));
        if (occupant != NOTHING && layer_dirs_set_anew(tree->dirs, text_get(&path), err) < 0)
            return -1;
    }
    return layer_dirs_describe(tree->dirs, text_get(&path), entry, reader, err);
}

static int add_root(struct layer_tree *tree, const struct tar_entry *entry,
                    struct tar_reader *reader, struct error *err)
{
    if (entry->kind != TAR_DIR)
        return error_set(err, "the root is not a directory");
    return layer_dirs_describe(tree->dirs, "", entry, reader, err);
}

/* Whether both are one file already; then the link is there. */
static bool is_same_node(const struct layer_tree *tree, const char *name, const struct stat *target)
{
    struct stat status;

    return fstatat(tree->parent_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_dev == target->st_dev && status.st_ino == target->st_ino;
}

/* The target is a path in the layer, absolute or not, its last component is not followed. Some
 * builders write absolute ones. */
static int add_hardlink(struct layer_tree *tree, const char *name, const struct tar_entry *entry,
                        struct error *err)
{
    scoped_text struct text target_dir = {0};
    scoped_fd int target_fd = -1;
    struct entry_path target;
    enum occupant occupant;
    struct stat status;

    if (entry_path_parse(entry->link, &target, err) < 0)
        return error_wrap(err, "link target");
    target_fd = layer_dirs_resolve(tree->dirs, target.parent, false, &target_dir, err);
    if (target_fd < 0)
        return error_wrap(err, "link target '%.200s'", entry->link);
    if (fstatat(target_fd, *target.base ? target.base : ".", &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "link target '%.200s'", entry->link);
    if (S_ISDIR(status.st_mode))
        return error_set(err, "link target '%.200s' is a directory", entry->link);
    if (layer_node_is_whiteout(&status))
        return error_set(err, "link target '%.200s' is a whiteout", entry->link);
    if (is_same_node(tree, name, &status))
        return 0;
    if (look(tree, name, &occupant, err) < 0 || clear_place(tree, name, occupant, err) < 0)
        return -1;
    if (linkat(target_fd, target.base, tree->parent_fd, name, 0) < 0)
        return error_sys(err, "link to '%.200s'", entry->link);
    return 0;
}

static int add_whiteout(struct layer_tree *tree, const char *name, struct error *err)
{
    scoped_text struct text path = {0};
    enum occupant occupant;

    if (look(tree, name, &occupant, err) < 0)
        return -1;
    path_of(tree, name, &path);
    if (occupant == A_DIRECTORY)
        return layer_dirs_set_anew(tree->dirs, text_get(&path), err);
    if (occupant != NOTHING)
        return 0;
    string_list_add(tree->names, &tree->whiteouts, arena_strdup(tree->names, text_get(&path)));
    return layer_node_create_whiteout((struct node_place){tree->parent_fd, name}, err);
}

static bool is_whiteout_device(const struct tar_entry *entry)
{
    return entry->kind == TAR_CHAR_DEVICE && entry->device_major == 0 && entry->device_minor == 0;
}

static int add_plain(struct layer_tree *tree, const char *name, const struct tar_entry *entry,
                     struct tar_reader *reader, struct error *err)
{
    struct node_place place = {tree->parent_fd, name};
    enum occupant occupant;
    bool left_out = false;

    if (entry->kind == TAR_DIR)
        return add_dir(tree, name, entry, reader, err);
    if (entry->kind == TAR_HARDLINK)
        return add_hardlink(tree, name, entry, err);
    /* An image that was made on overlayfs may hold its whiteouts as they are. */
    if (is_whiteout_device(entry))
        return add_whiteout(tree, name, err);
    if (entry->kind == TAR_OTHER)
        return 0;
    if (look(tree, name, &occupant, err) < 0 || clear_place(tree, name, occupant, err) < 0)
        return -1;
    if (layer_node_create(place, entry, reader, &left_out, err) < 0)
        return -1;
    tree->left_out += left_out;
    return 0;
}

static int add_by_role(struct layer_tree *tree, struct entry_path *path,
                       const struct tar_entry *entry, struct tar_reader *reader, struct error *err)
{
    enum entry_role role;

    if (entry_path_role(path, &role, err) < 0)
        return -1;
    if (role == ENTRY_IGNORED)
        return 0;
    if (enter_parent(tree, path->parent, err) < 0)
        return -1;
    layer_dirs_changed(tree->dirs, text_get(&tree->parent_path), entry->mtime);
    if (role == ENTRY_OPAQUE)
        return layer_dirs_set_opaque(tree->dirs, text_get(&tree->parent_path), err);
    if (role == ENTRY_WHITEOUT)
        return add_whiteout(tree, path->base, err);
    if (!*path->base)
        return add_root(tree, entry, reader, err);
    return add_plain(tree, path->base, entry, reader, err);
}

int layer_tree_add(struct layer_tree *tree, const struct tar_entry *entry,
                   struct tar_reader *reader, struct error *err)
{
    struct entry_path path;

    if (entry_path_parse(entry->path, &path, err) < 0)
        return -1;
    if (entry->uid < 0 || entry->uid > LIMIT_ENTRY_ID || entry->gid < 0 ||
        entry->gid > LIMIT_ENTRY_ID)
        return error_set(err, "entry '%.200s': owner %lld:%lld is out of bounds", entry->path,
                         (long long)entry->uid, (long long)entry->gid);
    if (add_by_role(tree, &path, entry, reader, err) < 0)
        return error_wrap(err, "entry '%.200s'", entry->path);
    return 0;
}

/* The end -----------------------------------------------------------------------------------------
 */

static int remove_idle_whiteout(struct layer_tree *tree, const char *path, struct error *err)
{
    scoped_fd int fd = -1;
    struct entry_path place;
    struct stat status;

    if (entry_path_parse(path, &place, err) < 0)
        return -1;
    fd = layer_dirs_open(tree->dirs, place.parent, O_PATH);
    if (fd < 0 || fstatat(fd, place.base, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        !layer_node_is_whiteout(&status))
        return 0; /* something replaced it or its directory */
    if (unlinkat(fd, place.base, 0) < 0)
        return error_sys(err, "remove idle whiteout '%s'", path);
    return 0;
}

/* Inside of an opaque directory a whiteout hides nothing. overlayfs does not merge there, so it
 * would not even leave it out when the directory is listed. */
static int remove_idle_whiteouts(struct layer_tree *tree, struct error *err)
{
    for (size_t i = 0; i < tree->whiteouts.count; i++) {
        const char *path = tree->whiteouts.items[i];

        if (layer_dirs_is_below_opaque(tree->dirs, path) &&
            remove_idle_whiteout(tree, path, err) < 0)
            return -1;
    }
    return 0;
}

size_t layer_tree_left_out(const struct layer_tree *tree)
{
    return tree->left_out;
}

int layer_tree_finish(struct layer_tree *tree, const struct dir_table **ret_dirs, struct error *err)
{
    if (remove_idle_whiteouts(tree, err) < 0)
        return -1;
    return layer_dirs_finish(tree->dirs, ret_dirs, err);
}
