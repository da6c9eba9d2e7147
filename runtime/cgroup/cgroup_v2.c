/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_v2.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_limits.h"

enum {
    LIMIT_GROUP_FILE_BYTES = 1024 * 1024,
    FREEZE_TIMEOUT_MS = 1000,
    MAX_CLEARING_ROUNDS = 50,
};

/* As the v2 tree has it. (It has no cpuacct, so that nothing is found by that name.) */
static const char *v2_name(enum cgroup_controller controller)
{
    return controller == CONTROLLER_BLKIO ? "io" : cgroup_controller_name(controller);
}

/* The controllers of a blank-separated list ("cpu memory pids\n"). */
static unsigned read_controllers(int dir_fd, const char *file)
{
    scoped_text struct text list = {0};
    unsigned controllers = 0;
    char *rest;
    const char *word;

    if (file_read(dir_fd, file, LIMIT_GROUP_FILE_BYTES, &list, NULL, NULL) < 0)
        return 0;
    rest = list.data;
    while ((word = strsep(&rest, " \n")))
        for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
            if (string_eq(word, v2_name((enum cgroup_controller)i)))
                controllers |= CONTROLLER_BIT(i);
    return controllers;
}

unsigned cgroup_v2_available(const char *root)
{
    scoped_fd int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    unsigned controllers = fd < 0 ? 0 : read_controllers(fd, "cgroup.controllers");

    /* Devices are a BPF program and freezing is always there: neither is a controller of v2. */
    return controllers & ~(CONTROLLER_BIT(CONTROLLER_DEVICES) | CONTROLLER_BIT(CONTROLLER_FREEZER));
}

static int move_to_leaf(int root_fd, const char *pid, struct error *err)
{
    struct error failure = {0};

    if (file_write_existing(root_fd, "yawl/.supervisor/cgroup.procs", pid, &failure) == 0 ||
        failure.number == ESRCH)
        return 0;
    if (err)
        *err = failure;
    return -1;
}

/* Moves what runs in a delegated root into a leaf; new processes may be born there meanwhile. */
static int clear_root(int root_fd, struct error *err)
{
    for (int round = 0; round < MAX_CLEARING_ROUNDS; round++) {
        scoped_text struct text pids = {0};
        char *rest;
        const char *pid;

        if (file_read(root_fd, "cgroup.procs", LIMIT_GROUP_FILE_BYTES, &pids, NULL, err) < 0)
            return -1;
        if (pids.length == 0)
            return 0;
        if ((mkdirat(root_fd, "yawl", 0755) < 0 && errno != EEXIST) ||
            (mkdirat(root_fd, "yawl/.supervisor", 0755) < 0 && errno != EEXIST))
            return error_sys(err, "make control group 'yawl/.supervisor'");
        rest = pids.data;
        while ((pid = strsep(&rest, "\n")))
            if (*pid && move_to_leaf(root_fd, pid, err) < 0)
                return -1;
    }
    return error_set(err, "clear the delegated control group: new processes keep coming");
}

/* The kernel's own top may hold processes beside groups with controllers; every other group may
 * not. */
static bool is_top(int dir_fd)
{
    return faccessat(dir_fd, "cgroup.type", F_OK, 0) < 0;
}

/* Somebody else's: they are not ours to move. */
static int refuse_processes(int dir_fd, struct error *err)
{
    scoped_text struct text pids = {0};

    if (file_read(dir_fd, "cgroup.procs", LIMIT_GROUP_FILE_BYTES, &pids, NULL, err) < 0)
        return -1;
    if (pids.length == 0)
        return 0;
    return error_set(err,
                     "process %.*s is in it, and the kernel limits groups only below one that has "
                     "no processes of its own: move it into a group of its own, or choose another "
                     "cgroup_parent",
                     (int)strcspn(pids.data, "\n"), pids.data);
}

/*
 * The order matters: with processes in it a group takes the controllers for threads (cpu, pids)
 * without a word, turns into a "threaded domain", and is of no use to us from then on.
 */
int cgroup_v2_enable(int dir_fd, bool is_root, void *context, struct error *err)
{
    unsigned missing = *(const unsigned *)context;
    scoped_text struct text words = {0};

    missing &= ~read_controllers(dir_fd, "cgroup.subtree_control");
    if (!missing)
        return 0;
    if (is_root && !is_top(dir_fd) && clear_root(dir_fd, err) < 0)
        return -1;
    if (!is_root && refuse_processes(dir_fd, err) < 0)
        return -1;
    for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
        if (missing & CONTROLLER_BIT(i))
            text_appendf(&words, "+%s ", v2_name((enum cgroup_controller)i));
    return file_write_existing(dir_fd, "cgroup.subtree_control", words.data, err);
}

static int write_number(int fd, const char *file, int64_t value, struct error *err)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    return file_write_existing(fd, file, text, err);
}

