/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The starter's side of a container start; cage.h shows both sides.
 *
 * Nothing waits for the new process but the end of it all: while it comes to its first word, its
 * root is made.
 *
 * The root is mounted after the clone, because the mapping of its ids is the new user namespace
 * itself, and because the child makes its own file systems meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/own_ids.h"
#include "common/path.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/bundle_mounts.h"
#include "runtime/cage.h"
#include "runtime/container_options.h"
#include "runtime/kept_root.h"
#include "runtime/rlimits.h"
#include "runtime/starter.h"

/* What was in the way of a creation that is worth another one. */
enum obstacle {
    OBSTACLE_OTHER,
    OBSTACLE_IDS,   /* nothing can be mapped here; without a user namespace it might work */
    OBSTACLE_GROUP, /* the kernel kills what is cloned into the control group */
};

struct creation {
    const struct container_spec *spec;
    const struct container_options *options;
    struct cage cage;
    struct starter_child child;
    enum obstacle obstacle;
    struct container *container;
    struct rootfs *rootfs;
    struct mapped_tree *tree; /* or NULL */
    struct joined_namespaces joined;
    struct identity identity;
    int userns_fd;
    const int *image_fds; /* mounts of other images */
    size_t n_images;
};

/*
 * Before the clone
 */

static uint64_t clone_flags(const struct container_spec *spec,
                            const struct joined_namespaces *joined)
{
    uint64_t flags = CLONE_NEWNS;

    /* The child makes the other two once it is where it belongs. */
    if (spec->bundle)
        return spec->bundle->new_namespaces & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
    if (!spec->host_pid)
        flags |= CLONE_NEWPID;
    if (!spec->host_ipc)
        flags |= CLONE_NEWIPC;
    if (!spec->host_uts)
        flags |= CLONE_NEWUTS;
    if (!spec->host_network)
        flags |= CLONE_NEWNET;
    if (spec->id_map.count > 0)
        flags |= CLONE_NEWUSER;
    return flags & ~joined->types;
}

/*
 * Between the clone and the child's first step
 */

static int write_map(pid_t pid, const char *name, struct id_map map, struct error *err)
{
    scoped_text struct text lines = {0};
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    if (map.base > 0)
        text_appendf(&lines, "0 %u %u\n", map.base, map.count);
    else if (own_ids_identity(name, map.count, &lines, err) < 0)
        return -1;
    return file_write_existing(AT_FDCWD, path, text_get(&lines), err);
}

static int prepare_bundle(const struct bundle_spec *bundle, pid_t pid, struct error *err)
{
    const struct process_spec *process = bundle->process;

    if ((bundle->new_namespaces & CLONE_NEWUSER) &&
        id_ranges_write(pid, &bundle->uids, &bundle->gids, err) < 0)
        return -1;
    if (rlimits_set(pid, process->limits, process->n_limits, err) < 0)
        return -1;
    return process->has_oom_score ? process_set_oom_score(pid, process->oom_score, err) : 0;
}

static int prepare_child(void *owner, pid_t pid, struct error *err)
{
    struct creation *creation = owner;
    const struct container_spec *spec = creation->spec;

    if (spec->bundle)
        return prepare_bundle(spec->bundle, pid, err);

    if (spec->id_map.count > 0 && !(creation->joined.types & CLONE_NEWUSER) &&
        (write_map(pid, "uid_map", spec->id_map, err) < 0 ||
         write_map(pid, "gid_map", spec->id_map, err) < 0))
        return error_wrap(err, "map the ids of the user namespace");
    if (rlimits_set(pid, spec->ulimits, spec->n_ulimits, err) < 0)
        return -1;
    return process_set_oom_score(pid, spec->oom_score_adj, err);
}

static void run_child(void *owner, int take_channel_fd)
{
    struct creation *creation = owner;

    creation->cage.channel_fd = take_channel_fd;
    cage_run(&creation->cage);
}

/*
 * The root
 */

/* Whether every mount point is there, so that a root without an upper layer will do. What lies
 * below file systems of our own is made there. */
