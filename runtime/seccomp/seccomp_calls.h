/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of system calls and their numbers on each ABI, as syscalls.tbl has them.
 */
#ifndef YAWL_RUNTIME_SECCOMP_SECCOMP_CALLS_H
#define YAWL_RUNTIME_SECCOMP_SECCOMP_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* In the order of the table's columns. */
enum seccomp_column {
    SECCOMP_X86_64,
    SECCOMP_I386,
    SECCOMP_X32, /* without bit 30 */
    SECCOMP_ARM64,
    SECCOMP_ARM,
    SECCOMP_COLUMNS,
};

/* Without pointers: nothing of the table has to be relocated when a program starts. */
struct seccomp_call {
    char name[32];
    int32_t numbers[SECCOMP_COLUMNS]; /* -1: the ABI does not have it */
};

/* By name, ascending. */
extern const struct seccomp_call seccomp_calls[];
extern const size_t seccomp_calls_count;

/* NULL when there is none of that name. */
const struct seccomp_call *seccomp_call_named(const char *name);

#endif