static int limit_memory(int fd, const struct resource_spec *resources, struct error *err)
{
    int64_t both = cgroup_limits_memory_and_swap(resources);

    if (resources->memory_bytes > 0 &&
        write_number(fd, "memory.max", resources->memory_bytes, err) < 0)
        return cgroup_limits_failed("mem_limit", err);
    if (both > 0) {
        struct error failure = {0};
        bool is_default = resources->memory_swap_bytes == 0;

        /* The file is missing where the kernel does not account swap. */
        if (write_number(fd, "memory.swap.max", both - resources->memory_bytes, &failure) < 0 &&
            !(is_default && failure.number == ENOENT)) {
            if (err)
                *err = failure;
            return cgroup_limits_failed("memswap_limit", err);
        }
    }
    if (resources->memory_reservation_bytes > 0 &&
        write_number(fd, "memory.low", resources->memory_reservation_bytes, err) < 0)
        return cgroup_limits_failed("mem_reservation", err);
    return 0;
}

static int limit_cpu(int fd, const struct resource_spec *resources, struct error *err)
{
    char text[64];

    if (resources->cpu_shares > 0 &&
        write_number(fd, "cpu.weight", (int64_t)cgroup_limits_cpu_weight(resources->cpu_shares),
                     err) < 0)
        return cgroup_limits_failed("cpu_shares", err);
    if (resources->cpu_quota_us <= 0 && resources->cpu_period_us <= 0)
        return 0;
    if (resources->cpu_quota_us > 0)
        (void)snprintf(text, sizeof(text), "%lld %lld", (long long)resources->cpu_quota_us,
                       (long long)cgroup_limits_cpu_period(resources));
    else
        (void)snprintf(text, sizeof(text), "max %lld",
                       (long long)cgroup_limits_cpu_period(resources));
    if (file_write_existing(fd, "cpu.max", text, err) < 0)
        return cgroup_limits_failed(cgroup_limits_key(resources, CONTROLLER_CPU), err);
    return 0;
}

/* v2 takes CPUs that are not there and quietly gives the others, or all: that is not what was
 * asked. */
static int limit_cpuset(int fd, const struct resource_spec *resources, struct error *err)
{
    scoped_text struct text effective = {0};

    if (file_write_existing(fd, "cpuset.cpus", resources->cpuset, err) < 0 ||
        file_read(fd, "cpuset.cpus.effective", LIMIT_GROUP_FILE_BYTES, &effective, NULL, err) < 0)
        return cgroup_limits_failed("cpuset", err);
    if (!cgroup_limits_cpus_within(resources->cpuset, text_get(&effective)))
        return error_set(err, "limit 'cpuset': not all CPUs of '%s' are available",
                         resources->cpuset);
    return 0;
}

int cgroup_v2_limit(int fd, unsigned controllers, const struct resource_spec *resources,
                    struct error *err)
{
    if ((controllers & CONTROLLER_BIT(CONTROLLER_MEMORY)) && limit_memory(fd, resources, err) < 0)
        return -1;
    if ((controllers & CONTROLLER_BIT(CONTROLLER_CPU)) && limit_cpu(fd, resources, err) < 0)
        return -1;
    if ((controllers & CONTROLLER_BIT(CONTROLLER_CPUSET)) &&
        cgroup_limits_key(resources, CONTROLLER_CPUSET) && limit_cpuset(fd, resources, err) < 0)
        return -1;
    if ((controllers & CONTROLLER_BIT(CONTROLLER_PIDS)) && resources->pids > 0 &&
        write_number(fd, "pids.max", resources->pids, err) < 0)
        return cgroup_limits_failed("pids_limit", err);
    return 0;
}

/* The number behind "name " at the start of a line; 0 when there is none. */
static unsigned long long read_event(int fd, const char *name)
{
    char bytes[1024];
    char wanted[32];
    const char *at;
    ssize_t length = pread(fd, bytes, sizeof(bytes) - 1, 0);

    if (length <= 0)
        return 0;
    bytes[length] = '\0';
    (void)snprintf(wanted, sizeof(wanted), "%s ", name);
    for (at = bytes; at && !string_starts_with(at, wanted);) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return at ? strtoull(at + strlen(wanted), NULL, 10) : 0;
}

int cgroup_v2_freeze(int fd, bool frozen, struct error *err)
{
    scoped_fd int events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    uint64_t end_ms = clock_monotonic_ms() + FREEZE_TIMEOUT_MS;

    if (events_fd < 0)
        return error_sys(err, "open 'cgroup.events'");
    if (file_write_existing(fd, "cgroup.freeze", frozen ? "1" : "0", err) < 0)
        return -1;
    while (read_event(events_fd, "frozen") != (frozen ? 1 : 0)) {
        struct pollfd changed = {.fd = events_fd, .events = POLLPRI};
        uint64_t now_ms = clock_monotonic_ms();

        if (now_ms >= end_ms) {
            if (frozen)
                (void)!file_write_existing(fd, "cgroup.freeze", "0", NULL);
            return error_set(err, "%s processes: they do not react", frozen ? "freeze" : "thaw");
        }
        (void)poll(&changed, 1, (int)(end_ms - now_ms));
    }
    return 0;
}

bool cgroup_v2_oom_killed(int fd)
{
    scoped_fd int events_fd = openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);

    return events_fd >= 0 && read_event(events_fd, "oom_kill") > 0;
}
