/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/source_list.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/build/path_glob.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/dir_names.h"

struct scan {
    struct source_list *list;
    const struct source_request *request;
    struct arena *arena;
    const char *base; /* of --exclude: what paths are relative to */
    unsigned depth;
};

static bool is_left_out(const struct scan *scan, const char *from)
{
    const struct source_request *request = scan->request;
    const char *inner = from;

    if (request->tree->ignore && ignore_file_matches(request->tree->ignore, from))
        return true;
    if (!request->exclude)
        return false;
    if (*scan->base && string_starts_with(from, scan->base))
        inner += strlen(scan->base) + (from[strlen(scan->base)] == '/');
    return ignore_file_matches(request->exclude, inner);
}

static bool may_bring_back(const struct scan *scan)
{
    const struct source_request *request = scan->request;

    return (request->tree->ignore && request->tree->ignore->brings_back) ||
           (request->exclude && request->exclude->brings_back);
}

static const char *joined(struct arena *arena, const char *path, const char *name)
{
    return *path ? arena_printf(arena, "%s/%s", path, name) : arena_strdup(arena, name);
}

static int add_item(struct scan *scan, const struct source_item *item, struct error *err)
{
    struct source_list *list = scan->list;

    if (list->count >= LIMIT_LAYER_ENTRIES)
        return error_set(err, "there are more than %d files", LIMIT_LAYER_ENTRIES);
    list->items = arena_room(scan->arena, list->items, list->count);
    list->items[list->count++] = *item;
    return 0;
}

static int read_link(const struct source_tree *tree, const char *path, struct arena *arena,
                     const char **ret_link, struct error *err)
{
    scoped_fd int fd = path_open_beneath(tree->fd, path, O_PATH | O_NOFOLLOW, 0);
    char target[PATH_MAX];
    ssize_t length = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);

    if (length < 0)
        return error_sys(err, "read link '%s'", path);
    *ret_link = arena_strndup(arena, target, (size_t)length);
    return 0;
}

static int scan_directory(struct scan *scan, int dir_fd, const struct source_item *directory,
                          struct error *err);

static int scan_subdirectory(struct scan *scan, int dir_fd, const char *name,
                             const struct source_item *item, bool left_out, struct error *err);

