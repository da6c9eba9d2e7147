/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that libc has no function for, and constants newer than its headers. All return -1
 * with errno, none allocates.
 */
#ifndef YAWL_RUNTIME_KERNEL_H
#define YAWL_RUNTIME_KERNEL_H

#include <errno.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/cleanup.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static inline UNUSED pid_t kernel_clone3(struct clone_args *args)
{
    return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

static inline UNUSED int kernel_pivot_root(const char *new_root, const char *put_old)
{
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}

/* libc's own would tell the other threads, which a clone has not. */
static inline UNUSED int kernel_setresuid(uid_t uid)
{
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}

static inline UNUSED int kernel_setresgid(gid_t gid)
{
    return (int)syscall(SYS_setresgid, gid, gid, gid);
}

static inline UNUSED int kernel_setgroups(size_t count, const gid_t *groups)
{
    return (int)syscall(SYS_setgroups, count, groups);
}

/* Attaches a detached mount on what target_fd is. */
static inline UNUSED int kernel_attach(int mount_fd, int target_fd)
{
    return move_mount(mount_fd, "", target_fd, "",
                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

#endif
