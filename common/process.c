/* SPDX-License-Identifier: Apache-2.0 */
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"

/* Field `number` (from 1, as proc(5) counts) of /proc/PID/stat; the command, field 2, may hold
 * anything. */
static bool process_stat_field(pid_t pid, int number, char *ret_text, size_t size,
                               struct error *err)
{
    scoped_text struct text stat = {0};
    char name[64];
    char *field, *end;

    (void)snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
    if (file_read(AT_FDCWD, name, 4096, &stat, NULL, err) < 0)
        return false;
    field = strrchr(text_get(&stat), ')');
    for (int i = 2; i < number && field; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    end = field ? field + strcspn(field, " \n") : NULL;
    if (!field || (size_t)(end - field) >= size) {
        (void)error_set(err, "'%s': there is no field %d", name, number);
        return false;
    }
    memcpy(ret_text, field, (size_t)(end - field));
    ret_text[end - field] = '\0';
    return true;
}

uint64_t process_start_time(pid_t pid)
{
    char field[32];

    return process_stat_field(pid, 22, field, sizeof(field), NULL) ? strtoull(field, NULL, 10) : 0;
}

int process_find_start_time(pid_t pid, uint64_t *ret_start_time, struct error *err)
{
    struct error why = {0};
    char field[32];

    *ret_start_time = 0;
    if (process_stat_field(pid, 22, field, sizeof(field), &why))
        *ret_start_time = strtoull(field, NULL, 10);
    else if (why.number != ENOENT && why.number != ESRCH)
        return error_pass(&why, err);
    return 0;
}

char process_state(pid_t pid)
{
    char field[2];

    return process_stat_field(pid, 3, field, sizeof(field), NULL) ? field[0] : '\0';
}

int process_open(pid_t pid, uint64_t start_time, int *ret_fd, struct error *err)
{
    scoped_fd int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    uint64_t found;

    *ret_fd = -1;
    if (fd < 0) {
        if (errno == ESRCH || errno == EINVAL)
            return 0;
        return error_sys(err, "open process %d", (int)pid);
    }
    /* Compared after opening: the descriptor holds this pid's process for good. */
    if (process_find_start_time(pid, &found, err) < 0)
        return -1;
    if (found == start_time)
        *ret_fd = steal_fd(&fd);
    return 0;
}

int process_boot_id(char ret_id[40], struct error *err)
{
    scoped_text struct text id = {0};

    if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, &id, NULL, err) < 0)
        return -1;
    (void)snprintf(ret_id, 40, "%.*s", (int)strcspn(text_get(&id), "\n"), text_get(&id));
    return 0;
}

/* linux/pidfd.h of Linux 6.15; older headers lack it. */
struct pidfd_info_v2 {
    uint64_t mask;
    uint64_t cgroupid;
    uint32_t ids[11]; /* pid to fsgid */
    int32_t exit_code;
    uint32_t coredump_mask;
    uint32_t spare;
};
#define PIDFD_GET_INFO_V2 _IOWR(0xFF, 11, struct pidfd_info_v2)
#define PIDFD_INFO_EXIT_BIT (1ULL << 3)

static bool process_exit_by_info(int pidfd, int *ret_wait_status)
{
    struct pidfd_info_v2 info = {.mask = PIDFD_INFO_EXIT_BIT};

    if (ioctl(pidfd, PIDFD_GET_INFO_V2, &info) < 0 || !(info.mask & PIDFD_INFO_EXIT_BIT))
        return false;
    *ret_wait_status = info.exit_code;
    return true;
}

static bool process_exit_by_stat(pid_t pid, int *ret_wait_status)
{
    char field[32];

    if (process_state(pid) != 'Z' || !process_stat_field(pid, 52, field, sizeof(field), NULL))
        return false;
    *ret_wait_status = atoi(field);
    return true;
}

enum exit_source process_exit(int pidfd, pid_t pid, int *ret_wait_status)
{
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};
    siginfo_t info = {0};

    if (poll(&poller, 1, 0) <= 0)
        return EXIT_RUNNING;
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        *ret_wait_status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status & 0x7f;
        return EXIT_KNOWN;
    }
    /* It may be reaped by its parent between the two looks; then the first succeeds the second
     * time. */
    if (process_exit_by_info(pidfd, ret_wait_status) ||
        process_exit_by_stat(pid, ret_wait_status) || process_exit_by_info(pidfd, ret_wait_status))
        return EXIT_KNOWN;
    return EXIT_UNKNOWN;
}

uint64_t clock_monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_monotonic_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_realtime_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
