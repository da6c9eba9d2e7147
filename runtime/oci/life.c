/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/life.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/fd_gift.h"
#include "common/fd_message.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/moment.h"
#include "common/path.h"
#include "common/process.h"
#include "net/device_move.h"
#include "runtime/capabilities.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/cgroup_kill.h"
#include "runtime/hooks.h"
#include "runtime/oci/caller.h"
#include "runtime/oci/console.h"
#include "runtime/oci/notify_socket.h"

/*
 * Small things
 */

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)pid);

    return path ? file_replace(AT_FDCWD, path, text, (size_t)length, 0644, err) : 0;
}

static int run_hooks(const struct oci_container *container, const struct hook_list *hooks,
                     const char *status, struct error *err)
{
    const struct bundle_spec *bundle = &container->config.bundle;
    struct hook_files files = {-1, {-1, -1}};
    const struct hook_surroundings surroundings = hook_surroundings_outside(bundle, &files);
    struct failure failure = {0};
    int result = -1;

    if (hooks->count == 0)
        return 0;
    if (hook_files_open(&bundle->hooks, &files, err) == 0 &&
        hooks_state_write(bundle, container->record.pid, status, files.state_fd, err) == 0)
        result =
            hooks_run(hooks, &surroundings, &failure) < 0 ? failure_to_error(&failure, err) : 0;
    hook_files_close(&files);
    return result;
}

/* One that fails is told, and those after it run all the same. */
static void run_last_hooks(const struct oci_call *call, const struct oci_container *container)
{
    const struct hook_list *hooks = &container->config.bundle.hooks.poststop;

    for (size_t i = 0; i < hooks->count; i++) {
        const struct hook_list one = {&hooks->items[i], 1, hooks->kind};
        struct error err = {0};

        if (run_hooks(container, &one, "stopped", &err) < 0)
            call_report(call, "warning", err.text);
    }
}

/*
 * Creating
 */

void life_limit_capabilities(struct oci_config *config)
{
    uint64_t own = capabilities_permitted();
    struct process_spec *spec = &config->process.spec;

    if (spec_has_user_namespace(&config->container))
        return;
    spec->bounding &= own;
    spec->permitted &= own;
    spec->effective &= own;
    spec->inheritable &= own;
    spec->ambient &= own;
}

static void announce_sockets(struct oci_call *call, struct oci_config *config)
{
    const char *listen_fds = getenv("LISTEN_FDS");

    if (!listen_fds)
        return;
    string_list_add(call->arena, &config->container.env,
                    arena_printf(call->arena, "LISTEN_FDS=%s", listen_fds));
    string_list_add(call->arena, &config->container.env, "LISTEN_PID=1");
}

/* Absolute, with the links that the caller named it by: what is told to hooks is what they know.
 * NULL with errno. */
static const char *bundle_path(struct oci_call *call, const char *path)
{
    /* Only the system knows what is above a link. */
    scoped(free) char *real = realpath(strstr(path, "..") ? path : ".", NULL);

    return real ? path_join(call->arena, real, strstr(path, "..") ? "." : path) : NULL;
}

static enum oci_console console_of(const struct oci_creation *creation)
{
    if (creation->console_socket)
        return OCI_CONSOLE_TAKEN;
    return creation->is_foreground ? OCI_CONSOLE_ANY : OCI_CONSOLE_NONE;
}

static int read_bundle(struct oci_call *call, const struct oci_creation *creation,
                       struct text *ret_text, struct oci_container *container, struct error *err)
{
    const char *dir = bundle_path(call, creation->bundle);
    scoped_fd int dir_fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    struct oci_config *config = &container->config;
    const struct oci_config_source source = {ret_text, dir, true, console_of(creation)};

    if (dir_fd < 0)
        return error_sys(err, "open bundle '%s'", creation->bundle);
    if (file_read(dir_fd, creation->config, LIMIT_JSON_BYTES, ret_text, NULL, err) < 0)
        return error_wrap(err, "bundle '%s'", dir);
    if (oci_config_read(&source, call->arena, config, err) < 0)
        return -1;
    config->bundle.id = creation->id;
    config->process.spec.n_preserved = creation->n_preserved;
    config->process.spec.new_keyring = !creation->no_new_keyring;
    config->bundle.no_pivot = creation->no_pivot;
    for (size_t i = 0; i < config->warnings.count; i++)
        call_report(call, "warning", config->warnings.items[i]);
    if (creation->starts_at_once && config->process.args.count == 0)
        return error_set(err, "config.json: process: is missing: there is nothing to run");
    life_limit_capabilities(config);
    announce_sockets(call, config);
    return oci_cgroup_choose(call, config, creation->id, err);
}

static bool has_mounts(const struct bundle_spec *bundle)
{
    return bundle_has_namespace(bundle, CLONE_NEWNS);
}

