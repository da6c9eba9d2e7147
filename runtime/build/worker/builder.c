/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/build/worker/process_note.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/image/worker/dir_names.h"
#include "runtime/image/worker/image_staging.h"

/* Strings of the builder itself live as long as it does. */
struct owned_builder {
    struct builder builder;
    struct arena *arena;
    char name[64]; /* of this run */
    int tmp_fd;    /* the store's; borrowed */
};

/* The signals that end a run are read, never taken: a step that waits sees them, too. */
static int open_stop(int *ret_fd, struct error *err)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return error_sys(err, "block signals");
    *ret_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret_fd < 0 ? error_sys(err, "watch signals") : 0;
}

static int open_directory(int parent_fd, const char *name, int *ret_fd, struct error *err)
{
    if (mkdirat(parent_fd, name, 0700) < 0)
        return error_sys(err, "make '%s'", name);
    *ret_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", name) : 0;
}

static const char *run_root_of(const struct build_order *order)
{
    return order->run_root ? order->run_root : "/run";
}

static int open_directories(struct owned_builder *owned, const char *data_root, struct error *err)
{
    struct builder *builder = &owned->builder;
    char root[PATH_MAX];

    if (!realpath(data_root, root))
        return error_sys(err, "resolve '%s'", data_root);
    builder->data_root = arena_strdup(owned->arena, root);
    builder->work_path = arena_printf(owned->arena, "%s/tmp/%s", root, owned->name);
    if (open_directory(owned->tmp_fd, owned->name, &builder->work_fd, err) < 0)
        return -1;
    builder->run_path =
        arena_printf(owned->arena, "%s/%s", run_root_of(builder->order), owned->name);
    return open_directory(AT_FDCWD, builder->run_path, &builder->run_fd, err);
}

/* -- what killed runs have left */

static const char note_prefix[] = "container.";

int builder_note_container(struct builder *builder, const char *id, pid_t pid, struct error *err)
{
    char name[128];

    (void)snprintf(name, sizeof(name), "%s%s", note_prefix, id);
    return pid > 0 ? process_note_write(builder->run_fd, name, pid, err)
                   : file_replace(builder->run_fd, name, "", 0, 0600, err);
}

void builder_forget_container(struct builder *builder, const char *id)
{
    char name[128];

    (void)snprintf(name, sizeof(name), "%s%s", note_prefix, id);
    (void)unlinkat(builder->run_fd, name, 0);
}

static void end_container(const char *cgroup_parent, const char *id)
{
    struct cgroup *cgroup = NULL;

    if (cgroup_open(cgroup_parent, id, &cgroup, NULL) == 0 && cgroup)
        (void)!cgroup_kill(cgroup, NULL);
    cgroup_free(cgroup);
    for (unsigned tries = 0; tries < 1000; tries++) {
        struct error err = {0};

        if (cgroup_remove(cgroup_parent, id, &err) == 0 || err.number != EBUSY)
            return;
        (void)usleep(1000); /* they were killed: soon */
    }
}

/* "build-PID" of a process that is gone. */
static bool is_left_behind(const char *name)
{
    static const char prefix[] = "build-";
    unsigned long long pid;

    return string_starts_with(name, prefix) &&
           string_to_u64(name + strlen(prefix), INT32_MAX, &pid) && pid > 0 &&
           kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static void sweep_one(int run_root_fd, const char *name, struct arena *arena)
{
    scoped_fd int fd = openat(run_root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const char *cgroup_parent = arena_printf(arena, "yawl/%s", name);
    struct string_list notes = {0};

    if (fd < 0 || dir_names_read(fd, arena, &notes, NULL) < 0)
        return;
    build_network_end_left_behind(fd);
    for (size_t i = 0; i < notes.count; i++) {
        if (!string_starts_with(notes.items[i], note_prefix))
            continue;
        process_note_kill(fd, notes.items[i]);
        end_container(cgroup_parent, notes.items[i] + strlen(note_prefix));
    }
    cgroup_remove_parent(cgroup_parent);
    (void)!path_remove_tree(run_root_fd, name, NULL);
}

static void sweep(const struct build_order *order)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_fd int fd = open(run_root_of(order), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct string_list names = {0};

    if (fd < 0 || dir_names_read(fd, arena, &names, NULL) < 0)
        return;
    for (size_t i = 0; i < names.count; i++)
        if (is_left_behind(names.items[i]))
            sweep_one(fd, names.items[i], arena);
}

/* -- a run */

static int open_parts(struct owned_builder *owned, const struct builder_options *options,
                      struct error *err)
{
    struct builder *builder = &owned->builder;

    if (open_stop(&builder->stop_fd, err) < 0)
        return -1;
    builder->store = image_store_open(options->data_root, err);
    if (!builder->store)
        return -1;
    image_staging_sweep(builder->store);
    sweep(builder->order);
    owned->tmp_fd = image_store_tmp_fd(builder->store);
    if (open_directories(owned, options->data_root, err) < 0)
        return -1;
    builder->pool = layer_pool_new(builder->store, err);
    builder->cache = builder->pool ? step_cache_new(builder->store, err) : NULL;
    if (!builder->cache)
        return -1;
    builder->memo = digest_memo_new(image_store_root_fd(builder->store));
    builder->network = build_network_new(builder->run_fd, owned->name);
    return 0;
}

struct builder *builder_new(const struct builder_options *options, struct error *err)
{
    struct owned_builder *owned = memory_new(struct owned_builder);
    struct builder *builder = &owned->builder;

    owned->arena = arena_new();
    (void)snprintf(owned->name, sizeof(owned->name), "build-%d", (int)getpid());
    builder->order = options->order;
    builder->work_fd = builder->run_fd = builder->stop_fd = -1;
    builder->cgroup_parent = arena_printf(owned->arena, "yawl/%s", owned->name);
    if (open_parts(owned, options, err) < 0) {
        builder_free(builder);
        return NULL;
    }
    return builder;
}

void builder_free(struct builder *builder)
{
    struct owned_builder *owned = (struct owned_builder *)builder;

    if (!builder)
        return;
    build_network_free(builder->network);
    digest_memo_free(builder->memo);
    step_cache_free(builder->cache);
    layer_pool_free(builder->pool);
    cgroup_remove_parent(builder->cgroup_parent);
    if (builder->work_fd >= 0)
        (void)!path_remove_tree(owned->tmp_fd, owned->name, NULL);
    if (builder->run_fd >= 0)
        (void)!path_remove_tree(AT_FDCWD, builder->run_path, NULL);
    fd_close(builder->work_fd);
    fd_close(builder->run_fd);
    fd_close(builder->stop_fd);
    image_store_free(builder->store);
    arena_free(owned->arena);
    free(owned);
}

bool builder_is_stopped(const struct builder *builder)
{
    struct pollfd watched = {builder->stop_fd, POLLIN, 0};

    return poll(&watched, 1, 0) > 0;
}

int builder_make_directory(struct builder *builder, struct arena *arena, const char **ret_path,
                           int *ret_fd, struct error *err)
{
    const char *name =
        arena_printf(arena, "step-%u", atomic_fetch_add(&builder->n_directories, 1) + 1);

    *ret_path = arena_printf(arena, "%s/%s", builder->work_path, name);
    return open_directory(builder->work_fd, name, ret_fd, err);
}
