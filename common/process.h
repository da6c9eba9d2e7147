/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knowing a process again: a pid is only a name together with its start time and the boot it ran
 * in.
 */
#ifndef YAWL_COMMON_PROCESS_H
#define YAWL_COMMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/* Field 22 of /proc/PID/stat, in clock ticks since boot; 0 when there is no such process. */
uint64_t process_start_time(pid_t pid);
/* The same where a failure to look must not pass for the end of the process. */
MUST_CHECK int process_find_start_time(pid_t pid, uint64_t *ret_start_time, struct error *err);

/* Field 3: 'R' runs, 'S' and 'D' wait, 'T' is stopped, 'Z' and 'X' have ended; '\0' when there is
 * no such process. */
char process_state(pid_t pid);

/* Opens a pidfd of exactly the process that had this start time. *ret_fd is -1 when it is gone. */
MUST_CHECK int process_open(pid_t pid, uint64_t start_time, int *ret_fd, struct error *err);

/* /proc/sys/kernel/random/boot_id without its newline. */
MUST_CHECK int process_boot_id(char ret_id[40], struct error *err);

/* How a process ended: a wait status as in waitpid(2). */
enum exit_source { EXIT_RUNNING, EXIT_KNOWN, EXIT_UNKNOWN };

/*
 * What became of the process behind a pidfd. A child is reaped. For another's child the status
 * comes from PIDFD_GET_INFO (Linux 6.15) or, while it is a zombie, from /proc/PID/stat.
 */
enum exit_source process_exit(int pidfd, pid_t pid, int *ret_wait_status);

/* CLOCK_MONOTONIC and CLOCK_REALTIME. */
uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);

#endif
