/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

const char *cgroup_controller_name(enum cgroup_controller controller)
{
    static const char *const names[CONTROLLER_COUNT] = {
        [CONTROLLER_MEMORY] = "memory",     [CONTROLLER_CPU] = "cpu",
        [CONTROLLER_CPUSET] = "cpuset",     [CONTROLLER_PIDS] = "pids",
        [CONTROLLER_DEVICES] = "devices",   [CONTROLLER_FREEZER] = "freezer",
        [CONTROLLER_BLKIO] = "blkio",       [CONTROLLER_CPUACCT] = "cpuacct",
        [CONTROLLER_HUGETLB] = "hugetlb",   [CONTROLLER_NET_CLS] = "net_cls",
        [CONTROLLER_NET_PRIO] = "net_prio", [CONTROLLER_RDMA] = "rdma",
    };

    return names[controller];
}

int cgroup_controller_number(const char *name)
{
    for (int i = 0; i < CONTROLLER_COUNT; i++)
        if (string_eq(name, cgroup_controller_name((enum cgroup_controller)i)))
            return i;
    return -1;
}

bool cgroup_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* The kernel writes blanks, tabs, newlines and backslashes of paths as "\ooo". */
static void unescape(char *path)
{
    char *to = path;

    for (const char *from = path; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
            from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* The part of `path` below `root`, or NULL when it is not below. "/" gives "". */
static const char *below(const char *path, const char *root)
{
    size_t length = strlen(root);

    if (strcmp(root, "/") == 0)
        return strcmp(path, "/") == 0 ? "" : path;
    if (strncmp(path, root, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return NULL;
    return path + length;
}

/* Notes a mount for a hierarchy in which `own` is already known, unless one was found before. */
static void place_mounted(struct arena *arena, struct cgroup_place *place, const char *root,
                          const char *mount)
{
    const char *own;

    if (place->mount || !place->own || strstr(place->own, "/.."))
        return;
    own = below(place->own, root);
    if (!own)
        return;
    place->own = own;
    place->mount = arena_strdup(arena, mount);
}

/* "31 23 0:28 ROOT MOUNT rw,relatime [tag:n ...] - TYPE SOURCE OPTIONS" */
static void parse_mount_line(struct arena *arena, char *line, struct cgroup_layout *layout)
{
    char *fields[6];
    char *type = strstr(line, " - cgroup");
    const char *options;

    if (!type)
        return;
    *type = '\0';
    type += strlen(" - ");
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (!(fields[i] = strsep(&line, " ")))
            return;
    if (cgroup_list_has(fields[5], "ro"))
        return;
    unescape(fields[3]);
    unescape(fields[4]);

    if (string_starts_with(type, "cgroup2 ")) {
        place_mounted(arena, &layout->v2, fields[3], fields[4]);
        return;
    }
    options = strrchr(type, ' ');
    for (size_t i = 0; options && i < CONTROLLER_COUNT; i++)
        if (cgroup_list_has(options + 1, cgroup_controller_name((enum cgroup_controller)i)))
            place_mounted(arena, &layout->v1[i], fields[3], fields[4]);
}

/* "4:memory:/path"; cgroup v2 is "0::/path". */
static void parse_own_line(struct arena *arena, char *line, struct cgroup_layout *layout)
{
    const char *number = strsep(&line, ":");
    const char *controllers = strsep(&line, ":");

    if (!number || !controllers || !line)
        return;
    if (!*controllers) {
        layout->v2.own = arena_strdup(arena, line);
        return;
    }
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (cgroup_list_has(controllers, cgroup_controller_name((enum cgroup_controller)i)))
            layout->v1[i].own = arena_strdup(arena, line);
}

void cgroup_layout_parse(struct arena *arena, char *mountinfo, char *self_cgroup,
                         struct cgroup_layout *ret_layout)
{
    char *line;

    *ret_layout = (struct cgroup_layout){0};
    while ((line = strsep(&self_cgroup, "\n")))
        parse_own_line(arena, line, ret_layout);
    while ((line = strsep(&mountinfo, "\n")))
        parse_mount_line(arena, line, ret_layout);
}

/* What cannot be looked at must not pass for what is not ours: a container would have no group. */
static int may_write(const char *path, bool *ret_may, struct error *err)
{
    static const int refusals[] = {EACCES, EPERM, EROFS, ENOENT, ENOTDIR};

    *ret_may = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
    for (size_t i = 0; !*ret_may && i < ARRAY_LENGTH(refusals); i++)
        if (errno == refusals[i])
            return 0;
    return *ret_may ? 0 : error_sys(err, "look at control group '%s'", path);
}

/* Whether we may make groups in `path` and move our own processes into them. */
static int is_delegated(struct arena *arena, const char *path, bool *ret_is, struct error *err)
{
    if (may_write(path, ret_is, err) < 0)
        return -1;
    return *ret_is ? may_write(arena_printf(arena, "%s/cgroup.procs", path), ret_is, err) : 0;
}

size_t cgroup_layout_user_unit(const char *own)
{
    const char *at = strstr(own, "/user@");

    while (at && *at) {
        size_t length = 1 + strcspn(at + 1, "/");
        bool is_manager = string_starts_with(at, "/user@");

        if (!is_manager && ((length > 7 && memcmp(at + length - 6, ".scope", 6) == 0) ||
                            (length > 9 && memcmp(at + length - 8, ".service", 8) == 0)))
            return (size_t)(at - own) + length;
        at += length;
    }
    return 0;
}

/* The highest group at or above `path`, but below the mount, that is ours to write. */
static int climb(struct arena *arena, char *path, size_t mount_length, const char **ret_chosen,
                 struct error *err)
{
    bool is_ours;

    *ret_chosen = NULL;
    while (strlen(path) > mount_length) {
        if (is_delegated(arena, path, &is_ours, err) < 0)
            return -1;
        if (!is_ours)
            return 0;
        *ret_chosen = arena_strdup(arena, path);
        *strrchr(path, '/') = '\0';
    }
    return 0;
}

/*
 * The one place where our root in a hierarchy is chosen; none when we may not make groups there.
 *
 * - v1: below the caller's own group. What limits the caller also limits its containers.
 * - v2, privileged: the top that we see. A container is then found again by every later caller,
 * whichever session or service it comes from.
 * - v2, ordinary user under a systemd of the user's own: the unit we run in. All above belongs to
 * systemd, though the user could write there.
 * - v2, other ordinary user: the highest group above us that is ours to write.
 */
static int choose_v2_root(struct arena *arena, struct cgroup_place *place, struct error *err)
{
    size_t unit_length;
    bool is_ours;
    char *path;

    if (!place->mount)
        return 0;
    if (is_delegated(arena, place->mount, &is_ours, err) < 0)
        return -1;
    if (is_ours) {
        place->root = place->mount;
        return 0;
    }
    path = arena_printf(arena, "%s%s", place->mount, place->own);
    unit_length = cgroup_layout_user_unit(place->own);
    if (unit_length == 0)
        return climb(arena, path, strlen(place->mount), &place->root, err);
    path[strlen(place->mount) + unit_length] = '\0';
    if (is_delegated(arena, path, &is_ours, err) < 0)
        return -1;
    place->root = is_ours ? path : NULL;
    return 0;
}

static int choose_v1_root(struct arena *arena, struct cgroup_place *place, struct error *err)
{
    const char *path;
    bool is_ours;

    if (!place->mount)
        return 0;
    path = arena_printf(arena, "%s%s", place->mount, place->own);
    if (may_write(path, &is_ours, err) < 0)
        return -1;
    place->root = is_ours ? path : NULL;
    return 0;
}

int cgroup_layout_read(struct arena *arena, struct cgroup_layout *ret_layout, struct error *err)
{
    scoped_text struct text mountinfo = {0};
    scoped_text struct text self_cgroup = {0};

    if (file_read(AT_FDCWD, "/proc/self/mountinfo", LIMIT_PROC_BYTES, &mountinfo, NULL, err) < 0 ||
        file_read(AT_FDCWD, "/proc/self/cgroup", LIMIT_PROC_BYTES, &self_cgroup, NULL, err) < 0)
        return error_wrap(err, "look for control groups");

    cgroup_layout_parse(arena, mountinfo.data, self_cgroup.data, ret_layout);
    if (choose_v2_root(arena, &ret_layout->v2, err) < 0)
        return -1;
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (choose_v1_root(arena, &ret_layout->v1[i], err) < 0)
            return -1;
    return 0;
}
