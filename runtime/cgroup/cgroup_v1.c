/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_v1.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_limits.h"

enum {
    LIMIT_GROUP_FILE_BYTES = 64 * 1024,
    FREEZE_ATTEMPTS = 500,
    FREEZE_PAUSE_NS = 2 * 1000 * 1000,
};

static int write_number(int fd, const char *file, int64_t value, struct error *err)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    return file_write_existing(fd, file, text, err);
}

/* A group's cpuset file takes the value of the group above unless it has one. */
static int inherit(int dir_fd, const char *file, struct error *err)
{
    scoped_text struct text own = {0};
    scoped_text struct text above = {0};
    char file_above[64];

    if (file_read(dir_fd, file, LIMIT_GROUP_FILE_BYTES, &own, NULL, err) < 0)
        return -1;
    if (own.length > 1)
        return 0;
    (void)snprintf(file_above, sizeof(file_above), "../%s", file);
    if (file_read(dir_fd, file_above, LIMIT_GROUP_FILE_BYTES, &above, NULL, err) < 0)
        return -1;
    return file_write_existing(dir_fd, file, text_get(&above), err);
}

static int prepare_cpuset(int dir_fd, bool is_root, void *context, struct error *err)
{
    (void)context;
    if (is_root)
        return 0;
    if (inherit(dir_fd, "cpuset.mems", err) < 0 || inherit(dir_fd, "cpuset.cpus", err) < 0)
        return -1;
    return 0;
}

const struct cgroup_preparation cgroup_v1_cpuset_preparation = {prepare_cpuset, NULL};

#define RT_RUNTIME "cpu.rt_runtime_us"

/* Others may have taken a part of it already: then the group's own write says that it cannot be. */
static int prepare_realtime(int dir_fd, bool is_root, void *context, struct error *err)
{
    scoped_text struct text own = {0};
    scoped_text struct text above = {0};

    (void)context;
    if (is_root || faccessat(dir_fd, RT_RUNTIME, F_OK, 0) < 0)
        return 0;
    if (file_read(dir_fd, RT_RUNTIME, LIMIT_GROUP_FILE_BYTES, &own, NULL, err) < 0 ||
        file_read(dir_fd, "../" RT_RUNTIME, LIMIT_GROUP_FILE_BYTES, &above, NULL, err) < 0)
        return -1;
    if (strtoll(text_get(&own), NULL, 10) == 0)
        (void)!file_write_existing(dir_fd, RT_RUNTIME, text_get(&above), NULL);
    return 0;
}

const struct cgroup_preparation cgroup_v1_realtime_preparation = {prepare_realtime, NULL};

bool cgroup_v1_is_realtime(const struct resource_spec *resources)
{
    for (size_t i = 0; i < resources->n_settings; i++)
        if (string_eq(resources->settings[i].v1_file, RT_RUNTIME))
            return true;
    return false;
}

/*
 * In a fresh group both are unlimited, and memory and swap together may never be less than memory
 * alone: so memory goes first. Where the kernel does not account swap there is nothing to limit;
 * only who asked for it in words is told.
 */
static int limit_memory(int fd, const struct resource_spec *resources, struct error *err)
{
    int64_t both = cgroup_limits_memory_and_swap(resources);

    if (resources->memory_bytes > 0 &&
        write_number(fd, "memory.limit_in_bytes", resources->memory_bytes, err) < 0)
        return cgroup_limits_failed("mem_limit", err);
    if (both > 0) {
        struct error failure = {0};
        bool is_default = resources->memory_swap_bytes == 0;

        if (write_number(fd, "memory.memsw.limit_in_bytes", both, &failure) < 0 &&
            !(is_default && failure.number == ENOENT)) {
            if (err)
                *err = failure;
            return cgroup_limits_failed("memswap_limit", err);
        }
    }
    if (resources->memory_reservation_bytes > 0 &&
        write_number(fd, "memory.soft_limit_in_bytes", resources->memory_reservation_bytes, err) <
            0)
        return cgroup_limits_failed("mem_reservation", err);
    return 0;
}