static bool has_mountpoints(const struct cage *cage, int root_fd)
{
    static const char *const always[] = {"/proc", "/sys", "/dev"};

    for (size_t i = 0; i < ARRAY_LENGTH(always); i++) {
        scoped_fd int fd = path_open_in_root(root_fd, always[i], O_PATH | O_DIRECTORY, 0);

        if (fd < 0)
            return false;
    }
    for (size_t i = 0; i < cage->mounts.count; i++) {
        const struct planned_mount *mount = &cage->mounts.mounts[i];
        scoped_fd int fd = -1;

        if (string_starts_with(mount->target, "/dev/") ||
            string_starts_with(mount->target, "/sys/"))
            continue;
        fd = path_open_in_root(root_fd, mount->target,
                               O_PATH | (mount->is_directory ? O_DIRECTORY : 0), 0);
        if (fd < 0)
            return false;
    }
    return faccessat(root_fd, &cage->program.cwd[strspn(cage->program.cwd, "/")], F_OK, 0) == 0 ||
           string_eq(cage->program.cwd, "/");
}

static int mount_root_as(struct creation *creation, enum rootfs_way way, struct error *err)
{
    const struct container_spec *spec = creation->spec;
    struct rootfs_request request = {
        .layers = spec->layers,
        .upper = ROOTFS_UPPER_NONE,
        .upper_dir = spec->upper_dir,
        .upper_is_layer = spec->upper_is_layer,
        .way = way,
        .userns_fd = creation->userns_fd,
        .map = spec->id_map,
        .tree = creation->tree,
    };
    scoped(rootfs_free) struct rootfs *rootfs = NULL;

    /* The kernel wants two layers where there is no upper one. */
    if ((spec->read_only || !spec->upper_dir) && spec->layers.count > 1) {
        if (rootfs_mount(&request, &rootfs, err) < 0)
            return -1;
        if (has_mountpoints(&creation->cage, rootfs_fd(rootfs))) {
            creation->rootfs = steal(rootfs);
            return 0;
        }
        rootfs_free(steal(rootfs));
    }
    request.upper = spec->upper_dir ? ROOTFS_UPPER_DIR : ROOTFS_UPPER_MEMORY;
    return rootfs_mount(&request, &creation->rootfs, err);
}

static void set_note(struct container *container, const char *what, const char *why)
{
    int n = snprintf(container->note, sizeof(container->note), "%s: %s", what, why);

    if (n >= (int)sizeof(container->note))
        memcpy(container->note + sizeof(container->note) - 4, "...", 4);
}

/* Whether it is what the kernel or a file system cannot do, told by errno or, where it makes the
 * root read-only without a word, by none. Whatever else goes wrong, such as a lack of memory or of
 * descriptors, is no reason for a container with less of a cage. */
static bool is_unsupported(const struct error *why)
{
    static const int numbers[] = {0,      EINVAL, EOPNOTSUPP, ENOSYS, EPERM,
                                  EACCES, ENODEV, EOVERFLOW,  EXDEV};

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (why->number == numbers[i])
            return true;
    return false;
}

/* Not every kernel makes an overlay from parts of one mount. */
static int mount_root_mapped(struct creation *creation, struct error *err)
{
    if (creation->tree) {
        if (mount_root_as(creation, ROOTFS_MAPPED, err) == 0)
            return 0;
        if (!is_unsupported(err))
            return -1;
        mapped_tree_refuse(creation->tree);
    }
    creation->tree = NULL;
    return mount_root_as(creation, ROOTFS_MAPPED, err);
}

/* For the next start. What has to be mapped in a worse way is made anew each time, and says each
 * time why. */
static void keep_root(const struct creation *creation)
{
    struct kept_root *kept = creation->options->surroundings.kept_root;

    if (kept)
        kept_root_keep(kept, creation->spec->id_map, rootfs_fd(creation->rootfs));
}

static int mount_new_root(struct creation *creation, struct error *err)
{
    enum rootfs_way way = creation->options->first_way;
    struct container *container = creation->container;
    struct error why = {0}, shifting = {0};

    if (creation->spec->bundle)
        return rootfs_of_directory(creation->spec->bundle->root_dir, &creation->rootfs, err);
    if (!id_map_shifts(creation->spec->id_map)) {
        if (mount_root_as(creation, ROOTFS_PLAIN, err) < 0)
            return -1;
        keep_root(creation);
        return 0;
    }
    if (way == ROOTFS_MAPPED && mount_root_mapped(creation, &why) == 0) {
        keep_root(creation);
        return 0;
    }
    if (!is_unsupported(&why))
        return error_pass(&why, err);
    if (way != ROOTFS_PLAIN && mount_root_as(creation, ROOTFS_LAYERS_MAPPED, &shifting) == 0) {
        set_note(container, "files that the container writes belong to shifted ids on disk",
                 way == ROOTFS_MAPPED ? why.text : "asked for");
        return 0;
    }
    creation->obstacle = is_unsupported(&shifting) ? OBSTACLE_IDS : OBSTACLE_OTHER;
    (void)error_pass(&shifting, err);
    return error_wrap(err, "map the ids of the root file system");
}

