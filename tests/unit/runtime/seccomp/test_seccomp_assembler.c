/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_assembler.h"

#include <criterion/criterion.h>
#include <linux/audit.h>
#include <linux/capability.h>

#include "common/text.h"
#include "runtime/seccomp/seccomp_tables.h"
#include "tests/unit/runtime/seccomp/seccomp_interpreter.h"
#include "tests/unit/runtime/seccomp/syscall_table.h"

enum { X32_BIT = 0x40000000 };

static size_t column_of(const char *abi)
{
    for (size_t i = 0; i < TABLE_COLUMNS; i++)
        if (string_eq(table_columns[i], abi))
            return i;
    cr_assert_fail("no column for %s", abi);
    return 0;
}

static void expect_answer(const struct sock_fprog *program, uint32_t arch, uint32_t number,
                          const struct syscall_line *line, uint64_t capabilities)
{
    static const uint64_t arguments[] = {
        0, 1, 8, 9, 0x20000, 0x20008, 0xffffffff, 37, 38, 39, 40, 41, UINT64_C(0x100000026),
    };
    /* Only some calls look at their argument; for the others one value is enough. */
    bool looks =
        line && (string_starts_with(line->class, "clone") ||
                 string_eq(line->class, "personality") || string_eq(line->class, "socket"));

    for (size_t i = 0; i < (looks ? ARRAY_LENGTH(arguments) : 1); i++) {
        uint32_t answer = seccomp_interpret_call(program, arch, number, arguments[i]);
        uint32_t wanted = syscall_line_answer(line, capabilities, arguments[i]);

        if (answer != wanted)
            cr_expect_fail("arch %#x call %#x (%s) argument %#llx with %#llx: %#x, wanted %#x",
                           arch, number, line ? line->name : "unknown",
                           (unsigned long long)arguments[i], (unsigned long long)capabilities,
                           answer, wanted);
    }
}

/* x86_64 and x32 have one filter. Asked for a call that only the other has, the kernel itself says
 * no. */
static const struct syscall_line *find_line(const struct syscall_table *table, const char *abi,
                                            uint32_t number)
{
    const struct syscall_line *line = syscall_table_find(table, column_of(abi), number);

    return line || !string_eq(abi, "x86_64") ? line
                                             : syscall_table_find(table, column_of("x32"), number);
}

static void check_program(const struct syscall_table *table, const struct seccomp_machine *machine,
                          uint64_t capabilities)
{
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    struct sock_fprog program = {
        .len = (unsigned short)seccomp_assemble(machine, capabilities, insns), .filter = insns};

    for (size_t i = 0; i < machine->n_abis; i++) {
        uint32_t arch = machine->abis[i].audit_arch;
        const char *name = machine->abis[i].name;
        bool has_x32 = string_eq(name, "x86_64");

        for (uint32_t n = 0; n < TABLE_NUMBERS; n++) {
            const struct syscall_line *line = find_line(table, name, n);
            uint32_t private = TABLE_PRIVATE + n;

            expect_answer(&program, arch, n, line, capabilities);
            expect_answer(&program, arch, n | X32_BIT, has_x32 ? line : NULL, capabilities);
            expect_answer(&program, arch, private, find_line(table, name, private), capabilities);
        }
        expect_answer(&program, arch, X32_BIT - 1, NULL, capabilities);
        expect_answer(&program, arch, 0x7fffffff, NULL, capabilities);
        expect_answer(&program, arch, 0x80000000, NULL, capabilities);
        expect_answer(&program, arch, 0xffffffff, NULL, capabilities);
    }
}

/* The promise that makes one filter for both possible. */
Test(seccomp_assembler, no_number_means_two_calls_on_x86_64_and_x32)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct syscall_table *table = syscall_table_read(arena);

    for (uint32_t n = 0; n < TABLE_NUMBERS; n++) {
        const struct syscall_line *native = syscall_table_find(table, column_of("x86_64"), n);
        const struct syscall_line *x32 = syscall_table_find(table, column_of("x32"), n);

        cr_expect(!native || !x32 || native == x32, "%u", n);
    }
}