/* The kernel checks quota/period against the group above at every write; in one of the two orders
 * each step is allowed if the result is. */
static int limit_cpu(int fd, const struct resource_spec *resources, struct error *err)
{
    int64_t period = cgroup_limits_cpu_period(resources);
    int64_t quota = resources->cpu_quota_us > 0 ? resources->cpu_quota_us : -1;

    if (resources->cpu_shares > 0 &&
        write_number(fd, "cpu.shares", (int64_t)resources->cpu_shares, err) < 0)
        return cgroup_limits_failed("cpu_shares", err);
    if (resources->cpu_quota_us <= 0 && resources->cpu_period_us <= 0)
        return 0;
    if (write_number(fd, "cpu.cfs_period_us", period, NULL) == 0 &&
        write_number(fd, "cpu.cfs_quota_us", quota, NULL) == 0)
        return 0;
    if (write_number(fd, "cpu.cfs_quota_us", quota, err) < 0 ||
        write_number(fd, "cpu.cfs_period_us", period, err) < 0)
        return cgroup_limits_failed(cgroup_limits_key(resources, CONTROLLER_CPU), err);
    return 0;
}

static int limit_cpuset(int fd, const struct resource_spec *resources, struct error *err)
{
    if (file_write_existing(fd, "cpuset.cpus", resources->cpuset, err) < 0)
        return cgroup_limits_failed("cpuset", err);
    return 0;
}

int cgroup_v1_limit(const int *fds, const struct resource_spec *resources, struct error *err)
{
    if (fds[CONTROLLER_MEMORY] >= 0 && limit_memory(fds[CONTROLLER_MEMORY], resources, err) < 0)
        return -1;
    if (fds[CONTROLLER_CPU] >= 0 && limit_cpu(fds[CONTROLLER_CPU], resources, err) < 0)
        return -1;
    if (fds[CONTROLLER_CPUSET] >= 0 && cgroup_limits_key(resources, CONTROLLER_CPUSET) &&
        limit_cpuset(fds[CONTROLLER_CPUSET], resources, err) < 0)
        return -1;
    if (fds[CONTROLLER_PIDS] >= 0 && resources->pids > 0 &&
        write_number(fds[CONTROLLER_PIDS], "pids.max", resources->pids, err) < 0)
        return cgroup_limits_failed("pids_limit", err);
    return 0;
}

/* A group can stay in FREEZING when processes are born meanwhile; writing the state again helps. */
int cgroup_v1_freeze(int freezer_fd, bool frozen, struct error *err)
{
    const char *state = frozen ? "FROZEN" : "THAWED";

    for (int attempt = 0; attempt < FREEZE_ATTEMPTS; attempt++) {
        scoped_text struct text now = {0};
        struct timespec pause = {.tv_nsec = FREEZE_PAUSE_NS};

        if (file_write_existing(freezer_fd, "freezer.state", state, err) < 0 ||
            file_read(freezer_fd, "freezer.state", LIMIT_GROUP_FILE_BYTES, &now, NULL, err) < 0)
            return -1;
        if (string_starts_with(text_get(&now), state))
            return 0;
        (void)nanosleep(&pause, NULL);
    }
    if (frozen)
        (void)!file_write_existing(freezer_fd, "freezer.state", "THAWED", NULL);
    return error_set(err, "write '%s' to 'freezer.state': it does not come into effect", state);
}

bool cgroup_v1_oom_killed(int memory_fd)
{
    scoped_text struct text control = {0};
    const char *line;

    if (file_read(memory_fd, "memory.oom_control", LIMIT_GROUP_FILE_BYTES, &control, NULL, NULL) <
        0)
        return false;
    line = strstr(text_get(&control), "\noom_kill ");
    return line && strtoull(line + strlen("\noom_kill "), NULL, 10) > 0;
}