static int mount_root(struct creation *creation, struct error *err)
{
    struct kept_root *kept = creation->options->surroundings.kept_root;
    int mount_fd = kept ? kept_root_clone(kept, creation->spec->id_map) : -1;

    if (mount_fd < 0)
        return mount_new_root(creation, err);
    creation->rootfs = rootfs_of_mount(mount_fd);
    return 0;
}

/*
 * After the clone
 */

static int open_namespace(pid_t pid, const char *name, int *ret_fd, struct error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", path) : 0;
}

static int open_namespaces(struct creation *creation, struct error *err)
{
    pid_t pid = creation->child.pid;

    if (creation->spec->id_map.count > 0 &&
        open_namespace(pid, "user", &creation->userns_fd, err) < 0)
        return -1;
    if (!creation->spec->host_network &&
        open_namespace(pid, "net", &creation->container->netns_fd, err) < 0)
        return -1;
    if (creation->options->surroundings.kept_root &&
        open_namespace(pid, "mnt", &creation->container->mntns_fd, err) < 0)
        return -1;
    return 0;
}

static int map_mounts(struct creation *creation, struct error *err)
{
    const char *unmapped;

    if (!id_map_shifts(creation->spec->id_map))
        return 0;
    if (mount_plan_map_ids(&creation->cage.mounts, creation->userns_fd, &unmapped, err) < 0)
        return -1;
    if (unmapped && !creation->container->note[0])
        set_note(creation->container, "owners show as nobody below", unmapped);
    return 0;
}

static bool is_inside(struct id_map map, uint32_t id)
{
    return map.count == 0 || id < map.count;
}

/* Also gives the output pipes to the user, who may open /dev/stdout again. */
static int find_identity(struct creation *creation, struct error *err)
{
    const struct container_spec *spec = creation->spec;
    struct identity *identity = &creation->identity;
    uint32_t base = spec->id_map.count > 0 ? spec->id_map.base : 0;

    if (identity_find(rootfs_fd(creation->rootfs), spec->user, spec->groups, identity, err) < 0)
        return -1;
    if (!is_inside(spec->id_map, identity->uid))
        return error_set(err, "user id %u is outside of the container's ids (0-%u)", identity->uid,
                         spec->id_map.count - 1);
    for (uint32_t i = 0; i < identity->n_groups; i++)
        if (!is_inside(spec->id_map, identity->groups[i]))
            return error_set(err, "group id %u is outside of the container's ids (0-%u)",
                             identity->groups[i], spec->id_map.count - 1);
    if (creation->cage.input_fd >= 0 &&
        fchown(creation->cage.input_fd, base + identity->uid, (gid_t)-1) < 0)
        return error_sys(err, "give standard input to user %u", identity->uid);
    for (size_t i = 0; i < 2; i++)
        if (creation->cage.output_fds[i] >= 0 &&
            fchown(creation->cage.output_fds[i], base + identity->uid, (gid_t)-1) < 0)
            return error_sys(err, "give standard output to user %u", identity->uid);
    return 0;
}

/* The bundle says it in numbers; only the home directory is looked up. */
static int take_identity(struct creation *creation, struct error *err)
{
    return identity_of_process(rootfs_fd(creation->rootfs), creation->spec->bundle->process,
                               &creation->identity, err);
}