/* 0 when there is nothing. */
static uint64_t mount_at(const char *path)
{
    struct statx status;

    return statx(AT_FDCWD, path, 0, STATX_MNT_ID, &status) < 0 ? 0 : status.stx_mnt_id;
}

/* Of this process, whose descriptors the program gets. */
static const char *describe_descriptors(struct arena *arena)
{
    scoped(json_release) json_t *list = json_array();
    scoped_text struct text text = {0};

    for (int fd = 0; fd < 3; fd++) {
        char path[32], target[PATH_MAX];
        json_t *item;
        ssize_t length;

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        length = readlink(path, target, sizeof(target));
        item = length < 0 ? NULL : json_stringn(target, (size_t)length);
        (void)json_array_append_new(list, item ? item : json_null());
    }
    json_format(list, &text);
    return arena_strdup(arena, text_get(&text));
}

static int fill_record(struct oci_call *call, const struct oci_creation *creation,
                       struct oci_container *container, struct error *err)
{
    struct oci_record *record = &container->record;
    scoped_text struct text created = {0};
    struct timespec now;
    char boot_id[40];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    moment_format((uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec, &created);
    if (process_boot_id(boot_id, err) < 0)
        return -1;
    *record = (struct oci_record){
        .id = creation->id,
        .bundle = container->config.bundle.dir,
        .created = arena_strdup(call->arena, text_get(&created)),
        .boot_id = arena_strdup(call->arena, boot_id),
        .cgroup_parent = container->config.container.cgroup_parent,
        .cgroup_name = container->config.container.id,
        .owner = (int)geteuid(),
        .place_mount =
            has_mounts(&container->config.bundle) ? 0 : mount_at(container->config.bundle.root_dir),
        .external_descriptors =
            container->config.process.terminal ? NULL : describe_descriptors(call->arena),
    };
    return 0;
}

/* The devices of the host that become the container's. */
static int move_devices(const struct oci_config *config, pid_t pid, struct error *err)
{
    scoped_fd int netns_fd = -1;
    char path[64];

    if (config->n_net_devices == 0)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    netns_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (netns_fd < 0)
        return error_sys(err, "open '%s'", path);
    for (size_t i = 0; i < config->n_net_devices; i++)
        if (device_move(config->net_devices[i].name, netns_fd, config->net_devices[i].new_name,
                        err) < 0)
            return error_wrap(err, "linux.netDevices");
    return 0;
}

static int enter_resctrl(const struct oci_container *container, pid_t pid, struct error *err)
{
    const struct resctrl_spec *spec = container->config.resctrl;
    scoped_fd int root_fd = -1;

    if (!spec)
        return 0;
    if (resctrl_open(&root_fd, err) < 0 ||
        resctrl_enter(root_fd, spec, container->record.id, pid, err) < 0)
        return error_wrap(err, "config.json: linux.intelRdt");
    return 0;
}

static int furnish(void *owner, pid_t pid, struct error *err)
{
    const struct oci_container *container = owner;

    return move_devices(&container->config, pid, err) < 0 ? -1 : enter_resctrl(container, pid, err);
}

/* What is made goes when the container is deleted. */
static int prepare_resctrl(struct oci_call *call, struct oci_container *container,
                           struct error *err)
{
    const struct resctrl_spec *spec = container->config.resctrl;
    struct oci_record *record = &container->record;
    struct resctrl_place place;
    scoped_fd int root_fd = -1;
    int result;

    if (!spec)
        return 0;
    if (resctrl_open(&root_fd, err) < 0)
        return error_wrap(err, "config.json: linux.intelRdt");
    result = resctrl_prepare(root_fd, spec, record->id, call->arena, &place, err);
    record->resctrl_class = place.made_class;
    record->resctrl_monitor = place.made_monitor;
    if (result < 0)
        return error_wrap(err, "config.json: linux.intelRdt");
    return oci_record_write(container->dir_fd, record, err);
}

static int remove_resctrl(const struct oci_record *record, struct error *err)
{
    const struct resctrl_place place = {record->resctrl_class, record->resctrl_monitor};
    scoped_fd int root_fd = -1;

    if (!place.made_class && !place.made_monitor)
        return 0;
    /* All is gone with the file system where that is not mounted any more. */
    return resctrl_open(&root_fd, NULL) < 0 ? 0 : resctrl_remove(root_fd, &place, err);
}

/* Where it is is known only now. The unit is noted first, so that it is found again whatever
 * happens. */
static int make_scope(struct oci_call *call, struct oci_container *container,
                      struct systemd_holder *ret_holder, struct error *err)
{
    const struct systemd_scope *scope = &container->config.scope;
    struct container_spec *spec = &container->config.container;
    struct oci_record *record = &container->record;
    const char *path, *name;

