/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_usage.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/mount_namespace.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_layout.h"
#include "runtime/cgroup/cgroup_processes.h"

enum { LIMIT_FILE_BYTES = 1024 * 1024, US_PER_S = 1000000, KIB = 1024 };

/* Fields of /proc/PID/stat behind the name, counted from the state. */
enum { FIELD_UTIME = 11, FIELD_CSTIME = 14, FIELD_THREADS = 17 };

/* -- texts of the kernel */

uint64_t cgroup_usage_of_line(const char *text, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtoull(line + length, NULL, 10);
    }
    return 0;
}

uint64_t cgroup_usage_of_devices(const char *text, const char *name)
{
    size_t length = strlen(name);
    uint64_t sum = 0;

    for (const char *word = text; word; word = strpbrk(word, " \n")) {
        word += *word == ' ' || *word == '\n';
        if (strncmp(word, name, length) == 0 && word[length] == '=')
            sum += strtoull(word + length + 1, NULL, 10);
    }
    return sum;
}

void cgroup_usage_add_stat(const char *stat, uint64_t ticks_s, struct cgroup_usage *usage)
{
    /* The name may contain anything but ends with the last parenthesis. */
    const char *rest = strrchr(stat, ')');
    uint64_t ticks = 0;

    for (int field = 0; rest && (rest = strchr(rest, ' ')); field++) {
        rest++;
        if (field >= FIELD_UTIME && field <= FIELD_CSTIME)
            ticks += strtoull(rest, NULL, 10);
        if (field == FIELD_THREADS)
            usage->tasks += strtoull(rest, NULL, 10);
    }
    usage->cpu_us += ticks * US_PER_S / ticks_s;
}

/* -- the processes */

static bool proc_read(pid_t pid, const char *file, struct text *ret_text)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    return file_read(AT_FDCWD, path, LIMIT_FILE_BYTES, ret_text, NULL, NULL) == 0;
}

/* Processes that end meanwhile count as nothing. */
static void process_add(pid_t pid, void *context)
{
    struct cgroup_usage *sum = context;
    scoped_text struct text stat = {0}, memory = {0}, io = {0};

    if (proc_read(pid, "stat", &stat))
        cgroup_usage_add_stat(text_get(&stat), (uint64_t)sysconf(_SC_CLK_TCK), sum);
    if (proc_read(pid, "smaps_rollup", &memory))
        sum->memory_bytes += cgroup_usage_of_line(text_get(&memory), "Pss:") * KIB;
    if (proc_read(pid, "io", &io)) {
        sum->read_bytes += cgroup_usage_of_line(text_get(&io), "read_bytes:");
        sum->written_bytes += cgroup_usage_of_line(text_get(&io), "write_bytes:");
    }
}

/* All groups hold the same processes. */
static struct cgroup_usage processes_measure(int v2_fd, const int *v1_fds, pid_t leader)
{
    struct cgroup_usage sum = {0};
    int any_fd = v2_fd;

    for (size_t i = 0; any_fd < 0 && i < CONTROLLER_COUNT; i++)
        any_fd = v1_fds[i];
    if (any_fd >= 0)
        (void)cgroup_processes_visit(any_fd, process_add, &sum);
    else
        (void)mount_namespace_visit(leader, process_add, &sum);
    return sum;
}

/* -- the group's own counts; false when it has none */

static bool group_read(int fd, const char *file, struct text *ret_text)
{
    bool exists = false;

    return fd >= 0 && file_read(fd, file, LIMIT_FILE_BYTES, ret_text, &exists, NULL) == 0 && exists;
}

static bool group_number(int fd, const char *file, uint64_t *ret_value)
{
    scoped_text struct text text = {0};

    if (!group_read(fd, file, &text))
        return false;
    *ret_value = string_starts_with(text_get(&text), "max") ? UINT64_MAX
                                                            : strtoull(text_get(&text), NULL, 10);
    return true;
}

static bool memory_measure(int fd, const char *current_file, const char *inactive,
                           struct cgroup_usage *usage)
{
    scoped_text struct text stat = {0};
    uint64_t current, idle;

    if (!group_number(fd, current_file, &current) || !group_read(fd, "memory.stat", &stat))
        return false;
    idle = cgroup_usage_of_line(text_get(&stat), inactive);
    usage->memory_bytes = current > idle ? current - idle : 0;
    return true;
}

static bool cpu_measure(int v2_fd, struct cgroup_usage *usage)
{
    scoped_text struct text stat = {0};

    /* Without a controller too, also where the controllers are in v1. */
    if (!group_read(v2_fd, "cpu.stat", &stat))
        return false;
    usage->cpu_us = cgroup_usage_of_line(text_get(&stat), "usage_usec");
    return true;
}

static bool blocks_measure(int v2_fd, struct cgroup_usage *usage)
{
    scoped_text struct text stat = {0};

    if (!group_read(v2_fd, "io.stat", &stat))
        return false;
    usage->read_bytes = cgroup_usage_of_devices(text_get(&stat), "rbytes");
    usage->written_bytes = cgroup_usage_of_devices(text_get(&stat), "wbytes");
    return true;
}

static uint64_t limit_measure(int v2_fd, int v1_fd)
{
    struct sysinfo host;
    uint64_t all = sysinfo(&host) == 0 ? (uint64_t)host.totalram * host.mem_unit : 0;
    uint64_t limit;

    if ((group_number(v2_fd, "memory.max", &limit) ||
         group_number(v1_fd, "memory.limit_in_bytes", &limit)) &&
        limit < all)
        return limit;
    return all;
}

void cgroup_usage_measure_memory(int v2_fd, int memory_fd, struct cgroup_memory *ret_memory)
{
    struct cgroup_memory memory = {0};

    if (!group_number(v2_fd, "memory.max", &memory.limit_bytes))
        (void)group_number(memory_fd, "memory.limit_in_bytes", &memory.limit_bytes);
    if (!group_number(v2_fd, "memory.peak", &memory.peak_bytes))
        (void)group_number(memory_fd, "memory.max_usage_in_bytes", &memory.peak_bytes);
    *ret_memory = memory;
}

void cgroup_usage_measure(int v2_fd, const int *v1_fds, pid_t leader,
                          struct cgroup_usage *ret_usage)
{
    const int memory_fd = v1_fds[CONTROLLER_MEMORY];
    struct cgroup_usage usage = {0}, sum = {0};
    bool has_cpu = cpu_measure(v2_fd, &usage);
    bool has_memory =
        memory_measure(v2_fd, "memory.current", "inactive_file", &usage) ||
        memory_measure(memory_fd, "memory.usage_in_bytes", "total_inactive_file", &usage);
    bool has_blocks = blocks_measure(v2_fd, &usage);
    bool has_tasks = group_number(v2_fd, "pids.current", &usage.tasks) ||
                     group_number(v1_fds[CONTROLLER_PIDS], "pids.current", &usage.tasks);

    if (!has_cpu || !has_memory || !has_blocks || !has_tasks)
        sum = processes_measure(v2_fd, v1_fds, leader);
    if (!has_cpu)
        usage.cpu_us = sum.cpu_us;
    if (!has_memory)
        usage.memory_bytes = sum.memory_bytes;
    if (!has_blocks) {
        usage.read_bytes = sum.read_bytes;
        usage.written_bytes = sum.written_bytes;
    }
    if (!has_tasks)
        usage.tasks = sum.tasks;
    usage.memory_limit_bytes = limit_measure(v2_fd, memory_fd);
    *ret_usage = usage;
}
