/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch is of a directory, and says the names in it that something happened to. So the watched
 * paths are told from their directories' watches: below a path all directories are watched, above
 * it only the nearest that exists.
 *
 * A new directory is watched first and then read, so that what comes into it meanwhile is told once
 * or twice, and never not at all.
 */
#include "orchestrator/cli/watch/file_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"

enum {
    EVENT_BYTES = 64 * 1024,
    DEPTH_MOST = 128,
    INTEREST = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY |
               IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK,
};

struct file_tree {
    struct file_tree_options options;
    int inotify_fd;
    struct fd_watch *watch;
    char **paths; /* by watch descriptor, which are small numbers; NULL: none */
    size_t n_paths;
    char **roots;
    size_t n_roots;
};

/* -- watches */

/* `path` is `root`, or below it. */
static bool is_at_or_below(const char *path, const char *root)
{
    size_t length = strlen(root);

    return strncmp(path, root, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void path_forget(struct file_tree *tree, int descriptor)
{
    if ((size_t)descriptor >= tree->n_paths)
        return;
    free(tree->paths[descriptor]);
    tree->paths[descriptor] = NULL;
}

static void path_note(struct file_tree *tree, int descriptor, const char *path)
{
    size_t index = (size_t)descriptor;

    if (index >= tree->n_paths) {
        size_t count = 2 * index + 16;

        tree->paths = memory_resize(tree->paths, count, sizeof(*tree->paths));
        memset(tree->paths + tree->n_paths, 0, (count - tree->n_paths) * sizeof(*tree->paths));
        tree->n_paths = count;
    }
    free(tree->paths[index]);
    tree->paths[index] = memory_strdup(path);
}

/* What is no directory, or none any more, is no error: *ret_watched is false. */
static int directory_watch(struct file_tree *tree, const char *path, bool *ret_watched,
                           struct error *err)
{
    int descriptor = inotify_add_watch(tree->inotify_fd, path, INTEREST);

    *ret_watched = descriptor >= 0;
    if (descriptor >= 0) {
        path_note(tree, descriptor, path);
        return 0;
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP)
        return 0;
    if (errno == ENOSPC)
        return error_set(err,
                         "watch '%s': the user has no more watches; the setting is "
                         "fs.inotify.max_user_watches",
                         path);
    return error_sys(err, "watch '%s'", path);
}

/* A directory that has moved away takes its watches along, under names that are wrong now. */
static void directory_unwatch(struct file_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->n_paths; i++)
        if (tree->paths[i] && is_at_or_below(tree->paths[i], path)) {
            (void)inotify_rm_watch(tree->inotify_fd, (int)i);
            path_forget(tree, (int)i);
        }
}

/* -- walking */

struct walk {
    struct file_tree *tree; /* whose watches are made; or NULL */
    const struct file_tree_options *options;
    bool tells;
    struct error *err;
};

static int walk_directory(const struct walk *walk, const char *path, int depth);

static int walk_entry(const struct walk *walk, const char *directory, const struct dirent *entry,
                      int depth)
{
    const struct file_tree_options *options = walk->options;
    scoped_text struct text path = {0};

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    text_appendf(&path, "%s/%s", directory, entry->d_name);
    if (walk->tells)
        options->changed(options->owner, text_get(&path));
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
        return 0;
    return walk_directory(walk, text_get(&path), depth + 1);
}

/* Nothing for what is no directory. */
static int walk_directory(const struct walk *walk, const char *path, int depth)
{
    const struct file_tree_options *options = walk->options;
    bool watched = true;
    const struct dirent *entry;
    int fd, result = 0;
    DIR *dir;

    if (depth > DEPTH_MOST || options->skips(options->owner, path))
        return 0;
    if (walk->tree && directory_watch(walk->tree, path, &watched, walk->err) < 0)
        return -1;
    fd = watched ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    dir = fdopendir(fd);
    if (!dir) {
        fd_close(fd);
        return 0;
    }
    while (result == 0 && (entry = readdir(dir)))
        result = walk_entry(walk, path, entry, depth);
    (void)closedir(dir);
    return result;
}

void file_tree_list(const struct file_tree_options *options, const char *path)
{
    const struct walk walk = {.options = options, .tells = true};

    options->changed(options->owner, path);
    (void)!walk_directory(&walk, path, 0);
}

/* -- roots */

static bool counts(const struct file_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->n_roots; i++)
        if (is_at_or_below(path, tree->roots[i]))
            return true;
    return false;
}

