/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container_mounts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/cage.h"
#include "runtime/container_options.h"
#include "runtime/descriptors.h"
#include "runtime/kernel.h"
#include "runtime/partners.h"
#include "runtime/starter.h"

struct change {
    const struct container *container;
    struct cage cage; /* its plan is what is attached */
    bool removes;
    int channel_fd;  /* the child's end */
    int *source_fds; /* of the plan, and room for one more */
};

/*
 * In the child, in the container's namespaces: async-signal-safe calls only
 */

static int remove_all(const struct mount_spec *mounts, size_t count, struct failure *failure)
{
    for (size_t i = count; i-- > 0;)
        if (umount2(mounts[i].target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
            return failure_sys(failure, "unmount", mounts[i].target);
    return 0;
}

static int perform(struct change *change, struct cage_state *state)
{
    const struct container_spec *spec = change->cage.spec;

    if (channel_say(change->channel_fd, CHANNEL_ALIVE) < 0)
        return failure_sys(&state->failure, "tell the starter", NULL);
    if (cage_expect(state, CHANNEL_ENTERED) < 0)
        return -1;
    /* Others in the container see this process: it has nothing of the host but what it mounts. */
    change->source_fds[change->cage.mounts.count] = change->channel_fd;
    if (descriptors_keep(change->source_fds, change->cage.mounts.count + 1, 0) < 0)
        return failure_sys(&state->failure, "close descriptors", NULL);
    /* What is made on the way to a mount belongs to the container's root. */
    if (change->container->in_user_namespace &&
        (kernel_setresgid(0) < 0 || kernel_setresuid(0) < 0))
        return failure_sys(&state->failure, "become root of the user namespace", NULL);
    if (change->removes)
        return remove_all(spec->mounts, spec->n_mounts, &state->failure);
    state->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (state->root_fd < 0)
        return failure_sys(&state->failure, "open the container's root", NULL);
    return cage_attach_mounts(state);
}

static void run(void *owner, int take_channel_fd)
{
    struct change *change = owner;
    struct cage_state state = {.cage = &change->cage};

    change->channel_fd = change->cage.channel_fd = take_channel_fd;
    (void)umask(0);
    if (perform(change, &state) < 0)
        (void)!channel_send(take_channel_fd, CHANNEL_FAILED, &state.failure, sizeof(state.failure));
    _exit(0);
}

/*
 * In the starter
 */

static bool is_own(pid_t pid, const char *name)
{
    struct stat ours, theirs;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
    if (stat(path, &ours) < 0)
        return true; /* the kernel has none of that kind */
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
    return stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino;
}

/* The user namespace first: the others belong to it. A file system shows the namespaces of who
 * makes it. */
static int open_namespaces(const struct container *container, struct arena *arena,
                           struct joined_namespaces *joined, struct error *err)
{
    static const struct {
        const char *name;
        int type;
    } wanted[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
                  {"net", CLONE_NEWNET},   {"ipc", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP}};
    struct namespace_path paths[ARRAY_LENGTH(wanted)];
    size_t count = 0;

    if (is_own(container->pid, "mnt"))
        return error_set(err, "the container is in our own mount namespace");
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
        if (!is_own(container->pid, wanted[i].name))
            paths[count++] = (struct namespace_path){
                wanted[i].type,
                arena_printf(arena, "/proc/%d/ns/%s", (int)container->pid, wanted[i].name)};
    if (joined_open_paths(paths, count, joined, err) < 0)
        return -1;
    /* They count only if the process is still the same. */
    return container_signal((struct container *)(uintptr_t)container, 0, err);
}

static int check(const struct container_spec *spec, struct error *err)
{
    for (size_t i = 0; i < spec->n_mounts; i++) {
        const struct mount_spec *mount = &spec->mounts[i];

        if (string_eq(mount->target, "/"))
            return error_set(err, "mount on '/': the root of a container that runs stays as it is");
        if (mount->kind == MOUNT_FILESYSTEM && mount->type &&
            string_starts_with(mount->type, "cgroup"))
            return error_set(err, "mount on '%s': control groups are for the start alone",
                             mount->target);
    }
    return 0;
}

static int await_end(int channel_fd, struct error *err)
{
    struct channel_message message;
    struct failure failure;
    int got;

    do {
        got = channel_receive(channel_fd, true, &message);
    } while (got > 0 && message.kind != CHANNEL_FAILED);
    if (got < 0)
        return error_sys(err, "hear from the process in the container");
    if (got == 0)
        return 0;
    if (message.length != sizeof(failure))
        return error_set(err, "the process in the container speaks in riddles");
    memcpy(&failure, message.bytes, sizeof(failure));
    return failure_to_error(&failure, err);
}

static int change_mounts(struct change *change, struct arena *arena, struct error *err)
{
    struct joined_namespaces joined = {.shm_fd = -1};
    const struct starter starter = {
        .cgroup = change->container->cgroup, .joined = &joined, .owner = change, .run = run};
    struct starter_child child;
    int result = -1;

    if (!starter.cgroup)
        return error_set(err, "the container's control group is gone");
    change->source_fds = arena_new_array(arena, int, change->cage.mounts.count + 1);
    for (size_t i = 0; i < change->cage.mounts.count; i++)
        change->source_fds[i] = change->cage.mounts.mounts[i].fd;
    if (check(change->cage.spec, err) == 0 &&
        open_namespaces(change->container, arena, &joined, err) == 0 &&
        starter_clone(&starter, &child, err) == 0) {
        result = await_end(child.channel_fd, err);
        (void)starter_child_end(&child);
    }
    joined_close(&joined);
    return result;
}

int container_mounts_add(struct container *container, const struct container_spec *spec,
                         struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct change *change = arena_new_object(arena, struct change);
    int result;

    *change = (struct change){.container = container, .cage = {.spec = spec}};
    result = mount_plan_open(spec, arena, &change->cage.mounts, err);
    if (result == 0)
        result = change_mounts(change, arena, err);
    mount_plan_close(&change->cage.mounts);
    return result;
}

int container_mounts_remove(struct container *container, const struct container_spec *spec,
                            struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct change *change = arena_new_object(arena, struct change);

    *change = (struct change){.container = container, .cage = {.spec = spec}, .removes = true};
    return change_mounts(change, arena, err);
}
