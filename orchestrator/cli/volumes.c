/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/volumes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/path.h"
#include "orchestrator/cli/volume_mount.h"
#include "runtime/volume.h"

static int volumes_open(const struct roots *roots, int *ret_fd, struct error *err)
{
    scoped_fd int data_fd = open(roots->data, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (data_fd < 0)
        return error_sys(err, "open '%s'", roots->data);
    if (path_make_dirs(data_fd, "volumes", 0700, err) < 0)
        return -1;
    *ret_fd = openat(data_fd, "volumes", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open 'volumes'") : 0;
}

static int volume_make(int volumes_fd, const struct plan *plan, const struct plan_volume *volume,
                       struct error *err)
{
    scoped(json_release) json_t *json = json_object();
    scoped_text struct text text = {0}, name = {0};

    if (!volume->name || !*volume->name || strchr(volume->name, '/') || volume->name[0] == '.')
        return error_set(err, "volume name '%s' is not valid", volume->name ? volume->name : "");
    text_appendf(&name, "%s/_data", volume->name);
    if (faccessat(volumes_fd, text_get(&name), F_OK, 0) == 0)
        return 0;
    if (volume->external)
        return error_set(err, "external volume '%s' does not exist", volume->name);
    if (path_make_dirs(volumes_fd, volume->name, 0700, err) < 0)
        return -1;
    json_object_set_new(json, "project", json_string(plan->project));
    json_object_set_new(json, "name", json_string(volume->name));
    json_format(json, &text);
    text_clear(&name);
    text_appendf(&name, "%s/volume.json", volume->name);
    /* The label comes first: a volume without one would never be removed. */
    if (file_replace(volumes_fd, text_get(&name), text.data, text.length, 0600, err) < 0)
        return -1;
    text_clear(&name);
    text_appendf(&name, "%s/_data", volume->name);
    return path_make_dirs(volumes_fd, text_get(&name), 0755, err);
}

/* Everything below our data root is a volume of ours; binds of the user are never filled. */
static int mount_fill(const struct roots *roots, const struct plan_instance *instance,
                      const struct mount_spec *mount, struct error *err)
{
    scoped_fd int fd = -1;
    scoped_text struct text volumes = {0}, containers = {0};

    text_appendf(&volumes, "%s/volumes/", roots->data);
    text_appendf(&containers, "%s/volumes/", instance->container.upper_dir);
    if (mount->kind != MOUNT_BIND || (mount->no_fill && !mount->subpath) ||
        (!string_starts_with(mount->source, text_get(&volumes)) &&
         !string_starts_with(mount->source, text_get(&containers))))
        return 0;
    if (path_make_dirs(AT_FDCWD, mount->source, 0755, err) < 0)
        return -1;
    fd = open(mount->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && mount->subpath) {
        scoped_fd int whole_fd = steal_fd(&fd);
        scoped_fd int place_fd = path_make_dirs_in_root(whole_fd, mount->subpath, 0755);

        fd = place_fd < 0 ? -1 : openat(place_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        return error_sys(err, "open volume '%s'", mount->source);
    return mount->no_fill ? 0 : volume_fill(fd, instance->container.layers, mount->target, err);
}

static int mount_all(int volumes_fd, const struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->n_volumes; i++)
        if (plan->volumes[i].type && volume_mount(volumes_fd, &plan->volumes[i], err) < 0)
            return -1;
    return 0;
}

int volumes_mount(const struct roots *roots, const struct plan *plan, struct error *err)
{
    scoped_fd int volumes_fd = -1;

    return volumes_open(roots, &volumes_fd, err) < 0 ? -1 : mount_all(volumes_fd, plan, err);
}

int volumes_prepare(const struct roots *roots, const struct plan *plan, struct error *err)
{
    scoped_fd int volumes_fd = -1;

    if (volumes_open(roots, &volumes_fd, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n_volumes; i++)
        if (volume_make(volumes_fd, plan, &plan->volumes[i], err) < 0)
            return -1;
    if (mount_all(volumes_fd, plan, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n_instances; i++) {
        const struct plan_instance *instance = &plan->instances[i];

        for (size_t j = 0; j < instance->container.n_mounts; j++)
            if (mount_fill(roots, instance, &instance->container.mounts[j], err) < 0)
                return error_wrap(err, "volume of '%s'", instance->name);
    }
    return 0;
}

static bool volume_belongs(int volumes_fd, const char *name, const char *project)
{
    scoped(json_release) json_t *json = NULL;
    scoped_text struct text path = {0};
    struct error err = {0};

    text_appendf(&path, "%s/volume.json", name);
    json = json_read_file(volumes_fd, text_get(&path), &err);
    return string_eq(json_get_string(json, "project", NULL), project);
}

/* Opens the directory of all volumes and lists the project's. */
static int volumes_of(const struct roots *roots, const char *project, struct arena *arena,
                      int *ret_volumes_fd, struct string_list *ret_names, struct error *err)
{
    struct dirent *entry;
    DIR *dir;

    if (volumes_open(roots, ret_volumes_fd, err) < 0)
        return -1;
    dir = fdopendir(fcntl(*ret_volumes_fd, F_DUPFD_CLOEXEC, 3));
    if (!dir)
        return error_sys(err, "list volumes");
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.' && volume_belongs(*ret_volumes_fd, entry->d_name, project))
            string_list_add(arena, ret_names, arena_strdup(arena, entry->d_name));
    (void)closedir(dir);
    string_list_sort(ret_names);
    return 0;
}

int volumes_list(const struct roots *roots, const char *project, struct arena *arena,
                 struct string_list *ret_names, struct error *err)
{
    scoped_fd int volumes_fd = -1;

    return volumes_of(roots, project, arena, &volumes_fd, ret_names, err);
}

int volumes_unmount(const struct roots *roots, const char *project, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int volumes_fd = -1;
    struct string_list names = {0};

    if (volumes_of(roots, project, arena, &volumes_fd, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (volume_unmount(volumes_fd, names.items[i], err) < 0)
            return -1;
    return 0;
}

int volumes_remove(const struct roots *roots, const char *project,
                   void (*removed)(const char *name, void *context), void *context,
                   struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int volumes_fd = -1;
    struct string_list names = {0};

    if (volumes_of(roots, project, arena, &volumes_fd, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        if (path_remove_tree(volumes_fd, names.items[i], err) < 0)
            return -1;
        removed(names.items[i], context);
    }
    return 0;
}