/* The nearest directory above that exists, for the root to come (again), and all below it. */
static int root_watch(struct file_tree *tree, const char *root, bool tells, struct error *err)
{
    const struct walk walk = {.tree = tree, .options = &tree->options, .tells = tells, .err = err};
    char above[PATH_MAX];
    bool watched = false;
    char *slash;

    if (strlen(root) >= sizeof(above))
        return error_set(err, "watch '%s': the name is too long", root);
    strcpy(above, root);
    while (!watched && (slash = strrchr(above, '/'))) {
        *slash = '\0';
        if (directory_watch(tree, *above ? above : "/", &watched, err) < 0)
            return -1;
    }
    return walk_directory(&walk, root, 0);
}

int file_tree_add(struct file_tree *tree, const char *path, struct error *err)
{
    tree->roots = memory_resize(tree->roots, tree->n_roots + 1, sizeof(*tree->roots));
    tree->roots[tree->n_roots++] = memory_strdup(path);
    return root_watch(tree, path, false, err);
}

/* -- events */

/* A directory on the way to a root, or a root: what is in it now has come. */
static int came(struct file_tree *tree, const char *path, struct error *err)
{
    const struct walk walk = {.tree = tree, .options = &tree->options, .tells = true, .err = err};

    for (size_t i = 0; i < tree->n_roots; i++)
        if (is_at_or_below(tree->roots[i], path)) {
            struct stat status;

            if (root_watch(tree, tree->roots[i], true, err) < 0)
                return -1;
            if (lstat(tree->roots[i], &status) == 0)
                tree->options.changed(tree->options.owner, tree->roots[i]);
        }
    return counts(tree, path) ? walk_directory(&walk, path, 0) : 0;
}

/* Changes were lost: everything may be one. */
static int overflow(struct file_tree *tree, struct error *err)
{
    for (size_t i = 0; i < tree->n_roots; i++) {
        if (root_watch(tree, tree->roots[i], true, err) < 0)
            return -1;
        tree->options.changed(tree->options.owner, tree->roots[i]);
    }
    return 0;
}

static int event_take(struct file_tree *tree, const struct inotify_event *event, struct error *err)
{
    scoped_text struct text path = {0};

    if (event->mask & IN_Q_OVERFLOW)
        return overflow(tree, err);
    if (event->wd < 0 || (size_t)event->wd >= tree->n_paths || !tree->paths[event->wd])
        return 0;
    if (event->mask & IN_IGNORED) {
        path_forget(tree, event->wd);
        return 0;
    }
    if (event->len == 0)
        return 0; /* of the directory itself: the one above tells of it by its name */
    text_appendf(&path, "%s/%s",
                 string_eq(tree->paths[event->wd], "/") ? "" : tree->paths[event->wd], event->name);
    if (counts(tree, text_get(&path)))
        tree->options.changed(tree->options.owner, text_get(&path));
    if (event->mask & IN_ISDIR && event->mask & IN_MOVED_FROM)
        directory_unwatch(tree, text_get(&path));
    if (event->mask & IN_ISDIR && event->mask & (IN_CREATE | IN_MOVED_TO))
        return came(tree, text_get(&path), err);
    return 0;
}

static void on_events(void *owner)
{
    struct file_tree *tree = owner;
    alignas(struct inotify_event) char bytes[EVENT_BYTES];
    struct error err = {0};
    ssize_t length = read(tree->inotify_fd, bytes, sizeof(bytes));

    for (const char *at = bytes; length > 0 && at < bytes + length;) {
        const struct inotify_event *event = (const void *)at;

        at += sizeof(*event) + event->len;
        if (event_take(tree, event, &err) < 0)
            tree->options.troubled(tree->options.owner, &err);
    }
}

int file_tree_new(const struct file_tree_options *options, struct file_tree **ret_tree,
                  struct error *err)
{
    scoped(file_tree_free) struct file_tree *tree = memory_new(struct file_tree);

    tree->options = *options;
    tree->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (tree->inotify_fd < 0)
        return error_sys(err, "watch files");
    tree->watch = fd_watch_new(options->loop, tree->inotify_fd, FD_READABLE, on_events, tree);
    *ret_tree = steal(tree);
    return 0;
}

void file_tree_free(struct file_tree *tree)
{
    if (!tree)
        return;
    fd_watch_free(tree->watch);
    if (tree->inotify_fd >= 0)
        fd_close(tree->inotify_fd);
    for (size_t i = 0; i < tree->n_paths; i++)
        free(tree->paths[i]);
    for (size_t i = 0; i < tree->n_roots; i++)
        free(tree->roots[i]);
    free(tree->paths);
    free(tree->roots);
    free(tree);
}