static void check_machine(const char *name)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct syscall_table *table = syscall_table_read(arena);
    const struct seccomp_machine *machine = NULL;

    for (size_t i = 0; i < seccomp_machines_count; i++)
        if (string_eq(seccomp_machines[i].name, name))
            machine = &seccomp_machines[i];
    cr_assert_not_null(machine);

    check_program(table, machine, 0);
    check_program(table, machine, UINT64_C(0xa80425fb));
    check_program(table, machine, ~UINT64_C(0));
    for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
        if (seccomp_capabilities & (UINT64_C(1) << i))
            check_program(table, machine, UINT64_C(1) << i);
}

Test(seccomp_assembler, every_number_of_x86_64_i386_and_x32_gets_the_answer_of_the_table)
{
    check_machine("x86_64");
}

Test(seccomp_assembler, every_number_of_arm64_and_arm_gets_the_answer_of_the_table)
{
    check_machine("arm64");
}

Test(seccomp_assembler, every_number_of_i386_alone_gets_the_answer_of_the_table)
{
    check_machine("i386");
}

Test(seccomp_assembler, every_number_of_arm_alone_gets_the_answer_of_the_table)
{
    check_machine("arm");
}

Test(seccomp_assembler, a_foreign_architecture_is_killed)
{
    static const uint32_t foreign[] = {AUDIT_ARCH_PPC64LE, AUDIT_ARCH_S390X, 0, 0xffffffff};
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];

    for (size_t i = 0; i < seccomp_machines_count; i++) {
        struct sock_fprog program = {
            .len = (unsigned short)seccomp_assemble(&seccomp_machines[i], ~UINT64_C(0), insns),
            .filter = insns};

        for (size_t k = 0; k < ARRAY_LENGTH(foreign); k++)
            cr_expect_eq(seccomp_interpret_call(&program, foreign[k], 0, 0),
                         SECCOMP_RET_KILL_PROCESS);
    }
}

/* Sizes far beyond the real table: jumps over more than 255 instructions must arrive as well. */
Test(seccomp_assembler, long_programs_jump_right)
{
    struct seccomp_range ranges[SECCOMP_RANGES_MAX];
    struct seccomp_abi abi = {"many", 1, 0, ranges, 400};
    struct seccomp_machine machine = {"many", &abi, 1};
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    struct sock_fprog program = {.filter = insns};
    static const enum seccomp_rule rules[] = {RULE_ALLOW, RULE_DENY, RULE_PERSONALITY, RULE_SOCKET,
                                              RULE_CLONE};
    static const uint32_t answers[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ALLOW,
                                       SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW};

    for (uint32_t i = 0; i < abi.n_ranges; i++)
        ranges[i] = (struct seccomp_range){4 * i + 2, 4 * i + 4, rules[i % 5], 0};
    program.len = (unsigned short)seccomp_assemble(&machine, 0, insns);
    cr_expect_gt(program.len, 600);
    for (uint32_t i = 0; i < abi.n_ranges; i++) {
        cr_expect_eq(seccomp_interpret_call(&program, 1, 4 * i + 1, 0), SECCOMP_RET_ERRNO | 38);
        cr_expect_eq(seccomp_interpret_call(&program, 1, 4 * i + 2, 0), answers[i % 5]);
        cr_expect_eq(seccomp_interpret_call(&program, 1, 4 * i + 4, 0), answers[i % 5]);
    }
}

Test(seccomp_assembler, one_range_is_a_program_too)
{
    struct seccomp_range range = {0, UINT32_MAX - 1, RULE_ALLOW, 0};
    struct seccomp_abi abi = {"one", 7, 0, &range, 1};
    struct seccomp_machine machine = {"one", &abi, 1};
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    struct sock_fprog program = {.len = (unsigned short)seccomp_assemble(&machine, 0, insns),
                                 .filter = insns};

    cr_expect_eq(seccomp_interpret_call(&program, 7, 5, 0), SECCOMP_RET_ALLOW);
    cr_expect_eq(seccomp_interpret_call(&program, 7, UINT32_MAX, 0), SECCOMP_RET_ERRNO | 38);
    cr_expect_eq(seccomp_interpret_call(&program, 8, 5, 0), SECCOMP_RET_KILL_PROCESS);
}
