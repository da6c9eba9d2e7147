/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/roots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "orchestrator/state/trash.h"

static const char *environment_or(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && *value ? value : fallback;
}

static int root_make(const char *path, struct error *err)
{
    if (path[0] != '/')
        return error_set(err, "state directory '%s' is not an absolute path", path);
    return path_make_dirs(AT_FDCWD, path, 0700, err);
}

/* A directory that nobody else can have put there, nor look into. */
static bool is_private(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == getuid() &&
           (status.st_mode & 077) == 0;
}

/* Where no login has made a runtime directory (cron, `su`, systems without logind), it is one in
 * /tmp, which is everybody's. */
static int run_root_of_user(struct arena *arena, const char **ret_path, struct error *err)
{
    const char *login = arena_printf(arena, "/run/user/%u", (unsigned)getuid());
    const char *given = environment_or("XDG_RUNTIME_DIR", is_private(login) ? login : NULL);
    const char *own = arena_printf(arena, "/tmp/yawl-%u", (unsigned)getuid());

    if (environment_or("YAWL_RUN_ROOT", NULL))
        return 0; /* it is not asked for */
    if (given) {
        *ret_path = arena_printf(arena, "%s/yawl", given);
        return 0;
    }
    if (mkdir(own, 0700) < 0 && errno != EEXIST)
        return error_sys(err, "create directory '%s'", own);
    if (!is_private(own))
        return error_set(err,
                         "'%s' is not a directory of this user alone: remove it, or set "
                         "XDG_RUNTIME_DIR",
                         own);
    *ret_path = own;
    return 0;
}

static int roots_of_user(struct arena *arena, struct roots *roots, struct error *err)
{
    const char *home = environment_or("HOME", "/");
    const char *data =
        environment_or("XDG_DATA_HOME", arena_printf(arena, "%s/.local/share", home));

    roots->data = arena_printf(arena, "%s/yawl", data);
    return run_root_of_user(arena, &roots->run, err);
}

int roots_find(struct arena *arena, struct roots *ret_roots, struct error *err)
{
    struct roots roots = {.data = "/var/lib/yawl", .run = "/run/yawl"};

    if (geteuid() != 0 && roots_of_user(arena, &roots, err) < 0)
        return -1;
    roots.data = arena_strdup(arena, environment_or("YAWL_DATA_ROOT", roots.data));
    roots.run = arena_strdup(arena, environment_or("YAWL_RUN_ROOT", roots.run));
    if (root_make(roots.data, err) < 0 || root_make(roots.run, err) < 0)
        return -1;
    *ret_roots = roots;
    return 0;
}

static bool project_name_valid(const char *name)
{
    return *name && strlen(name) <= 200 && name[0] != '-' && name[0] != '_' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(name);
}

static int project_open_one(const char *path, bool create, int *ret_fd, struct error *err)
{
    if (create && path_make_dirs(AT_FDCWD, path, 0700, err) < 0)
        return -1;
    *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0 && (create || errno != ENOENT))
        return error_sys(err, "open '%s'", path);
    return 0;
}

int project_dir_open(struct arena *arena, const struct roots *roots, const char *project,
                     bool create, struct project_dir **ret_dir, struct error *err)
{
    scoped_fd int run_fd = -1, data_fd = -1;
    const char *run_path, *data_path;

    if (!project_name_valid(project))
        return error_set(
            err, "project name '%s' is not valid: use lower-case letters, digits, '-' and '_'",
            project);
    run_path = arena_printf(arena, "%s/projects/%s", roots->run, project);
    data_path = arena_printf(arena, "%s/projects/%s", roots->data, project);
    *ret_dir = NULL;

    if (project_open_one(run_path, create, &run_fd, err) < 0)
        return -1;
    if (run_fd < 0)
        return 0;
    /* The one is there: the other is made when a machine was rebooted between. */
    if (project_open_one(data_path, true, &data_fd, err) < 0)
        return -1;
    *ret_dir = arena_new_object(arena, struct project_dir);
    **ret_dir = (struct project_dir){.run_path = run_path,
                                     .data_path = data_path,
                                     .run_fd = steal_fd(&run_fd),
                                     .data_fd = steal_fd(&data_fd)};
    return 0;
}

static int renew_one(const char *path, int fd, struct error *err)
{
    scoped_fd int new_fd = -1;
    struct stat opened, there;

    if (fstat(fd, &opened) == 0 && stat(path, &there) == 0 && opened.st_ino == there.st_ino &&
        opened.st_dev == there.st_dev)
        return 0;
    if (project_open_one(path, true, &new_fd, err) < 0)
        return -1;
    return dup3(new_fd, fd, O_CLOEXEC) < 0 ? error_sys(err, "open '%s' again", path) : 0;
}

int project_dir_renew(const struct project_dir *dir, struct error *err)
{
    if (renew_one(dir->run_path, dir->run_fd, err) < 0)
        return -1;
    return renew_one(dir->data_path, dir->data_fd, err);
}

void project_dir_close(struct project_dir *dir)
{
    if (!dir)
        return;
    fd_close(dir->run_fd);
    fd_close(dir->data_fd);
    dir->run_fd = dir->data_fd = -1;
}

/* *ret_projects_fd is -1 when there are no projects. */
static int projects_open(const char *root, int *ret_root_fd, int *ret_projects_fd,
                         struct error *err)
{
    scoped_fd int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

    *ret_projects_fd = -1;
    if (root_fd < 0)
        return errno == ENOENT ? 0 : error_sys(err, "open '%s'", root);
    *ret_projects_fd = openat(root_fd, "projects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *ret_root_fd = steal_fd(&root_fd);
    return 0;
}

int project_dir_remove(const struct roots *roots, const char *project, struct error *err)
{
    scoped_fd int run_root_fd = -1, run_fd = -1, data_root_fd = -1, data_fd = -1;

    if (projects_open(roots->run, &run_root_fd, &run_fd, err) < 0 ||
        (run_fd >= 0 && path_remove_tree(run_fd, project, err) < 0) ||
        projects_open(roots->data, &data_root_fd, &data_fd, err) < 0 ||
        (data_fd >= 0 && trash_take(roots, data_fd, project, err) < 0))
        return -1;
    /* Only when it was the last. */
    (void)unlinkat(run_root_fd, "projects", AT_REMOVEDIR);
    (void)unlinkat(data_root_fd, "projects", AT_REMOVEDIR);
    return 0;
}

static int list_below(struct arena *arena, const char *root, struct string_list *names,
                      struct error *err)
{
    const char *path = arena_printf(arena, "%s/projects", root);
    struct dirent *entry;
    DIR *dir = opendir(path);

    if (!dir)
        return errno == ENOENT ? 0 : error_sys(err, "open '%s'", path);
    while ((entry = readdir(dir)))
        if (project_name_valid(entry->d_name) && !string_list_has(names, entry->d_name))
            string_list_add(arena, names, arena_strdup(arena, entry->d_name));
    (void)closedir(dir);
    return 0;
}

int project_dir_list(struct arena *arena, const struct roots *roots, struct string_list *ret_names,
                     struct error *err)
{
    if (list_below(arena, roots->run, ret_names, err) < 0 ||
        list_below(arena, roots->data, ret_names, err) < 0)
        return -1;
    string_list_sort(ret_names);
    return 0;
}
