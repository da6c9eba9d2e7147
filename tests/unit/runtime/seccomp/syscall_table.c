/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/seccomp/syscall_table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

const char *const table_columns[TABLE_COLUMNS] = {"x86_64", "i386", "x32", "arm64", "arm"};

static size_t place_of(uint32_t number)
{
    if (number < TABLE_NUMBERS)
        return number;
    if (number >= TABLE_PRIVATE && number < TABLE_PRIVATE + TABLE_NUMBERS)
        return TABLE_NUMBERS + (number - TABLE_PRIVATE);
    return SIZE_MAX;
}

struct syscall_table *syscall_table_read(struct arena *arena)
{
    struct syscall_table *table = arena_new_object(arena, struct syscall_table);
    FILE *in = fopen(SYSCALLS_TBL, "re");
    char text[512];

    cr_assert_not_null(in);
    while (fgets(text, sizeof(text), in)) {
        struct syscall_line *line = &table->lines[table->count];
        char words[TABLE_COLUMNS][16];

        if (text[0] == '#')
            continue;
        cr_assert_lt(table->count, ARRAY_LENGTH(table->lines));
        cr_assert_eq(sscanf(text, "%39s %39s %15s %15s %15s %15s %15s", line->name, line->class,
                            words[0], words[1], words[2], words[3], words[4]),
                     7, "%s", text);
        table->count++;
        for (size_t i = 0; i < TABLE_COLUMNS; i++) {
            line->numbers[i] = string_eq(words[i], "-") ? -1 : strtol(words[i], NULL, 0);
            if (line->numbers[i] >= 0)
                table->by_number[i][place_of((uint32_t)line->numbers[i])] = line;
        }
    }
    (void)fclose(in);
    return table;
}

const struct syscall_line *syscall_table_find(const struct syscall_table *table, size_t column,
                                              uint32_t number)
{
    size_t place = place_of(number);

    return place == SIZE_MAX ? NULL : table->by_number[column][place];
}

const struct syscall_line *syscall_table_named(const struct syscall_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (string_eq(table->lines[i].name, name))
            return &table->lines[i];
    return NULL;
}

/* The kernel's numbers, spelled out here so that the test does not repeat the generator's mistakes.
 */
uint64_t capability_bit(const char *name, size_t length)
{
    static const struct {
        const char *name;
        unsigned number;
    } numbers[] = {
        {"DAC_READ_SEARCH", 2}, {"SYS_MODULE", 16}, {"SYS_RAWIO", 17},      {"SYS_CHROOT", 18},
        {"SYS_PTRACE", 19},     {"SYS_PACCT", 20},  {"SYS_ADMIN", 21},      {"SYS_BOOT", 22},
        {"SYS_NICE", 23},       {"SYS_TIME", 25},   {"SYS_TTY_CONFIG", 26}, {"SYSLOG", 34},
        {"PERFMON", 38},        {"BPF", 39},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (strlen(numbers[i].name) == length && strncmp(numbers[i].name, name, length) == 0)
            return UINT64_C(1) << numbers[i].number;
    return 0;
}

static bool has_one_of(const char *names, uint64_t capabilities)
{
    uint64_t wanted = 0;

    while (*names) {
        size_t length = strcspn(names, "|");
        uint64_t bit = capability_bit(names, length);

        cr_assert_neq(bit, 0, "%s", names);
        wanted |= bit;
        names += length + (names[length] == '|');
    }
    return capabilities & wanted;
}

uint32_t syscall_line_answer(const struct syscall_line *line, uint64_t capabilities,
                             uint64_t argument)
{
    const uint32_t eperm = SECCOMP_RET_ERRNO | EPERM;
    const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
    bool is_admin = capabilities & (UINT64_C(1) << 21);
    uint32_t low = (uint32_t)argument;

    if (!line || string_eq(line->class, "absent"))
        return enosys;
    if (string_eq(line->class, "allow") || string_eq(line->class, "socketcall"))
        return SECCOMP_RET_ALLOW;
    if (string_eq(line->class, "deny"))
        return eperm;
    if (string_eq(line->class, "clone"))
        return is_admin || !(low & 0x7E020000) ? SECCOMP_RET_ALLOW : eperm;
    if (string_eq(line->class, "clone3"))
        return is_admin ? SECCOMP_RET_ALLOW : enosys;
    if (string_eq(line->class, "personality"))
        return low == 0 || low == 8 || low == 0x20000 || low == 0x20008 || low == 0xffffffff
                   ? SECCOMP_RET_ALLOW
                   : eperm;
    if (string_eq(line->class, "socket"))
        return low == 38 || low == 40 ? eperm : SECCOMP_RET_ALLOW;
    return has_one_of(line->class, capabilities) ? SECCOMP_RET_ALLOW : eperm;
}
