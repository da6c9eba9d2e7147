/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/step_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/build/worker/copy_writer.h"
#include "runtime/build/worker/ssh_relay.h"

enum { SECRET_MOST_BYTES = 500 * 1024, LOCK_PAUSE_US = 20 * 1000 };

static const char *target_of(const struct build_mount *mount, struct stage_run *run)
{
    const char *target = mount->target ? mount->target : ".";

    return path_clean(run->arena, image_draft_path(run->draft, target));
}

int step_mounts_read(struct stage_run *run, const struct instruction *instruction,
                     const char *script, struct step_mounts *ret_mounts, struct error *err)
{
    *ret_mounts = (struct step_mounts){.run = run,
                                       .mounts = instruction->mounts,
                                       .n_mounts = instruction->n_mounts,
                                       .script = script};
    if (instruction->n_mounts >= STEP_MOUNTS_MOST)
        return error_set(err, "there are more than %d mounts", STEP_MOUNTS_MOST - 1);
    for (size_t i = 0; i < instruction->n_mounts; i++) {
        const struct build_mount *mount = &instruction->mounts[i];

        if ((mount->type == BUILD_MOUNT_BIND || mount->type == BUILD_MOUNT_CACHE) &&
            string_eq(target_of(mount, run), "/"))
            return error_set(err, "a mount cannot be made on '/'");
    }
    return 0;
}

/* -- the key */

static int hash_content(const struct build_mount *mount, struct stage_step *step, struct error *err)
{
    struct stage_run *run = step->run;
    struct stage_tree tree;
    struct source_list list = {0};
    struct source_request request = {.tree = &tree.tree,
                                     .path = mount->source ? mount->source : "."};
    int result = stage_tree_open(run, mount->from.text ? &mount->from : NULL, &tree, err);

    if (result == 0)
        result = source_list_add(&list, &request, run->arena, err);
    if (result == 0)
        result = source_list_digest(&list, &tree.tree, run->build->builder->memo, step->hash, err);
    stage_tree_close(&tree);
    return result < 0 ? error_wrap(err, "mount '%s'", target_of(mount, run)) : 0;
}

int step_mounts_hash(const struct step_mounts *mounts, struct stage_step *step, struct error *err)
{
    for (size_t i = 0; i < mounts->n_mounts; i++) {
        const struct build_mount *mount = &mounts->mounts[i];
        char line[64];

        (void)snprintf(line, sizeof(line), "%d %d %lld %lld %lld", mount->type, mount->read_only,
                       (long long)mount->mode, (long long)mount->uid, (long long)mount->gid);
        stage_step_hash(step, line);
        stage_step_hash(step, target_of(mount, mounts->run));
        stage_step_hash(step, mount->id ? mount->id : "");
        stage_step_hash(step, mount->env ? mount->env : "");
        if (mount->type == BUILD_MOUNT_BIND && hash_content(mount, step, err) < 0)
            return -1;
    }
    return 0;
}

/* -- sources */

/* One mount being opened. */
struct opening {
    struct step_mounts *mounts;
    const struct build_mount *mount;
    struct run_step *step;
    struct mount_spec *spec;
};

