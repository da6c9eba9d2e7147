/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/codec.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mount_namespace.h"
#include "common/path.h"
#include "common/process.h"
#include "runtime/cgroup/cgroup.h"

#define RECORD_NAME "status"

static const struct codec_field record_codec[] = {
    CODEC_FIELD(struct oci_record, id, CODEC_STRING),
    CODEC_FIELD(struct oci_record, bundle, CODEC_STRING),
    CODEC_FIELD(struct oci_record, created, CODEC_STRING),
    CODEC_FIELD(struct oci_record, boot_id, CODEC_STRING),
    CODEC_FIELD(struct oci_record, pid, CODEC_INT),
    CODEC_FIELD(struct oci_record, start_time, CODEC_UINT64),
    CODEC_FIELD(struct oci_record, cgroup_parent, CODEC_STRING),
    CODEC_FIELD(struct oci_record, cgroup_name, CODEC_STRING),
    CODEC_FIELD(struct oci_record, unit, CODEC_STRING),
    CODEC_FIELD(struct oci_record, resctrl_class, CODEC_STRING),
    CODEC_FIELD(struct oci_record, resctrl_monitor, CODEC_STRING),
    CODEC_FIELD(struct oci_record, owner, CODEC_INT),
    CODEC_FIELD(struct oci_record, place_mount, CODEC_UINT64),
    CODEC_FIELD(struct oci_record, external_descriptors, CODEC_STRING),
    {NULL, CODEC_END, 0, 0, 0, NULL},
};

const char *oci_status_name(enum oci_status status)
{
    static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};

    return names[status];
}

/*
 * Folders
 */

int oci_id_check(const char *id, struct error *err)
{
    enum { MAX_LENGTH = 200 };
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
    size_t length = strlen(id);

    if (length == 0 || length > MAX_LENGTH || strspn(id, allowed) != length || id[0] == '.')
        return error_set(err,
                         "container ID '%s' has an invalid character or length: use 1 to %d "
                         "letters, digits and '_+-.', and no '.' in front",
                         id, MAX_LENGTH);
    return 0;
}

static int root_open(const struct oci_call *call, struct error *err)
{
    int fd;

    if (path_make_dirs(AT_FDCWD, call->root, 0700, err) < 0)
        return -1;
    fd = open(call->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? error_sys(err, "open '%s'", call->root) : fd;
}

int oci_folder_make(const struct oci_call *call, const char *id, int *ret_fd, struct error *err)
{
    scoped_fd int root_fd = root_open(call, err);
    scoped_fd int fd = -1;

    if (root_fd < 0)
        return -1;
    if (mkdirat(root_fd, id, 0700) < 0)
        return errno == EEXIST ? error_set(err, "container '%s' exists already", id)
                               : error_sys(err, "make '%s/%s'", call->root, id);
    fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) < 0) {
        int number = errno;

        (void)unlinkat(root_fd, id, AT_REMOVEDIR);
        errno = number;
        return error_sys(err, "open '%s/%s'", call->root, id);
    }
    *ret_fd = steal_fd(&fd);
    return 0;
}

int oci_folder_remove(const struct oci_call *call, const char *id, struct error *err)
{
    scoped_fd int root_fd = root_open(call, err);

    return root_fd < 0 ? -1 : path_remove_tree(root_fd, id, err);
}

int oci_folder_list(struct oci_call *call, struct string_list *ret_ids, struct error *err)
{
    int root_fd = root_open(call, err);
    DIR *dir = root_fd < 0 ? NULL : fdopendir(root_fd);
    const struct dirent *entry;

    if (!dir) {
        fd_close(root_fd);
        return -1;
    }
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            string_list_add(call->arena, ret_ids, arena_strdup(call->arena, entry->d_name));
    (void)closedir(dir);
    string_list_sort(ret_ids);
    return 0;
}

int oci_record_write(int dir_fd, const struct oci_record *record, struct error *err)
{
    scoped(json_release) json_t *json = codec_encode(record_codec, record);
    scoped_text struct text text = {0};

    json_format(json, &text);
    return file_replace(dir_fd, RECORD_NAME, text.data, text.length, 0600, err);
}

/*
 * Containers
 */

/* Lets go of it when it waits to be reaped. */
static int drop_if_ended(struct oci_container *container, struct error *err)
{
    struct pollfd end = {.fd = container_pidfd(container->handle), .events = POLLIN};

    if (poll(&end, 1, 0) < 0)
        return error_sys(err, "look whether process %d has ended", container->record.pid);
    if (end.revents)
        container_free(steal(container->handle));
    return 0;
}

/* Without a control group it is stopped by signals. */
static bool is_frozen(const struct oci_container *container)
{
    struct cgroup *cgroup = container_cgroup(container->handle);

    if (cgroup && cgroup_can_freeze(cgroup))
        return cgroup_is_frozen(cgroup);
    return process_state(container->record.pid) == 'T';
}

int oci_waits_at_socket(int dir_fd, bool *ret_waits, struct error *err)
{
    *ret_waits = faccessat(dir_fd, "start.sock", F_OK, 0) == 0;
    return *ret_waits || errno == ENOENT ? 0 : error_sys(err, "look for 'start.sock'");
}