static int scan_entry(struct scan *scan, int dir_fd, const char *name,
                      const struct source_item *directory, struct error *err)
{
    struct source_item item = {.from = joined(scan->arena, directory->from, name),
                               .to = joined(scan->arena, directory->to, name)};
    bool left_out = is_left_out(scan, item.from);

    if (left_out && !may_bring_back(scan))
        return 0;
    if (fstatat(dir_fd, name, &item.status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_sys(err, "examine '%s'", item.from);
    if (S_ISDIR(item.status.st_mode))
        return scan_subdirectory(scan, dir_fd, name, &item, left_out, err);
    if (left_out || S_ISSOCK(item.status.st_mode))
        return 0;
    if (S_ISLNK(item.status.st_mode) &&
        read_link(scan->request->tree, item.from, scan->arena, &item.link, err) < 0)
        return -1;
    return add_item(scan, &item, err);
}

/* An ignored directory is there when something in it is. */
static int scan_subdirectory(struct scan *scan, int dir_fd, const char *name,
                             const struct source_item *item, bool left_out, struct error *err)
{
    scoped_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    size_t before = scan->list->count;
    int result;

    if (fd < 0)
        return error_sys(err, "open '%s'", item->from);
    if (add_item(scan, item, err) < 0)
        return -1;
    if (++scan->depth > LIMIT_ENTRY_DEPTH)
        return error_set(err, "'%s' is more than %d directories deep", item->from,
                         LIMIT_ENTRY_DEPTH);
    result = scan_directory(scan, fd, item, err);
    scan->depth--;
    if (left_out && scan->list->count == before + 1)
        scan->list->count = before;
    return result;
}

static int scan_directory(struct scan *scan, int dir_fd, const struct source_item *directory,
                          struct error *err)
{
    struct string_list names = {0};

    if (dir_names_read(dir_fd, scan->arena, &names, err) < 0)
        return error_wrap(err, "read '%s'", directory->from);
    string_list_sort(&names);
    for (size_t i = 0; i < names.count; i++)
        if (scan_entry(scan, dir_fd, names.items[i], directory, err) < 0)
            return -1;
    return 0;
}

/* -- what a path leads to */

/* The path of what is open, below the tree. The kernel knows both from their roots. */
static int path_of(const struct source_tree *tree, int fd, struct arena *arena,
                   const char **ret_path, struct error *err)
{
    char name[40], root[PATH_MAX], path[PATH_MAX];
    ssize_t root_length, length;

    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", tree->fd);
    root_length = readlink(name, root, sizeof(root) - 1);
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    length = readlink(name, path, sizeof(path) - 1);
    if (root_length < 0 || length < 0)
        return error_sys(err, "find out where a path leads");
    root[root_length] = path[length] = '\0';
    if (string_eq(root, "/"))
        root_length = 0;
    if (length < root_length || strncmp(path, root, (size_t)root_length) != 0)
        return error_set(err, "'%s' is outside of '%s'", path, root);
    *ret_path = arena_strdup(arena, path + root_length + (path[root_length] == '/'));
    return 0;
}

static int add_group(struct scan *scan, const char *name, size_t first, bool is_directory)
{
    struct source_list *list = scan->list;

    list->groups = arena_room(scan->arena, list->groups, list->n_groups);
    list->groups[list->n_groups++] = (struct source_group){arena_strdup(scan->arena, name), first,
                                                           list->count - first, is_directory};
    return 0;
}

/* The directories that --parents keeps, each as it is in the tree. */
static int add_parents(struct scan *scan, const char *path, struct error *err)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        struct source_item item = {.from =
                                       arena_strndup(scan->arena, path, (size_t)(slash - path))};
        scoped_fd int fd =
            path_open_in_root(scan->request->tree->fd, item.from, O_PATH | O_DIRECTORY, 0);

        item.to = item.from;
        if (fd < 0 || fstat(fd, &item.status) < 0)
            return error_sys(err, "examine '%s'", item.from);
        if (add_item(scan, &item, err) < 0)
            return -1;
    }
    return 0;
}

/* Adds one source, which has no pattern any more. */
static int add_source(struct scan *scan, const char *path, struct error *err)
{
    const struct source_tree *tree = scan->request->tree;
    bool parents = scan->request->parents;
    scoped_fd int fd = path_open_in_root(tree->fd, *path ? path : ".", O_PATH, 0);
    struct source_item item = {.to = parents ? path : ""};
    size_t first = scan->list->count;
    bool is_directory;

    if (fd < 0 || fstat(fd, &item.status) < 0)
        return error_set(err, "'%s' not found", scan->request->path);
    if (path_of(tree, fd, scan->arena, &item.from, err) < 0)
        return -1;
    is_directory = S_ISDIR(item.status.st_mode);
    if (!is_directory && is_left_out(scan, item.from))
        return error_set(err, "'%s' not found: .dockerignore leaves it out", scan->request->path);
    if (parents && add_parents(scan, path, err) < 0)
        return -1;
    if (add_item(scan, &item, err) < 0)
        return -1;
    if (is_directory) {
        scoped_fd int dir_fd =
            path_open_beneath(tree->fd, *item.from ? item.from : ".", O_RDONLY | O_DIRECTORY, 0);

        scan->base = parents ? "" : item.from;
        if (dir_fd < 0)
            return error_sys(err, "open '%s'", path);
        if (scan_directory(scan, dir_fd, &item, err) < 0)
            return -1;
    }
    return add_group(scan, path_base_name(path), first, is_directory || parents);
}

/* -- patterns */

struct pattern {
    struct path_glob *glob;
    unsigned n_slashes; /* a match has as many; with `**`, any number */
    bool crosses;
    size_t n_found;
};

static int match_directory(struct scan *scan, struct pattern *pattern, const char *path,
                           struct error *err);