/* A directory of the step's for this mount. */
static int make_place(const struct opening *opening, const char *kind, int *ret_fd,
                      const char **ret_path, struct error *err)
{
    struct run_step *step = opening->step;
    const char *name = arena_printf(step->arena, "%s-%zu", kind, step->n_mounts);

    *ret_path = arena_printf(step->arena, "%s/%s", step->step_path, name);
    if (mkdirat(step->step_fd, name, 0755) < 0)
        return error_sys(err, "make '%s'", name);
    *ret_fd = openat(step->step_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", name) : 0;
}

/* A copy, which may be written to: nothing of that comes back. */
static int open_copy(const struct opening *opening, struct stage_tree *tree, struct error *err)
{
    const struct build_mount *mount = opening->mount;
    struct stage_run *run = opening->mounts->run;
    const struct copy_rules rules = {.destination = "/copy"};
    struct source_request request = {.tree = &tree->tree,
                                     .path = mount->source ? mount->source : "."};
    struct source_list list = {0};
    scoped_fd int place_fd = -1;
    const char *path;

    if (make_place(opening, "bind", &place_fd, &path, err) < 0)
        return -1;
    opening->spec->source = arena_printf(run->arena, "%s/copy", path);
    if (tree->tree.is_empty)
        return mkdirat(place_fd, "copy", 0755) < 0 ? error_sys(err, "make 'copy'") : 0;
    if (source_list_add(&list, &request, run->arena, err) < 0)
        return -1;
    return copy_write(place_fd, &rules, &list, &tree->tree, err);
}

static int open_bind(const struct opening *opening, struct error *err)
{
    const struct build_mount *mount = opening->mount;
    struct stage_run *run = opening->mounts->run;
    const struct word *from = mount->from.text ? &mount->from : NULL;
    struct stage_tree tree;
    int result = stage_tree_open(run, from, &tree, err);

    if (result == 0)
        result = open_copy(opening, &tree, err);
    stage_tree_close(&tree);
    return result;
}

static int open_tmpfs(const struct opening *opening)
{
    struct run_step *step = opening->step;

    opening->spec->kind = MOUNT_TMPFS;
    opening->spec->options = opening->mount->size_bytes > 0
                                 ? arena_printf(step->arena, "mode=1777,exec,size=%lld",
                                                (long long)opening->mount->size_bytes)
                                 : "mode=1777,exec";
    return 0;
}

/* Waits until nobody else has the cache; a run that is to end does not. */
static int lock_cache(struct step_mounts *mounts, int fd, int how, struct error *err)
{
    while (flock(fd, how | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_sys(err, "lock a cache");
        if (builder_is_stopped(mounts->run->build->builder))
            return error_set(err, "interrupted");
        (void)usleep(LOCK_PAUSE_US);
    }
    mounts->lock_fds[mounts->n_locks++] = fd;
    return 0;
}

static int set_owner(const struct build_mount *mount, int fd, struct error *err)
{
    if (fchown(fd, mount->uid >= 0 ? (uid_t)mount->uid : 0,
               mount->gid >= 0 ? (gid_t)mount->gid : 0) < 0 ||
        fchmod(fd, mount->mode >= 0 ? (mode_t)mount->mode & 07777 : 0755) < 0)
        return error_sys(err, "set owner and mode");
    return 0;
}

/* One whose lock is to be had; *ret_suffix is that of its names. A private cache that somebody else
 * has is another one. */
static int take_cache(const struct opening *opening, int folder_fd, const char **ret_suffix,
                      struct error *err)
{
    enum mount_sharing sharing = opening->mount->sharing;
    bool shares = sharing != SHARING_PRIVATE && sharing != SHARING_LOCKED;
    struct step_mounts *mounts = opening->mounts;

    for (unsigned i = 0;; i++) {
        const char *suffix = i == 0 ? "" : arena_printf(opening->step->arena, "-%u", i);
        scoped_fd int fd = openat(folder_fd, arena_printf(opening->step->arena, "lock%s", suffix),
                                  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
            return error_sys(err, "open the lock of a cache");
        if (sharing == SHARING_PRIVATE && flock(fd, LOCK_EX | LOCK_NB) < 0)
            continue;
        if (lock_cache(mounts, fd, shares ? LOCK_SH : LOCK_EX, err) < 0)
            return -1;
        (void)steal_fd(&fd);
        *ret_suffix = suffix;
        return 0;
    }
}

/* build/caches/<digest of the id>/data, and a lock beside it. */
static int open_cache(const struct opening *opening, struct error *err)
{
    const struct build_mount *mount = opening->mount;
    struct stage_run *run = opening->mounts->run;
    const char *id = mount->id ? mount->id : opening->spec->target;
    int root_fd = image_store_root_fd(run->build->builder->store);
    char hex[SHA256_HEX_SIZE];
    scoped_fd int folder_fd = -1;
    scoped_fd int data_fd = -1;
    const char *folder, *suffix = NULL;
    bool is_new;

    sha256_hex(id, strlen(id), hex);
    folder = arena_printf(run->arena, "build/caches/%s", hex);
    if (path_make_dirs(root_fd, folder, 0700, err) < 0)
        return -1;
    folder_fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder_fd < 0)
        return error_sys(err, "open a cache");
    if (take_cache(opening, folder_fd, &suffix, err) < 0)
        return -1;
    folder = arena_printf(run->arena, "%s/data%s", folder, suffix);
    is_new = mkdirat(root_fd, folder, 0755) == 0;
    if (!is_new && errno != EEXIST)
        return error_sys(err, "make a cache");
    data_fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (data_fd < 0)
        return error_sys(err, "open a cache");
    opening->spec->source =
        arena_printf(run->arena, "%s/%s", run->build->builder->data_root, folder);
    return is_new ? set_owner(mount, data_fd, err) : 0;
}

static const struct build_secret *find_secret(const struct build_request *request, const char *id)
{
    for (size_t i = 0; i < request->n_secrets; i++)
        if (string_eq(request->secrets[i].id, id))
            return &request->secrets[i];
    return NULL;
}

static const char *secret_id(const struct build_mount *mount)
{
    const char *text = mount->id ? mount->id : mount->source ? mount->source : mount->target;

    return path_base_name(text ? text : mount->env);
}

/* Of this mount, in the run's own directory. */
static const char *own_name(const struct opening *opening)
{
    const struct run_step *step = opening->step;

    return arena_printf(step->arena, "%s-%zu", path_base_name(step->step_path), step->n_mounts);
}

/* In memory, below the run's own directory. */
static int write_secret(const struct opening *opening, const struct text *bytes, struct error *err)
{
    struct builder *builder = opening->step->builder;
    const struct build_mount *mount = opening->mount;
    const char *name = own_name(opening);
    scoped_fd int fd = -1;

    if (file_replace(builder->run_fd, name, text_get(bytes), bytes->length, 0400, err) < 0)
        return -1;
    opening->spec->source = arena_printf(opening->step->arena, "%s/%s", builder->run_path, name);
    string_list_add(opening->step->arena, &opening->mounts->trash, opening->spec->source);
    fd = openat(builder->run_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 ||
        fchown(fd, mount->uid >= 0 ? (uid_t)mount->uid : 0,
               mount->gid >= 0 ? (gid_t)mount->gid : 0) < 0 ||
        fchmod(fd, mount->mode >= 0 ? (mode_t)mount->mode & 0777 : 0400) < 0)
        return error_sys(err, "make the secret");
    return 0;
}

static int read_secret(const struct build_secret *secret, struct text *out, struct error *err)
{
    if (secret->value)
        text_append(out, secret->value);
    else if (file_read(AT_FDCWD, secret->file, SECRET_MOST_BYTES, out, NULL, err) < 0)
        return -1;
    return 0;
}

/* *ret_skip: it is not given, and need not be. */
static int open_secret(const struct opening *opening, bool *ret_skip, struct error *err)
{
    const struct build_mount *mount = opening->mount;
    const char *id = secret_id(mount);
    const struct build_secret *secret = find_secret(opening->step->request, id);
    scoped_text struct text bytes = {0};

    *ret_skip = !secret && !mount->required;
    if (!secret)
        return mount->required ? error_set(err, "secret '%s' is not given", id) : 0;
    if (read_secret(secret, &bytes, err) < 0)
        return error_wrap(err, "secret '%s'", id);
    if (mount->env)
        string_list_add(opening->step->arena, &opening->step->env,
                        arena_printf(opening->step->arena, "%s=%s", mount->env, text_get(&bytes)));
    *ret_skip = mount->env && !mount->target;
    if (*ret_skip)
        return 0;
    if (!mount->target)
        opening->spec->target = arena_printf(opening->step->arena, "/run/secrets/%s", id);
    opening->spec->read_only = true;
    return write_secret(opening, &bytes, err);
}

static int start_relay(const struct opening *opening, const char *agent, struct error *err)
{
    struct run_step *step = opening->step;
    struct step_mounts *mounts = opening->mounts;
    const struct build_mount *mount = opening->mount;
    const struct ssh_relay_spec spec = {
        .agent = agent,
        .dir_fd = step->builder->run_fd,
        .name = own_name(opening),
        .uid = mount->uid >= 0 ? (uid_t)mount->uid : 0,
        .gid = mount->gid >= 0 ? (gid_t)mount->gid : 0,
        .mode = mount->mode >= 0 ? (mode_t)mount->mode & 0777 : 0600,
    };

    opening->spec->source = arena_printf(step->arena, "%s/%s", step->builder->run_path, spec.name);
    if (ssh_relay_start(&spec, &mounts->relays[mounts->n_relays], err) < 0)
        return -1;
    mounts->n_relays++;
    return 0;
}

static int open_ssh(const struct opening *opening, bool *ret_skip, struct error *err)
{
    const struct build_request *request = opening->step->request;
    const char *id = opening->mount->id ? opening->mount->id : "default";
    const char *socket = NULL;

    for (size_t i = 0; i < request->n_ssh; i++)
        if (string_eq(request->ssh[i].name, id))
            socket = request->ssh[i].value;
    *ret_skip = !socket && !opening->mount->required;
    if (!socket)
        return opening->mount->required ? error_set(err, "ssh agent '%s' is not given", id) : 0;
    if (start_relay(opening, socket, err) < 0)
        return -1;
    if (!opening->mount->target)
        opening->spec->target = arena_printf(opening->step->arena, "/run/buildkit/ssh_agent.%zu",
                                             opening->step->n_mounts);
    string_list_add(opening->step->arena, &opening->step->env,
                    arena_printf(opening->step->arena, "SSH_AUTH_SOCK=%s", opening->spec->target));
    return 0;
}

static int open_one(const struct opening *opening, bool *ret_skip, struct error *err)
{
    *ret_skip = false;
    opening->spec->target = target_of(opening->mount, opening->mounts->run);
    opening->spec->read_only = opening->mount->read_only;
    switch (opening->mount->type) {
    case BUILD_MOUNT_CACHE:
        return open_cache(opening, err);
    case BUILD_MOUNT_TMPFS:
        return open_tmpfs(opening);
    case BUILD_MOUNT_SECRET:
        return open_secret(opening, ret_skip, err);
    case BUILD_MOUNT_SSH:
        return open_ssh(opening, ret_skip, err);
    default:
        return open_bind(opening, err);
    }
}

static int open_script(struct step_mounts *mounts, struct run_step *step, struct error *err)
{
    scoped_fd int fd =
        openat(step->step_fd, "script", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);

    if (fd < 0 || fd_write_all(fd, mounts->script, strlen(mounts->script)) < 0 ||
        fchmod(fd, 0755) < 0)
        return error_sys(err, "write the script");
    step->mounts[step->n_mounts++] = (struct mount_spec){
        .kind = MOUNT_BIND,
        .source = arena_printf(step->arena, "%s/script", step->step_path),
        .target = STEP_SCRIPT,
        .read_only = true,
    };
    return 0;
}

int step_mounts_open(struct step_mounts *mounts, struct run_step *step, struct error *err)
{
    step->mounts = arena_new_array(step->arena, struct mount_spec, STEP_MOUNTS_MOST);
    if (mounts->script && open_script(mounts, step, err) < 0)
        return -1;
    for (size_t i = 0; i < mounts->n_mounts; i++) {
        struct mount_spec *spec = &step->mounts[step->n_mounts];
        const struct opening opening = {mounts, &mounts->mounts[i], step, spec};
        bool skip;

        *spec = (struct mount_spec){.kind = MOUNT_BIND};
        if (open_one(&opening, &skip, err) < 0)
            return error_wrap(err, "mount '%s'", spec->target ? spec->target : "");
        step->n_mounts += !skip;
    }
    return 0;
}

void step_mounts_close(struct step_mounts *mounts)
{
    for (size_t i = 0; i < mounts->n_locks; i++)
        fd_close(mounts->lock_fds[i]);
    for (size_t i = 0; i < mounts->trash.count; i++)
        (void)unlink(mounts->trash.items[i]);
    for (size_t i = 0; i < mounts->n_relays; i++)
        ssh_relay_stop(mounts->relays[i]);
    mounts->n_locks = mounts->n_relays = 0;
}
