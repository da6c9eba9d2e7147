/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own policy: turns the classes of system calls (syscalls.tbl) into a program for seccomp(2).
 *
 * Runs at build time for the usual sets of capabilities and at run time for the others; neither
 * allocates nor calls the system.
 */
#ifndef YAWL_RUNTIME_SECCOMP_SECCOMP_ASSEMBLER_H
#define YAWL_RUNTIME_SECCOMP_SECCOMP_ASSEMBLER_H

#include "runtime/seccomp/seccomp_program.h"

/* What the classes of syscalls.tbl say. */
enum seccomp_rule {
    RULE_ALLOW,
    RULE_ABSENT,
    RULE_DENY,
    RULE_CAPABILITY, /* allowed with one of the range's capabilities */
    RULE_CLONE,
    RULE_CLONE3,
    RULE_PERSONALITY,
    RULE_SOCKET,
};

struct seccomp_range {
    uint32_t first, last;
    enum seccomp_rule rule;
    uint64_t capabilities; /* bit N is capability N */
};

/* The calls of one value of seccomp_data.arch, ascending. */
struct seccomp_abi {
    const char *name;
    uint32_t audit_arch;
    uint32_t ignored_bits; /* of the number; x32 calls are x86_64 calls with bit 30 */
    const struct seccomp_range *ranges;
    size_t n_ranges;
};

/* The ABIs that one kernel runs; the native one first. */
struct seccomp_machine {
    const char *name;
    const struct seccomp_abi *abis;
    size_t n_abis;
};

enum { SECCOMP_RANGES_MAX = 1024 }; /* of one ABI */

/* Returns the length of the program that was written to `insns`, which has room for
 * SECCOMP_PROGRAM_MAX. */
size_t seccomp_assemble(const struct seccomp_machine *machine, uint64_t capabilities,
                        struct sock_filter *insns);

#endif
