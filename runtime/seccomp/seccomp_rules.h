/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter by rules about named system calls, as an OCI configuration has them.
 *
 * Where rules differ about a call, what libseccomp does holds: the first rule without tests
 * decides; else the first whose tests hold. i386's `socketcall` and `ipc` follow the rules of the
 * calls that they stand for, whose arguments are out of a filter's sight. Names that we do not know
 * are passed over, and calls of architectures that are not asked for end the process.
 */
#ifndef YAWL_RUNTIME_SECCOMP_SECCOMP_RULES_H
#define YAWL_RUNTIME_SECCOMP_SECCOMP_RULES_H

#include "common/arena.h"
#include "common/error.h"
#include "runtime/seccomp/seccomp_calls.h"
#include "runtime/seccomp/seccomp_program.h"

struct seccomp_named_rule {
    struct string_list names;
    struct seccomp_clause clause; /* without tests: always */
};

struct seccomp_rules {
    uint32_t default_action; /* SECCOMP_RET_... */
    unsigned columns;        /* bit N: enum seccomp_column N is asked for; the native one always */
    const struct seccomp_named_rule *rules;
    size_t n_rules;
};

/* Writes the program of this machine to the arena. Fails when it is longer than the kernel takes.
 */
MUST_CHECK int seccomp_rules_assemble(const struct seccomp_rules *rules, struct arena *arena,
                                      struct sock_fprog *ret_program, struct error *err);

#endif