static int match_entry(struct scan *scan, struct pattern *pattern, const char *path,
                       struct error *err)
{
    const struct source_tree *tree = scan->request->tree;
    bool left_out = is_left_out(scan, path);
    struct stat status;
    scoped_fd int fd = path_open_beneath(tree->fd, path, O_PATH | O_NOFOLLOW, 0);

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_sys(err, "examine '%s'", path);
    if (!left_out && path_glob_matches(pattern->glob, path)) {
        pattern->n_found++;
        return add_source(scan, path, err);
    }
    if (!S_ISDIR(status.st_mode) || (left_out && !may_bring_back(scan)))
        return 0;
    return match_directory(scan, pattern, path, err);
}

static int match_directory(struct scan *scan, struct pattern *pattern, const char *path,
                           struct error *err)
{
    scoped_fd int fd =
        path_open_beneath(scan->request->tree->fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0);
    struct string_list names = {0};
    unsigned depth = 0;

    for (const char *p = path; *p; p++)
        depth += *p == '/';
    if ((*path && !pattern->crosses && depth >= pattern->n_slashes) || depth > LIMIT_ENTRY_DEPTH)
        return 0;
    if (fd < 0 || dir_names_read(fd, scan->arena, &names, err) < 0)
        return error_sys(err, "read '%s'", path);
    string_list_sort(&names);
    for (size_t i = 0; i < names.count; i++)
        if (match_entry(scan, pattern, joined(scan->arena, path, names.items[i]), err) < 0)
            return -1;
    return 0;
}

static int add_matches(struct scan *scan, const char *text, struct error *err)
{
    struct pattern pattern = {.crosses = strstr(text, "**") && scan->request->parents};

    if (path_glob_compile(text, pattern.crosses, scan->arena, &pattern.glob, err) < 0)
        return error_wrap(err, "'%s'", scan->request->path);
    for (const char *p = text; *p; p++)
        pattern.n_slashes += *p == '/';
    if (match_directory(scan, &pattern, "", err) < 0)
        return -1;
    if (pattern.n_found == 0)
        return error_set(err, "nothing matches '%s'", scan->request->path);
    return 0;
}

int source_list_add(struct source_list *list, const struct source_request *request,
                    struct arena *arena, struct error *err)
{
    struct scan scan = {.list = list, .request = request, .arena = arena, .base = ""};
    const char *path = path_clean(arena, arena_printf(arena, "/%s", request->path)) + 1;

    if (request->tree->is_empty)
        return error_set(err, "'%s' not found", request->path);
    if (!path_glob_is_needed(path))
        return add_source(&scan, path, err);
    return add_matches(&scan, path, err);
}

/* -- the digest */

static void hash_text(struct sha256 *hash, const char *text)
{
    sha256_update(hash, text, strlen(text) + 1);
}

static int hash_item(const struct source_item *item, const struct source_tree *tree,
                     struct digest_memo *memo, struct sha256 *hash, struct error *err)
{
    const struct stat *status = &item->status;
    char line[100], hex[SHA256_HEX_SIZE];
    struct memo_file file = {tree->domain, tree->fd, item->from, status};

    (void)snprintf(line, sizeof(line), "%o %u %u %llu", status->st_mode,
                   tree->keeps_owners ? status->st_uid : 0, tree->keeps_owners ? status->st_gid : 0,
                   S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode)
                       ? (unsigned long long)status->st_rdev
                       : 0);
    hash_text(hash, item->to);
    hash_text(hash, line);
    hash_text(hash, item->link ? item->link : "");
    if (!S_ISREG(status->st_mode))
        return 0;
    if (digest_memo_file(memo, &file, hex, err) < 0)
        return -1;
    hash_text(hash, hex);
    return 0;
}

int source_list_digest(const struct source_list *list, const struct source_tree *tree,
                       struct digest_memo *memo, struct sha256 *hash, struct error *err)
{
    for (size_t i = 0; i < list->n_groups; i++) {
        const struct source_group *group = &list->groups[i];

        hash_text(hash, group->is_directory ? "" : group->name);
        for (size_t k = 0; k < group->count; k++)
            if (hash_item(&list->items[group->first + k], tree, memo, hash, err) < 0)
                return -1;
    }
    return 0;
}
