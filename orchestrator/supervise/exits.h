/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit statuses of containers that the keeper reaped while there was no supervisor, for kernels
 * that do not tell them by pidfd. One line each, "PID START_TIME STATUS", written before the zombie
 * is reaped.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_EXITS_H
#define YAWL_ORCHESTRATOR_SUPERVISE_EXITS_H

#include <stdint.h>
#include <sys/types.h>

/* Appends to the project's "exits" file below run_fd. Failure is ignored: there is nobody to tell.
 */
void exits_append(int run_fd, pid_t pid, uint64_t start_time, int wait_status);

/* The wait status, or that of exit code 255 when it was not recorded. */
int exits_find(int run_fd, pid_t pid, uint64_t start_time);

#endif