    if (!scope->unit)
        return 0;
    if (systemd_scope_start(scope, &spec->resources, call->arena, ret_holder, &path, err) < 0)
        return -1;
    name = path_base_name(path);
    spec->id = name;
    spec->cgroup_parent =
        arena_printf(call->arena, "/%.*s", (int)(name - path > 1 ? name - path - 1 : 1), path);
    record->unit = scope->unit;
    record->cgroup_name = spec->id;
    record->cgroup_parent = spec->cgroup_parent;
    if (oci_record_write(container->dir_fd, record, err) == 0)
        return 0;
    systemd_holder_end(ret_holder);
    return -1;
}

/* Ordinary users go without what they cannot have. */
static void warn_of_limits(struct oci_call *call, const struct oci_container *container)
{
    const struct resource_spec *resources = &container->config.container.resources;
    const struct cgroup_setting *lacking = cgroup_lacking(
        container_cgroup(container->handle), resources->settings, resources->n_settings);

    if (lacking)
        call_report(call, "warning",
                    arena_printf(call->arena,
                                 "%s is left out: this user's control group has no "
                                 "such setting",
                                 lacking->key));
}

/* Everything after the folder is there. */
static int bring_up(struct oci_call *call, const struct oci_creation *creation,
                    const struct text *config_text, struct oci_container *container,
                    struct error *err)
{
    struct oci_record *record = &container->record;
    const struct container_surroundings surroundings = {.furnish = furnish, .owner = container};
    struct systemd_holder holder = {0};
    scoped_fd int start_fd = -1;
    int result;

    if (file_replace(container->dir_fd, "config.json", config_text->data, config_text->length, 0600,
                     err) < 0 ||
        oci_record_write(container->dir_fd, record, err) < 0)
        return -1;
    if (!creation->starts_at_once &&
        (fd_message_listen(container->dir_fd, "start.sock", &start_fd, err) < 0 ||
         fd_set_nonblocking(start_fd, false, err) < 0))
        return -1;
    if (notify_socket_offer(call, container, err) < 0 || prepare_resctrl(call, container, err) < 0)
        return -1;
    container->config.bundle.start_fd = start_fd;
    if (make_scope(call, container, &holder, err) < 0)
        return -1;
    result = container_create(&container->config.container, &surroundings, &container->handle, err);
    systemd_holder_end(&holder);
    if (result < 0)
        return -1;
    warn_of_limits(call, container);
    if (container_await_ready(container->handle, err) < 0)
        return error_wrap(err, "create container '%s'", record->id);
    if (container->config.pidfd_receiver &&
        fd_gift_send(container->config.pidfd_receiver, "pidfd", strlen("pidfd"),
                     container_pidfd(container->handle), err) < 0)
        return -1;
    record->pid = container_pid(container->handle);
    record->start_time = container_start_time(container->handle);
    container->status = OCI_CREATED;
    if (creation->console_socket &&
        console_send(creation->console_socket, container_tty_fd(container->handle), err) < 0)
        return -1;
    if (oci_record_write(container->dir_fd, record, err) < 0)
        return -1;
    return pid_file_write(creation->pid_file, record->pid, err);
}

int life_create(struct oci_call *call, const struct oci_creation *creation,
                struct oci_container *ret_container, struct error *err)
{
    scoped_text struct text config_text = {0};

