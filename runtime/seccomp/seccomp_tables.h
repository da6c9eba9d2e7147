/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What generate.c makes of syscalls.tbl: constant data only.
 */
#ifndef YAWL_RUNTIME_SECCOMP_SECCOMP_TABLES_H
#define YAWL_RUNTIME_SECCOMP_SECCOMP_TABLES_H

#include "runtime/seccomp/seccomp_assembler.h"

/* Every machine that the table knows, so that each can be tested anywhere. */
extern const struct seccomp_machine seccomp_machines[];
extern const size_t seccomp_machines_count;
/* The place of the one we are compiled for. */
extern const size_t seccomp_native_machine;

/* The capabilities that make a difference to the filter. */
extern const uint64_t seccomp_capabilities;

/* The finished programs of this machine, one for each usual set of those capabilities. */
struct seccomp_program {
    uint64_t capabilities;
    const struct sock_filter *insns;
    size_t length;
};
extern const struct seccomp_program seccomp_programs[];
extern const size_t seccomp_programs_count;

#endif