/* Hooks that run before the container's file systems are its own. */
static int run_hooks(struct creation *creation, struct error *err)
{
    const struct bundle_spec *bundle = creation->spec->bundle;
    const struct bundle_hooks *hooks = &bundle->hooks;
    const struct hook_files *files = &creation->cage.bundle.hook_files;
    const struct hook_surroundings surroundings = hook_surroundings_outside(bundle, files);
    struct failure failure = {0};

    /* The specification would allow "creating" as well, which the suites of runtimes do not. */
    if (files->state_fd >= 0 &&
        (starter_hear(&creation->child, err) < 0 ||
         hooks_state_write(bundle, creation->child.pid, "created", files->state_fd, err) < 0))
        return -1;
    if (hooks_run(&hooks->prestart, &surroundings, &failure) < 0 ||
        hooks_run(&hooks->create_runtime, &surroundings, &failure) < 0)
        return failure_to_error(&failure, err);
    return 0;
}

/* Images are mapped as the root's layers are. */
static int mount_images(struct creation *creation, struct arena *arena, struct error *err)
{
    bool shifts = id_map_shifts(creation->spec->id_map);
    const struct rootfs_request like = {.way = shifts ? ROOTFS_LAYERS_MAPPED : ROOTFS_PLAIN,
                                        .userns_fd = creation->userns_fd,
                                        .map = creation->spec->id_map};

    if (mount_plan_open_images(&creation->cage.mounts, &like, arena, &creation->image_fds,
                               &creation->n_images, err) < 0)
        return -1;
    if (creation->n_images >= CHANNEL_MAX_FDS)
        return error_set(err, "more than %d image volumes", CHANNEL_MAX_FDS - 1);
    return 0;
}

static int tell_child(struct creation *creation, struct error *err)
{
    int channel_fd = creation->child.channel_fd;
    int fds[CHANNEL_MAX_FDS] = {rootfs_fd(creation->rootfs)};

    for (size_t i = 0; i < creation->n_images; i++)
        fds[i + 1] = creation->image_fds[i];
    if (channel_send_fds(channel_fd, CHANNEL_MOUNTS, fds, creation->n_images + 1) < 0 ||
        channel_send(channel_fd, CHANNEL_IDENTITY, &creation->identity,
                     sizeof(creation->identity)) < 0) {
        /* It went before us: its report says why. */
        if (errno != EPIPE && errno != ECONNRESET)
            return error_sys(err, "talk to the new process");
    }
    return 0;
}

static int furnish_bundle(struct creation *creation, struct error *err)
{
    const struct container_surroundings *surroundings = &creation->options->surroundings;

    if (surroundings->furnish &&
        surroundings->furnish(surroundings->owner, creation->child.pid, err) < 0)
        return -1;
    if (run_hooks(creation, err) < 0 || mount_root(creation, err) < 0 ||
        take_identity(creation, err) < 0)
        return -1;
    return tell_child(creation, err);
}

/* The child goes on only when it is started, so that devices are allowed while it is busy. */
static int furnish_service(struct creation *creation, struct arena *arena, struct error *err)
{
    const struct container_spec *spec = creation->spec;

    if (open_namespaces(creation, err) < 0 || map_mounts(creation, err) < 0 ||
        mount_root(creation, err) < 0 || mount_images(creation, arena, err) < 0 ||
        find_identity(creation, err) < 0 || tell_child(creation, err) < 0)
        return -1;
    if (spec->privileged)
        return 0;
    return cgroup_allow_devices(creation->container->cgroup, spec->devices, spec->n_devices,
                                creation->options->surroundings.device_programs, err);
}

static int build(struct creation *creation, struct arena *arena, struct error *err)
{
    const struct container_spec *spec = creation->spec;
    const struct bundle_spec *bundle = spec->bundle;
    struct container *container = creation->container;
    struct starter starter = {
        .joined = &creation->joined,
        .plain = creation->options->plain_clone,
        .owner = creation,
        .run = run_child,
        .prepare = prepare_child,
    };

    if (cage_plan(spec, arena, &creation->cage, err) < 0 ||
        (bundle &&
         joined_open_paths(bundle->joined, bundle->n_joined, &creation->joined, err) < 0) ||
        joined_open(&creation->options->surroundings.partners, &creation->joined, err) < 0)
        return -1;
    if (creation->joined.shm_fd >= 0)
        creation->cage.shm_fd = steal_fd(&creation->joined.shm_fd);
    if (cgroup_create(spec->cgroup_parent, spec->id, &spec->resources, &container->cgroup, err) < 0)
        return -1;
    if (bundle &&
        ((bundle->device_rules && own_ids_are_all() &&
          cgroup_set_device_rules(container->cgroup, bundle->device_rules, NULL, err) < 0) ||
         cage_open_groups(&creation->cage, container->cgroup, arena, err) < 0))
        return -1;
    starter.cgroup = container->cgroup;
    starter.clone_flags = clone_flags(spec, &creation->joined);
    if (starter_begin(&starter, &creation->child, err) < 0 ||
        starter_admit(&creation->child, err) < 0)
        return -1;
    if ((bundle ? furnish_bundle(creation, err) : furnish_service(creation, arena, err)) < 0)
        return -1;
    return starter_hear(&creation->child, err);
}

