/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

enum {
    MAX_NESTING = 64,  /* of groups that a container made in its own */
    MAX_ATTEMPTS = 20, /* when a parent vanishes under us, again and again */
    MAX_EVENTS_BYTES = 4096,
    MAX_PROCESSES_BYTES = 4 << 20,
};

#define MADE_ATTRIBUTE "yawl.made"
#define OPEN_GROUP (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_group_name(const char *name, size_t length)
{
    return length > 0 && length < NAME_MAX && name[0] != '.' && !memchr(name, '/', length) &&
           !memchr(name, '\n', length);
}

int cgroup_path_check(const char *parent, const char *id, struct error *err)
{
    bool is_foreign = parent[0] == '/';
    const char *at = parent + is_foreign;

    if (!is_foreign && !string_eq(parent, "yawl") && !string_starts_with(parent, "yawl/"))
        return error_set(err, "control group '%s' is not below 'yawl'", parent);
    while (!is_foreign || *at) {
        size_t length = strcspn(at, "/");

        if (!is_group_name(at, length))
            return error_set(err, "'%s' is no name for a control group", parent);
        if (!at[length])
            break;
        at += length + 1;
    }
    if (id && !is_group_name(id, strlen(id)))
        return error_set(err, "'%s' is no name for a control group", id);
    return 0;
}

/* How much of the path of a parent was chosen by others: all up to the last "/yawl/". */
static size_t chosen_length(const char *parent)
{
    const char *ours = NULL;

    if (parent[0] != '/')
        return 0;
    for (const char *at = parent; (at = strstr(at, "/yawl/")); at++)
        ours = at;
    return ours ? (size_t)(ours - parent) : strlen(parent);
}

/* Where the kernel takes no attribute of a user's, v1, it takes one of root's. One that takes none
 * has a group that stays. */
static void mark_as_made(int dir_fd)
{
    if (fsetxattr(dir_fd, "user." MADE_ATTRIBUTE, "", 0, 0) < 0)
        (void)fsetxattr(dir_fd, "trusted." MADE_ATTRIBUTE, "", 0, 0);
}

static bool is_marked_as_made(int dir_fd)
{
    return fgetxattr(dir_fd, "user." MADE_ATTRIBUTE, NULL, 0) >= 0 ||
           fgetxattr(dir_fd, "trusted." MADE_ATTRIBUTE, NULL, 0) >= 0;
}

/* Opens one of the parents, which is made when it is missing. `at` is its place in path->parent. */
static int make_parent(const struct cgroup_path *path, int dir_fd, const char *at,
                       struct error *err)
{
    size_t place = (size_t)(at - path->parent), chosen = chosen_length(path->parent);
    char name[NAME_MAX + 1] = "";
    bool is_made;
    int fd;

    memcpy(name, at, strcspn(at, "/"));
    is_made = !path->is_there && mkdirat(dir_fd, name, 0755) == 0;
    if (!path->is_there && !is_made && errno != EEXIST)
        return error_sys(err, "make control group '%s/%s'", path->root, path->parent);
    fd = openat(dir_fd, name, OPEN_GROUP);
    if (fd < 0)
        return error_sys(err, "open control group '%s/%s'", path->root, path->parent);
    if (is_made && place < chosen && chosen < strlen(path->parent))
        mark_as_made(fd);
    return fd;
}

/* Opens root/parent, making what is missing. Returns the descriptor, or -1 with err. */
static int make_parents(const struct cgroup_path *path,
                        const struct cgroup_preparation *preparation, struct error *err)
{
    scoped_fd int dir_fd = open(path->root, OPEN_GROUP);
    const char *at = path->parent + (path->parent[0] == '/');

    if (dir_fd < 0)
        return error_sys(err, "open '%s'", path->root);
    if (preparation && preparation->prepare(dir_fd, true, preparation->context, err) < 0)
        return -1;
    while (*at) {
        size_t length = strcspn(at, "/");
        int next_fd = make_parent(path, dir_fd, at, err);

        if (next_fd < 0)
            return -1;
        fd_close(dir_fd);
        dir_fd = next_fd;
        if (preparation && preparation->prepare(dir_fd, false, preparation->context, err) < 0)
            return error_wrap(err, "control group '%.*s'", (int)(at + length - path->parent),
                              path->parent);
        at += length + (at[length] == '/');
    }
    return steal_fd(&dir_fd);
}

/* Whether a process is in it or, as far as can be told, in a group inside. */
static bool is_populated(int fd)
{
    scoped_text struct text events = {0}, processes = {0};

    if (file_read(fd, "cgroup.events", MAX_EVENTS_BYTES, &events, NULL, NULL) == 0 &&
        strstr(text_get(&events), "populated 1"))
        return true;
    return file_read(fd, "cgroup.procs", MAX_PROCESSES_BYTES, &processes, NULL, NULL) == 0 &&
           processes.length > 0;
}