static int find_status(struct oci_container *container, struct error *err)
{
    const struct oci_record *record = &container->record;
    struct container_spec *spec = &container->config.container;
    char boot_id[40];
    bool waits;

    if (process_boot_id(boot_id, err) < 0)
        return -1;
    container->status = record->pid == 0 ? OCI_CREATING : OCI_STOPPED;
    if (record->pid == 0 || !string_eq(boot_id, record->boot_id))
        return 0;
    if (container_adopt(spec, record->pid, record->start_time, &container->handle, err) < 0 ||
        (container->handle && drop_if_ended(container, err) < 0))
        return -1;
    if (!container->handle)
        return 0;
    if (oci_waits_at_socket(container->dir_fd, &waits, err) < 0)
        return -1;
    if (waits)
        container->status = OCI_CREATED;
    else
        container->status = is_frozen(container) ? OCI_PAUSED : OCI_RUNNING;
    return 0;
}

static int read_files(struct oci_call *call, struct oci_container *container, unsigned how,
                      struct error *err)
{
    struct oci_record *record = &container->record;
    scoped(json_release) json_t *json = json_read_file(container->dir_fd, RECORD_NAME, err);
    scoped_text struct text config = {0};

    if (!json || codec_decode(record_codec, json, record, call->arena, err) < 0)
        return -1;
    if (!record->id || !record->bundle || !record->cgroup_parent || !record->cgroup_name)
        return error_set(err, "'" RECORD_NAME "' is not whole");
    const struct oci_config_source source = {&config, record->bundle, how & OCI_FILTERED,
                                             OCI_CONSOLE_ANY};

    if (file_read(container->dir_fd, "config.json", LIMIT_JSON_BYTES, &config, NULL, err) < 0 ||
        oci_config_read(&source, call->arena, &container->config, err) < 0)
        return -1;
    container->config.container.id = record->cgroup_name;
    container->config.container.cgroup_parent = record->cgroup_parent;
    container->config.bundle.id = record->id;
    return 0;
}

static bool is_missing(int dir_fd, const char *name)
{
    return faccessat(dir_fd, name, F_OK, 0) < 0 && errno == ENOENT;
}

/* A file of its is gone, and who makes or deletes one has the lock until the end: a deletion was
 * cut off. Whoever took the name meanwhile has another folder. */
static void finish_deletion(int root_fd, const char *id, int dir_fd)
{
    struct stat named, opened;

    if (!is_missing(dir_fd, RECORD_NAME) && !is_missing(dir_fd, "config.json"))
        return;
    if (fstatat(root_fd, id, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(dir_fd, &opened) == 0 &&
        named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
        (void)!path_remove_tree(root_fd, id, NULL);
}

int oci_container_open(struct oci_call *call, const char *id, unsigned how,
                       struct oci_container *ret_container, struct error *err)
{
    scoped_fd int root_fd = -1;
    struct error why = {0};

    *ret_container = OCI_CONTAINER_NONE;
    if (oci_id_check(id, err) < 0 || (root_fd = root_open(call, err)) < 0)
        return -1;
    ret_container->dir_fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (ret_container->dir_fd < 0)
        return errno == ENOENT ? error_set(err, "container '%s' does not exist", id)
                               : error_sys(err, "open '%s/%s'", call->root, id);
    if ((how & OCI_LOCKED) && flock(ret_container->dir_fd, LOCK_EX) < 0)
        return error_sys(err, "lock '%s/%s'", call->root, id);
    if (read_files(call, ret_container, how, &why) == 0 && find_status(ret_container, &why) == 0)
        return 0;
    /* It was deleted since the folder was opened, or its creation has only begun. */
    if (why.number == ENOENT) {
        if (how & OCI_LOCKED)
            finish_deletion(root_fd, id, ret_container->dir_fd);
        return error_set(err, "container '%s' does not exist", id);
    }
    if (err)
        *err = why;
    return error_wrap(err, "container '%s'", id);
}

void oci_container_visit(const struct oci_container *container,
                         void (*visit)(pid_t pid, void *context), void *context)
{
    const struct oci_record *record = &container->record;
    scoped(cgroup_free) struct cgroup *cgroup = NULL;

    if (cgroup_open(record->cgroup_parent, record->cgroup_name, &cgroup, NULL) < 0)
        return;
    if (cgroup && cgroup_can_freeze(cgroup))
        cgroup_visit(cgroup, visit, context);
    else if (container->handle)
        (void)mount_namespace_visit(record->pid, visit, context);
}

void oci_container_unlock(const struct oci_container *container)
{
    (void)flock(container->dir_fd, LOCK_UN);
}

void oci_container_close(struct oci_container *container)
{
    container_free(container->handle);
    fd_close(container->notify_fd);
    fd_close(container->dir_fd);
}

/* A path that is not absolute is below the root all the same: there is no better place. */
int oci_cgroup_choose(struct oci_call *call, struct oci_config *config, const char *id,
                      struct error *err)
{
    const char *path = config->cgroups_path;
    char *parent, *slash;

    if (call->systemd_cgroup) {
        config->container.cgroup_parent = "/";
        config->container.id = arena_printf(call->arena, "yawl-oci-%s", id);
        return systemd_scope_name(path, id, call->arena, &config->scope, err);
    }
    if (!path || !*path) {
        config->container.cgroup_parent = "/";
        config->container.id = arena_printf(call->arena, "yawl-oci-%s", id);
        return 0;
    }
    if (strchr(path, ':'))
        return error_set(err,
                         "config.json: linux.cgroupsPath: '%s' is for systemd: give "
                         "--systemd-cgroup, or a path",
                         path);
    parent = path_join(call->arena, "/", path);
    slash = strrchr(parent, '/');
    config->container.id = slash + 1;
    config->container.cgroup_parent =
        slash == parent ? "/" : arena_strndup(call->arena, parent, (size_t)(slash - parent));
    return 0;
}