static struct container *container_new(const struct container_spec *spec)
{
    struct container *container = calloc(1, sizeof(*container));

    if (!container)
        abort();
    container->pidfd = container->netns_fd = container->mntns_fd = container->root_fd = -1;
    container->channel_fd = container->tty_fd = -1;
    container->in_user_namespace = spec_has_user_namespace(spec);
    container->bundle = spec->bundle;
    return container;
}

static int hand_over(struct creation *creation, struct error *err)
{
    struct container *container = creation->container;

    container->pid = creation->child.pid;
    if (process_find_start_time(container->pid, &container->start_time, err) < 0)
        return -1;
    container->pidfd = steal_fd(&creation->child.pidfd);
    container->channel_fd = steal_fd(&creation->child.channel_fd);
    container->root_fd = rootfs_steal_fd(creation->rootfs);
    return 0;
}

/* Where the child went first, what it said is the reason, and what failed here only followed. */
static void prefer_childs_reason(struct creation *creation, struct error *err)
{
    struct channel_message message;
    struct failure failure;

    while (creation->child.channel_fd >= 0 &&
           channel_receive(creation->child.channel_fd, false, &message) > 0) {
        creation->child.settled = true;
        for (size_t i = 0; i < message.n_fds; i++)
            fd_close(message.fds[i]);
        if (message.kind != CHANNEL_FAILED || message.length != sizeof(failure))
            continue;
        memcpy(&failure, message.bytes, sizeof(failure));
        (void)failure_to_error(&failure, err);
    }
}

static void take_back(struct creation *creation, struct error *err)
{
    const struct container_spec *spec = creation->spec;
    bool had_cgroup = creation->container->cgroup;

    prefer_childs_reason(creation, err);
    if (starter_child_end(&creation->child))
        creation->obstacle = OBSTACLE_GROUP;
    if (had_cgroup)
        (void)!cgroup_remove(spec->cgroup_parent, spec->id, NULL);
}

static int create_once(const struct container_spec *spec, const struct container_options *options,
                       struct container **ret_container, enum obstacle *ret_obstacle,
                       struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(container_free) struct container *container = container_new(spec);
    struct creation *creation = arena_new_object(arena, struct creation);
    int result;

    *creation = (struct creation){
        .spec = spec,
        .options = options,
        .tree = options->surroundings.tree,
        .child = {.pidfd = -1, .channel_fd = -1},
        .container = container,
        .userns_fd = -1,
    };
    result = build(creation, arena, err);
    if (result == 0)
        result = hand_over(creation, err);
    if (result == 0)
        *ret_container = steal(container);
    else
        take_back(creation, err);
    *ret_obstacle = creation->obstacle;
    rootfs_free(creation->rootfs);
    fd_close(creation->userns_fd);
    joined_close(&creation->joined);
    cage_close(&creation->cage);
    return result;
}

int container_create_with(const struct container_spec *spec,
                          const struct container_options *options, struct container **ret_container,
                          struct error *err)
{
    struct container_spec spec_now = *spec;
    struct container_options options_now = *options;
    enum obstacle obstacle;
    struct error why = {0}, no_ids = {0};

    while (create_once(&spec_now, &options_now, ret_container, &obstacle, &why) < 0) {
        if (obstacle == OBSTACLE_GROUP && !options_now.plain_clone) {
            options_now.plain_clone = true;
        } else if (obstacle == OBSTACLE_IDS) {
            spec_now.id_map = (struct id_map){0};
            options_now.surroundings.partners.user = NULL;
            no_ids = why;
        } else {
            (void)error_pass(&why, err);
            return error_wrap(err, "create container '%s'", spec->id);
        }
        why = (struct error){0};
    }
    if (no_ids.text[0])
        set_note(*ret_container, "no user namespace", no_ids.text);
    return 0;
}