    *ret_container = OCI_CONTAINER_NONE;
    if (oci_id_check(creation->id, err) < 0 ||
        read_bundle(call, creation, &config_text, ret_container, err) < 0 ||
        caller_enter(&ret_container->config.bundle, err) < 0 ||
        fill_record(call, creation, ret_container, err) < 0 ||
        oci_folder_make(call, creation->id, &ret_container->dir_fd, err) < 0)
        return -1;
    if (bring_up(call, creation, &config_text, ret_container, err) == 0)
        return 0;
    (void)!life_delete(call, ret_container, NULL);
    return -1;
}

/*
 * Starting
 */

static int await_report(struct container *handle, struct error *err)
{
    for (;;) {
        struct pollfd report = {.fd = container_report_fd(handle), .events = POLLIN};
        int exit_code;

        if (poll(&report, 1, -1) < 0 && errno != EINTR)
            return error_sys(err, "wait for the start");
        switch (container_report_read(handle, &exit_code, err)) {
        case REPORT_PENDING:
            break;
        case REPORT_STARTED:
            return 0;
        case REPORT_FAILED:
            return -1;
        }
    }
}

static int connect_to(struct oci_container *container, struct error *err)
{
    int fd = -1;

    if (fd_message_connect(container->dir_fd, "start.sock", &fd, err) < 0)
        return -1;
    if (fd < 0)
        return error_set(err, "nobody waits for the start");
    container_take_channel(container->handle, fd);
    return 0;
}

/* Until its program runs and the hooks for that have run. */
static int start(struct oci_container *container, bool waits_at_socket, struct error *err)
{
    if (notify_socket_listen(container, err) < 0 || container_start(container->handle, err) < 0 ||
        await_report(container->handle, err) < 0)
        return -1;
    if (waits_at_socket && unlinkat(container->dir_fd, "start.sock", 0) < 0)
        return error_sys(err, "remove 'start.sock'");
    container->status = OCI_RUNNING;
    return run_hooks(container, &container->config.bundle.hooks.poststart, "running", err);
}

int life_start(struct oci_call *call, struct oci_container *container, struct error *err)
{
    bool waits_at_socket;

    if (container->config.process.args.count == 0)
        return error_set(err, "container '%s' has no process to start in its configuration",
                         container->record.id);
    if (container->status != OCI_CREATED)
        return error_set(err, "container '%s' is %s: only a created one can be started",
                         container->record.id, oci_status_name(container->status));
    if (oci_waits_at_socket(container->dir_fd, &waits_at_socket, err) < 0 ||
        (waits_at_socket && connect_to(container, err) < 0))
        return error_wrap(err, "start container '%s'", container->record.id);
    if (start(container, waits_at_socket, err) == 0)
        return 0;
    (void)!life_delete(call, container, NULL);
    return error_wrap(err, "start container '%s'", container->record.id);
}

/*
 * Ending
 */

/* A few seconds, should the kernel take its time. */
static int await_end(struct oci_container *container, struct error *err)
{
    enum { USUAL_MS = 500, PATIENCE_MS = 10000 };
    struct pollfd end = {.fd = container_pidfd(container->handle), .events = POLLIN};

    if (poll(&end, 1, USUAL_MS) != 0)
        return 0;
    cgroup_thaw_process(container->record.pid);
    if (poll(&end, 1, PATIENCE_MS) == 0)
        return error_set(err, "its processes do not end");
    return 0;
}

/* Else its creation was not completed, and a group that has its name need not be its own. */
static bool has_lived(const struct oci_container *container)
{
    return container->record.pid > 0 || container->record.unit;
}

static int remove_group(const struct oci_container *container, struct error *err)
{
    enum { ATTEMPTS = 500, PAUSE_NS = 10 * 1000 * 1000 };
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct error why = {0};

    for (int i = 0; i < ATTEMPTS; i++) {
        if (container_cleanup(container->record.cgroup_parent, container->record.cgroup_name,
                              &why) == 0 ||
            !has_lived(container))
            return 0;
        if (why.number != EBUSY)
            break;
        (void)nanosleep(&pause, NULL);
    }
    return error_set(err, "%s", why.text);
}

/* With ours as its mount namespace, its mounts do not go with its processes. */
static int remove_mounts(const struct oci_container *container, struct error *err)
{
    const char *root_dir = container->config.bundle.root_dir;
    uint64_t place = container->record.place_mount;

    for (uint64_t found; place && (found = mount_at(root_dir)) && found != place;)
        if (umount2(root_dir, MNT_DETACH) < 0)
            return error_sys(err, "unmount '%s'", root_dir);
    return 0;
}

/* Without a PID namespace of its own, processes outlive the first one. */
static void end_leftovers(const struct oci_container *container)
{
    struct cgroup *cgroup = NULL;

    if (cgroup_open(container->record.cgroup_parent, container->record.cgroup_name, &cgroup,
                    NULL) == 0 &&
        cgroup)
        (void)!cgroup_kill(cgroup, NULL);
    cgroup_free(cgroup);
}

int life_delete(struct oci_call *call, struct oci_container *container, struct error *err)
{
    struct error unheard = {0};
    struct error *why = err ? err : &unheard;

    if (container->handle &&
        (container_kill(container->handle, why) < 0 || await_end(container, why) < 0))
        return error_wrap(why, "delete container '%s'", container->record.id);
    /* One that never came to live has nobody in its group: who is there is somebody else's. */
    if (!container->handle && has_lived(container))
        end_leftovers(container);
    if (remove_mounts(container, why) < 0 ||
        (container->record.unit &&
         systemd_scope_stop(container->record.unit, call->arena, why) < 0) ||
        remove_group(container, why) < 0 || remove_resctrl(&container->record, why) < 0)
        return error_wrap(why, "delete container '%s'", container->record.id);
    container->record.pid = 0;
    run_last_hooks(call, container);
    return oci_folder_remove(call, container->record.id, why);
}

int life_delete_watched(struct oci_call *call, struct oci_container *container, struct error *err)
{
    struct stat status;

    if (flock(container->dir_fd, LOCK_EX) < 0 || fstat(container->dir_fd, &status) < 0)
        return error_sys(err, "lock container '%s'", container->record.id);
    return status.st_nlink == 0 ? 0 : life_delete(call, container, err);
}