/* As rmdir, with the groups inside; of one that is in use all stay. -1 with errno. */
static int remove_group(int dir_fd, const char *name, unsigned nesting)
{
    scoped_fd int fd = -1;
    DIR *dir;
    const struct dirent *entry;

    if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno != EBUSY || nesting >= MAX_NESTING)
        return -1;
    fd = openat(dir_fd, name, OPEN_GROUP);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    if (is_populated(fd)) {
        errno = EBUSY;
        return -1;
    }
    dir = fdopendir(fd);
    if (!dir)
        return -1;
    fd = -1;
    while ((entry = readdir(dir)))
        if (entry->d_type == DT_DIR && !string_eq(entry->d_name, ".") &&
            !string_eq(entry->d_name, ".."))
            (void)remove_group(dirfd(dir), entry->d_name, nesting + 1);
    (void)closedir(dir);
    return unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* What is left of a container of that name makes place; one that is in use does not. */
static int replace_group(int parent_fd, const struct cgroup_path *path, struct error *err)
{
    if (remove_group(parent_fd, path->id, 0) == 0 && mkdirat(parent_fd, path->id, 0755) == 0)
        return 0;
    if (errno == EBUSY)
        return error_sys(err, "use control group '%s/%s', which is there already", path->parent,
                         path->id);
    return error_sys(err, "replace control group '%s/%s'", path->parent, path->id);
}

/* One attempt. ENOENT and ENODEV mean that a parent was removed by somebody else meanwhile. */
static int make_once(const struct cgroup_path *path, const struct cgroup_preparation *preparation,
                     int *ret_fd, struct error *err)
{
    scoped_fd int parent_fd = make_parents(path, preparation, err);
    int fd;

    if (parent_fd < 0)
        return -1;
    if (!path->is_there && mkdirat(parent_fd, path->id, 0755) < 0) {
        if (errno != EEXIST)
            return error_sys(err, "make control group '%s/%s'", path->parent, path->id);
        if (replace_group(parent_fd, path, err) < 0)
            return -1;
    }
    fd = openat(parent_fd, path->id, OPEN_GROUP);
    if (fd < 0)
        return error_sys(err, "open control group '%s/%s'", path->parent, path->id);
    *ret_fd = fd;
    return 0;
}

int cgroup_tree_make(const struct cgroup_path *path, const struct cgroup_preparation *preparation,
                     int *ret_fd, struct error *err)
{
    for (int attempt = 1;; attempt++) {
        struct error failure = {0};

        if (make_once(path, preparation, ret_fd, &failure) == 0)
            return 0;
        if (attempt >= MAX_ATTEMPTS || (failure.number != ENOENT && failure.number != ENODEV)) {
            if (err)
                *err = failure;
            return -1;
        }
    }
}

/* Opens root/parent one name at a time, so that no link is followed. -1 with errno. */
static int open_parent(const char *root, const char *parent)
{
    scoped_fd int dir_fd = open(root, OPEN_GROUP);
    const char *at = parent + (parent[0] == '/');

    while (dir_fd >= 0 && *at) {
        char name[NAME_MAX + 1] = "";
        size_t length = strcspn(at, "/");
        int next_fd;

        memcpy(name, at, length);
        next_fd = openat(dir_fd, name, OPEN_GROUP);
        fd_close(dir_fd);
        dir_fd = next_fd;
        at += length + (at[length] == '/');
    }
    return steal_fd(&dir_fd);
}

int cgroup_tree_open(const struct cgroup_path *path, int *ret_fd, struct error *err)
{
    scoped_fd int parent_fd = open_parent(path->root, path->parent);
    int fd = parent_fd < 0 ? -1 : openat(parent_fd, path->id, OPEN_GROUP);

    if (fd < 0 && errno != ENOENT)
        return error_sys(err, "open control group '%s/%s'", path->parent, path->id);
    *ret_fd = fd;
    return 0;
}

int cgroup_tree_remove(const struct cgroup_path *path, struct error *err)
{
    scoped_fd int parent_fd = open_parent(path->root, path->parent);

    if (parent_fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open control group '%s'", path->parent);
    if (remove_group(parent_fd, path->id, 0) < 0)
        return error_sys(err, "remove control group '%s/%s'", path->parent, path->id);
    return 0;
}

/* Removes one group, of the others' part only what we have made. */
static bool remove_parent(int above_fd, const char *name, bool is_chosen)
{
    scoped_fd int fd = is_chosen && above_fd >= 0 ? openat(above_fd, name, OPEN_GROUP) : -1;

    if (above_fd < 0 || (is_chosen && (fd < 0 || !is_marked_as_made(fd))))
        return false;
    return unlinkat(above_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

void cgroup_tree_remove_parents(const char *root, const char *parent)
{
    scoped_text struct text path = {0};
    size_t chosen = chosen_length(parent);

    if (chosen == strlen(parent))
        return;
    text_append(&path, parent);
    while (path.length > 0) {
        const char *slash = strrchr(path.data, '/');
        size_t above_length = slash ? (size_t)(slash - path.data) : 0;
        const char *name = slash ? slash + 1 : path.data;
        scoped_text struct text above = {0};
        scoped_fd int above_fd = -1;

        text_append_bytes(&above, path.data, above_length);
        above_fd = open_parent(root, text_get(&above));
        if (!remove_parent(above_fd, name, path.length <= chosen))
            return;
        path.length = above_length;
        path.data[above_length] = '\0';
    }
}
