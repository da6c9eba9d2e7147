/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/tree_copy.h"

enum { LINKS_MOST = 40 };

/* A name in a folder, with what is there. */
struct place {
    int dir_fd;
    const char *name;
    bool exists;
    struct stat status;
};

static void place_close(struct place *place)
{
    fd_close(place->dir_fd);
}

static int end_open(const struct copy_end *end, const char *path, int flags)
{
    if (end->tree)
        return path_open_in_root(end->tree->root_fd, path, flags, 0);
    return openat(AT_FDCWD, path, flags | O_CLOEXEC);
}

/* "a/b" is in "a", "b" in ".", and "/" is itself. */
static const char *path_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return ".";
    return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

/* Not "/", "." or "a/..": those are folders, and ".." from a folder's descriptor could lead out. */
static bool path_has_name(const char *path)
{
    const char *name = path_base_name(path);

    return *name && !string_eq(name, ".") && !string_eq(name, "..");
}

static int place_look(struct place *place)
{
    place->exists = fstatat(place->dir_fd, place->name, &place->status, AT_SYMLINK_NOFOLLOW) == 0;
    return place->exists || errno == ENOENT ? 0 : -1;
}

/* Where a link in the place leads to, as a path of the same end; NULL with errno. */
static const char *place_target(struct arena *arena, const struct place *place, const char *path)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(place->dir_fd, place->name, target, sizeof(target) - 1);

    if (length < 0)
        return NULL;
    target[length] = '\0';
    return target[0] == '/' ? arena_strdup(arena, target)
                            : arena_printf(arena, "%s/%s", path_folder(arena, path), target);
}

/* Finds the last name of the path, and behind links where `follow`. */
static int place_find(const struct copy_end *end, bool follow, struct arena *arena,
                      struct place *ret_place, struct error *err)
{
    const char *path = end->path;

    for (int links = 0; links <= LINKS_MOST; links++) {
        bool named = path_has_name(path);
        struct place place = {
            .dir_fd = end_open(end, named ? path_folder(arena, path) : path, O_PATH | O_DIRECTORY),
            .name = named ? path_base_name(path) : "."};
        const char *target;

        if (place.dir_fd < 0 || place_look(&place) < 0) {
            place_close(&place);
            return error_sys(err, "look at '%s'", end->path);
        }
        if (!follow || !place.exists || !S_ISLNK(place.status.st_mode)) {
            *ret_place = place;
            return 0;
        }
        target = place_target(arena, &place, path);
        place_close(&place);
        if (!target)
            return error_sys(err, "read link '%s'", path);
        path = target;
    }
    errno = ELOOP;
    return error_sys(err, "look at '%s'", end->path);
}

/* As we see them. Without -a, what comes in is the container's root's, and what goes out is ours.
 */
static struct tree_copy_style style_of(const struct copy_request *request)
{
    const struct container_tree *from = request->from.tree, *to = request->to.tree;
    struct tree_copy_style style = {.merges = true};

    if (!request->archive) {
        style.plain = style.owned = true;
        style.uid = to ? to->first_id : geteuid();
        style.gid = to ? to->first_id : getegid();
    } else if (from && from->n_ids > 0) {
        style.ids_from = from->first_id;
        style.n_ids = from->n_ids;
    } else if (to && to->n_ids > 0) {
        style.ids_to = to->first_id;
        style.n_ids = to->n_ids;
    }
    return style;
}

/* The folder that a folder's content is copied into; made when nothing is there. */
static int open_folder(const struct place *to, bool *ret_new, struct error *err)
{
    int fd;

    *ret_new = mkdirat(to->dir_fd, to->name, 0700) == 0;
    if (!*ret_new && errno != EEXIST)
        return error_sys(err, "make the folder '%s'", to->name);
    fd = openat(to->dir_fd, to->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_sys(err, "open the folder '%s'", to->name);
    if (path_is_kernels(fd)) {
        fd_close(fd);
        return error_set(err, "'%s' is the kernel's", to->name);
    }
    return fd;
}

static int copy_folder(const struct copy_request *request, const struct place *from,
                       const struct place *to, struct error *err)
{
    const struct tree_copy_style style = style_of(request);
    scoped_fd int source_fd =
        openat(from->dir_fd, from->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    scoped_fd int target_fd = -1;
    bool is_new;

    if (source_fd < 0)
        return error_sys(err, "open '%s'", request->from.path);
    target_fd = open_folder(to, &is_new, err);
    if (target_fd < 0)
        return -1;
    return tree_copy_styled(source_fd, target_fd, is_new, &style, err);
}

static int copy_file(const struct copy_request *request, const struct place *from,
                     const struct place *to, struct error *err)
{
    const struct tree_copy_style style = style_of(request);

    if (path_is_kernels(to->dir_fd))
        return error_set(err, "'%s' is the kernel's", request->to.path);
    if (!S_ISREG(from->status.st_mode) && !S_ISLNK(from->status.st_mode) &&
        !S_ISFIFO(from->status.st_mode))
        return error_set(err, "'%s' is no file", request->from.path);
    return tree_copy_file((struct tree_place){from->dir_fd, from->name},
                          (struct tree_place){to->dir_fd, to->name}, &style, err);
}

/* An existing folder takes the thing under its own name, unless its content was meant. */
static int go_into(const struct copy_request *request, struct place *to, struct error *err)
{
    int fd = openat(to->dir_fd, to->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return error_sys(err, "open '%s'", request->to.path);
    place_close(to);
    *to = (struct place){.dir_fd = fd, .name = path_base_name(request->from.path)};
    return place_look(to) < 0 ? error_sys(err, "look at '%s'", request->to.path) : 0;
}

/* What has no name cannot come to lie under it. */
static bool is_content(const struct copy_end *end)
{
    return end->is_content || !path_has_name(end->path);
}

static int copy_to(const struct copy_request *request, const struct place *from, struct place *to,
                   struct error *err)
{
    bool is_folder = S_ISDIR(from->status.st_mode);
    bool takes = to->exists && S_ISDIR(to->status.st_mode);

    if (to->exists && !takes && (is_folder || request->to.is_folder))
        return error_set(err, "'%s' is no folder", request->to.path);
    if (!to->exists && !is_folder && request->to.is_folder)
        return error_set(err, "there is no folder '%s'", request->to.path);
    if (takes && !(is_folder && is_content(&request->from)) && go_into(request, to, err) < 0)
        return -1;
    if (!is_folder)
        return copy_file(request, from, to, err);
    return copy_folder(request, from, to, err);
}

int copy_run(const struct copy_request *request, struct arena *arena, struct error *err)
{
    bool follow = request->follow_links || request->from.is_folder || request->from.is_content;
    struct place from, to;
    int result;

    if (place_find(&request->from, follow, arena, &from, err) < 0)
        return -1;
    result = from.exists ? 0 : error_set(err, "there is no '%s'", request->from.path);
    if (result == 0 && (request->from.is_folder || request->from.is_content) &&
        !S_ISDIR(from.status.st_mode))
        result = error_set(err, "'%s' is no folder", request->from.path);
    if (result == 0)
        result = place_find(&request->to, true, arena, &to, err);
    if (result == 0 && request->to.tree)
        result = container_tree_enter(request->to.tree, err);
    if (result == 0) {
        result = copy_to(request, &from, &to, err);
        if (request->to.tree)
            container_tree_leave();
        place_close(&to);
    }
    place_close(&from);
    return result;
}
