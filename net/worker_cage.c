/* SPDX-License-Identifier: Apache-2.0 */
#include "net/worker_cage.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/worker_filter.h"

/*
 * glibc's setresuid() and its kin reach all threads; these are meant for one, hence the bare system
 * calls. EINVAL: the id is not mapped in this user namespace, and there is nothing unprivileged to
 * change to.
 */
static int change_ids(struct error *err)
{
    if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
        return error_sys(err, "drop groups");
    if (syscall(SYS_setresgid, WORKER_CAGE_UID, WORKER_CAGE_UID, WORKER_CAGE_UID) < 0 &&
        errno != EINVAL)
        return error_sys(err, "change to group %d", WORKER_CAGE_UID);
    if (syscall(SYS_setresuid, WORKER_CAGE_UID, WORKER_CAGE_UID, WORKER_CAGE_UID) < 0 &&
        errno != EINVAL)
        return error_sys(err, "change to user %d", WORKER_CAGE_UID);
    return 0;
}

static int set_capabilities(uint64_t keep, struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        sets[i].effective = sets[i].permitted = (uint32_t)(keep >> (32 * i));
    if (syscall(SYS_capset, &header, sets) < 0)
        return error_sys(err, "drop capabilities");
    return 0;
}

/* Takes them from the bounding set too, while CAP_SETPCAP is there. */
static void bound_capabilities(uint64_t keep)
{
    for (unsigned capability = 0; capability < 64; capability++)
        if (!(keep >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            return;
}

int worker_cage_drop_ids(uint64_t keep_capabilities, struct error *err)
{
    if (geteuid() == 0) {
        bound_capabilities(keep_capabilities);
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
            return error_sys(err, "keep capabilities");
        if (change_ids(err) < 0)
            return -1;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_sys(err, "give up new privileges");
    return set_capabilities(keep_capabilities, err);
}

/* Sanitizers need calls of their own, and the leak check traces the process when it ends. */
static bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}

int worker_cage_lock(struct error *err)
{
    if (prctl(PR_SET_DUMPABLE, is_sanitized() ? 1 : 0, 0, 0, 0) < 0)
        return error_sys(err, "forbid tracing");
    return is_sanitized() ? 0 : worker_filter_install(err);
}

void worker_cage_raise_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}
