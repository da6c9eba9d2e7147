/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default system call filter of containers: a classic BPF program, generated at build time from
 * our own table of system calls (syscalls.tbl) by an interval code generator (binary search over
 * ranges of numbers, per ABI).
 *
 * Unknown calls answer ENOSYS, so that a libc falls back; denied ones EPERM; clone3 ENOSYS. A
 * foreign ABI kills.
 */
#ifndef YAWL_RUNTIME_SECCOMP_SECCOMP_FILTER_H
#define YAWL_RUNTIME_SECCOMP_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stdint.h>

/* The program for a container that has exactly these capabilities (bit N is CAP N): calls that
 * docker's profile ties to a capability are allowed when it is there. Ready for seccomp(2). Static
 * memory for the usual sets; for others it is assembled (a fraction of a millisecond) in memory of
 * its own. Async-signal-safe. Aborts when there is no memory. */
struct sock_fprog seccomp_filter_default(uint64_t capabilities);

/* Gives back what seccomp_filter_default() took, which is nothing for the usual sets. */
void seccomp_filter_free(struct sock_fprog program);

#endif
