/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes classic BPF programs for seccomp(2): for each ABI, what the answer to each system call is,
 * perhaps depending on its arguments.
 *
 * The program is a binary search over the numbers: since Linux 5.11 the kernel tries every number
 * when a filter is loaded, so that depth, not length, is what a start pays for. Neither allocates
 * nor calls the system.
 */
#ifndef YAWL_RUNTIME_SECCOMP_SECCOMP_PROGRAM_H
#define YAWL_RUNTIME_SECCOMP_SECCOMP_PROGRAM_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SECCOMP_PROGRAM_MAX = 4096, /* instructions; more the kernel does not take */
    SECCOMP_ANSWERS_MAX = 1024,
};

enum seccomp_comparison {
    SECCOMP_EQ,
    SECCOMP_NE,
    SECCOMP_LT,
    SECCOMP_LE,
    SECCOMP_GT,
    SECCOMP_GE,
    SECCOMP_MASKED_EQ, /* (argument & mask) == value */
};

struct seccomp_test {
    unsigned argument; /* 0 to 5 */
    enum seccomp_comparison comparison;
    uint64_t mask, value;
    bool is_narrow; /* the upper half of the argument does not matter */
};

/* Answers with `action` (SECCOMP_RET_...) when all tests hold. */
struct seccomp_clause {
    const struct seccomp_test *tests;
    size_t n_tests;
    uint32_t action;
};

/* The first clause that holds answers. */
struct seccomp_answer {
    const struct seccomp_clause *clauses;
    size_t n_clauses;
    uint32_t otherwise;
};

/* A range of numbers with one answer. It ends where the next one begins; the last never does. */
struct seccomp_span {
    uint32_t first;
    uint32_t weight; /* the assembler's */
    size_t answer;
};

/* The calls of one value of seccomp_data.arch; the first span begins at 0. */
struct seccomp_section {
    uint32_t audit_arch;
    uint32_t ignored_bits; /* of the number */
    struct seccomp_span *spans;
    size_t n_spans;
};

struct seccomp_program_spec {
    const struct seccomp_section *sections; /* the native one first */
    size_t n_sections;
    const struct seccomp_answer *answers; /* at most SECCOMP_ANSWERS_MAX */
    size_t n_answers;
    uint32_t foreign; /* the answer to calls of all other architectures */
};

/* Returns the length of the program that was written to `insns`, which has room for
 * SECCOMP_PROGRAM_MAX; 0 when that is too small. */
size_t seccomp_program_write(const struct seccomp_program_spec *spec, struct sock_filter *insns);

#endif
