/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscalls.tbl read a second time, independently of the generator, and asked for what it promises.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_SECCOMP_SYSCALL_TABLE_H
#define YAWL_TESTS_UNIT_RUNTIME_SECCOMP_SYSCALL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"

enum { TABLE_COLUMNS = 5, TABLE_NUMBERS = 2048, TABLE_PRIVATE = 0xf0000 };

struct syscall_line {
    char name[40];
    char class[40];
    long numbers[TABLE_COLUMNS]; /* -1: none */
};

struct syscall_table {
    struct syscall_line lines[600];
    size_t count;
    /* By column and number; the second half are arm's own, from TABLE_PRIVATE on. */
    const struct syscall_line *by_number[TABLE_COLUMNS][2 * TABLE_NUMBERS];
};

/* "x86_64", "i386", "x32", "arm64", "arm" */
extern const char *const table_columns[TABLE_COLUMNS];

struct syscall_table *syscall_table_read(struct arena *arena);

/* The call behind a number (without the x32 bit), or NULL. */
const struct syscall_line *syscall_table_find(const struct syscall_table *table, size_t column,
                                              uint32_t number);
const struct syscall_line *syscall_table_named(const struct syscall_table *table, const char *name);

/* What the filter has to answer with this first argument; `line` may be NULL. */
uint32_t syscall_line_answer(const struct syscall_line *line, uint64_t capabilities,
                             uint64_t argument);

/* The bit of "SYS_ADMIN", or 0. */
uint64_t capability_bit(const char *name, size_t length);

#endif
