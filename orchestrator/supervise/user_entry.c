/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/supervise/user_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/namespace_lock.h"
#include "common/own_ids.h"
#include "common/process.h"
#include "common/subordinate_ids.h"
#include "common/user_namespace.h"
#include "orchestrator/state/record.h"
#include "orchestrator/state/roots.h"

/* -- finding the namespace that there is */

static bool is_same_namespace(int a_fd, int b_fd)
{
    struct stat a, b;

    return fstat(a_fd, &a) == 0 && fstat(b_fd, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* The namespace of a process, or the one above it that is right below ours; -1: it is not there, or
 * in none of that kind. */
static int namespace_of(pid_t pid, int own_fd)
{
    scoped_fd int fd = -1;
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0) {
        scoped_fd int above_fd = ioctl(fd, NS_GET_PARENT);

        if (above_fd >= 0 && is_same_namespace(above_fd, own_fd))
            return steal_fd(&fd);
        fd_close(fd);
        fd = steal_fd(&above_fd);
    }
    return -1;
}

/* *ret_fd is -1 when nobody holds the lock. What was found counts only if the process that it was
 * found through is still there afterwards. */
static int namespace_of_holder(int lock_fd, int own_fd, int *ret_fd, struct error *err)
{
    pid_t pid;

    *ret_fd = -1;
    while ((pid = namespace_lock_holder(lock_fd)) > 0) {
        scoped_fd int fd = namespace_of(pid, own_fd);

        if (namespace_lock_holder(lock_fd) != pid)
            continue;
        *ret_fd = steal_fd(&fd);
        return *ret_fd >= 0 ? 0
                            : error_set(err,
                                        "process %d of yawl is in a user namespace that cannot be "
                                        "entered from here",
                                        (int)pid);
    }
    return 0;
}

static int namespace_of_records(struct record **records, size_t count, int own_fd)
{
    char boot_id[40];

    if (process_boot_id(boot_id, NULL) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct record *record = records[i];
        scoped_fd int fd = -1;

        if (record->pid <= 0 || !string_eq(record->boot_id, boot_id))
            continue;
        fd = namespace_of(record->pid, own_fd);
        if (fd >= 0 && process_start_time(record->pid) == record->start_time)
            return steal_fd(&fd);
    }
    return -1;
}

/* Keepers and supervisors can all have been killed, and containers live on. */
static int namespace_of_containers(struct arena *arena, const struct roots *roots, int own_fd)
{
    struct string_list projects = {0};

    if (project_dir_list(arena, roots, &projects, NULL) < 0)
        return -1;
    for (size_t i = 0; i < projects.count; i++) {
        scoped(project_dir_close) struct project_dir *dir = NULL;
        scoped_fd int records_fd = -1, fd = -1;
        struct record **records;
        size_t count;

        if (project_dir_open(arena, roots, projects.items[i], false, &dir, NULL) < 0)
            continue;
        records_fd = record_dir_open(dir);
        if (record_list(records_fd, arena, &records, &count, NULL) == 0)
            fd = namespace_of_records(records, count, own_fd);
        if (fd >= 0)
            return steal_fd(&fd);
    }
    return -1;
}

/* -- making one */

static int map_ids(const void *owner, pid_t pid, struct error *err)
{
    return subordinate_ids_map(owner, pid, err);
}

static int namespace_make(struct error *err)
{
    struct subordinate_ids ids;

    if (subordinate_ids_find(&ids, err) < 0)
        return -1;
    return user_namespace_enter(map_ids, &ids, err);
}

/* -- entering */

static int namespace_enter(const struct roots *roots, struct arena *arena, int lock_fd,
                           struct error *err)
{
    scoped_fd int own_fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    scoped_fd int fd = -1;

    if (own_fd < 0)
        return error_sys(err, "open '/proc/self/ns/user'");
    if (namespace_of_holder(lock_fd, own_fd, &fd, err) < 0)
        return -1;
    if (fd < 0)
        fd = namespace_of_containers(arena, roots, own_fd);
    if (fd < 0 && namespace_make(err) < 0)
        return -1;
    if (fd >= 0 && setns(fd, CLONE_NEWUSER) < 0)
        return user_namespace_refused("enter the user namespace", err);
    return unshare(CLONE_NEWNS) < 0 ? user_namespace_refused("make a mount namespace", err) : 0;
}

/* What is started from here on finds the same places, and the lock. */
static int environment_fix(const struct roots *roots, const char *lock_path, struct error *err)
{
    if (setenv("YAWL_DATA_ROOT", roots->data, 1) < 0 || setenv("YAWL_RUN_ROOT", roots->run, 1) < 0)
        return error_sys(err, "set the environment");
    return namespace_lock_announce(lock_path, err);
}

int user_entry(struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct roots roots;
    const char *lock_path;
    scoped_fd int lock_fd = -1;

    /* Root of the machine, or one of our programs that has executed itself again inside. */
    if (geteuid() == 0)
        return namespace_lock_hold(err);
    if (roots_find(arena, &roots, err) < 0)
        return -1;
    lock_path = arena_printf(arena, "%s/namespace.lock", roots.run);
    if (namespace_lock_open(lock_path, &lock_fd, err) < 0 ||
        namespace_enter(&roots, arena, lock_fd, err) < 0 || namespace_lock_share(lock_fd, err) < 0)
        return -1;
    (void)steal_fd(&lock_fd); /* open until we end */
    return environment_fix(&roots, lock_path, err);
}
