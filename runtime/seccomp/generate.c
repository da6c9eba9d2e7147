/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time program: reads syscalls.tbl and writes seccomp_tables.c, which holds the ranges of
 * every ABI and the finished programs for the usual sets of capabilities, and seccomp_names.c with
 * the calls by their names.
 *
 *     generate syscalls.tbl seccomp_tables.c seccomp_names.c
 */
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/seccomp/seccomp_assembler.h"
#include "runtime/seccomp/seccomp_calls.h"

enum { X32_BIT = 0x40000000, CALLS_MAX = 1024 };

/* One column of the table. x32 shares its ABI with x86_64, and no number means two different calls:
 * asked for the other's, the kernel answers ENOSYS by itself. */
static const struct {
    const char *name;
    size_t abi;
} columns[SECCOMP_COLUMNS] = {
    {"x86_64", 0}, {"i386", 1}, {"x32", 0}, {"arm64", 2}, {"arm", 3},
};

enum { ABIS = 4 };

static const struct {
    const char *name, *constant;
    uint32_t audit_arch;
    uint32_t ignored_bits;
} abis[ABIS] = {
    {"x86_64", "AUDIT_ARCH_X86_64", AUDIT_ARCH_X86_64, X32_BIT},
    {"i386", "AUDIT_ARCH_I386", AUDIT_ARCH_I386, 0},
    {"arm64", "AUDIT_ARCH_AARCH64", AUDIT_ARCH_AARCH64, 0},
    {"arm", "AUDIT_ARCH_ARM", AUDIT_ARCH_ARM, 0},
};

/* Which ABIs a kernel runs, by the compiler's name for the machine. */
static const struct {
    const char *name, *macro;
    size_t first_abi, n_abis;
} machines[] = {
    {"x86_64", "__x86_64__", 0, 2},
    {"arm64", "__aarch64__", 2, 2},
    {"i386", "__i386__", 1, 1},
    {"arm", "__arm__", 3, 1},
};

static const struct {
    const char *name;
    unsigned number;
} capabilities[] = {
    {"DAC_READ_SEARCH", CAP_DAC_READ_SEARCH},
    {"SYS_MODULE", CAP_SYS_MODULE},
    {"SYS_RAWIO", CAP_SYS_RAWIO},
    {"SYS_CHROOT", CAP_SYS_CHROOT},
    {"SYS_PTRACE", CAP_SYS_PTRACE},
    {"SYS_PACCT", CAP_SYS_PACCT},
    {"SYS_ADMIN", CAP_SYS_ADMIN},
    {"SYS_BOOT", CAP_SYS_BOOT},
    {"SYS_NICE", CAP_SYS_NICE},
    {"SYS_TIME", CAP_SYS_TIME},
    {"SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG},
    {"SYSLOG", CAP_SYSLOG},
    {"PERFMON", CAP_PERFMON},
    {"BPF", CAP_BPF},
};

static const struct {
    const char *name;
    enum seccomp_rule rule;
} classes[] = {
    {"allow", RULE_ALLOW},   {"absent", RULE_ABSENT},    {"deny", RULE_DENY},
    {"clone", RULE_CLONE},   {"clone3", RULE_CLONE3},    {"personality", RULE_PERSONALITY},
    {"socket", RULE_SOCKET}, {"socketcall", RULE_ALLOW},
};

#define BIT(capability) (UINT64_C(1) << (capability))
/* Of docker's default capabilities, SYS_CHROOT alone is tied to calls. */
#define DEFAULT BIT(CAP_SYS_CHROOT)

/* Sets that containers usually have: none, the default, the default and one that `cap_add` often
 * names. All of them ("privileged" without "unconfined") is added below. */
static const uint64_t usual_sets[] = {
    0,
    DEFAULT,
    DEFAULT | BIT(CAP_SYS_ADMIN),
    DEFAULT | BIT(CAP_SYS_PTRACE),
    DEFAULT | BIT(CAP_SYS_NICE),
    DEFAULT | BIT(CAP_SYS_TIME),
};

struct table {
    struct seccomp_range ranges[ABIS][SECCOMP_RANGES_MAX];
    size_t counts[ABIS];
    uint64_t capabilities; /* all that are tied to some call */
    struct seccomp_call calls[CALLS_MAX];
    size_t n_calls;
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

static uint64_t read_capabilities(char *names, unsigned line)
{
    uint64_t set = 0;
    char *rest = NULL;

    for (const char *name = strtok_r(names, "|", &rest); name; name = strtok_r(NULL, "|", &rest)) {
        uint64_t before = set;

        for (size_t i = 0; i < LENGTH(capabilities); i++)
            if (strcmp(capabilities[i].name, name) == 0)
                set |= BIT(capabilities[i].number);
        if (set == before)
            die("line %u: unknown class or capability '%s'", line, name);
    }
    return set;
}

static void read_class(char *word, unsigned line, struct seccomp_range *range)
{
    for (size_t i = 0; i < LENGTH(classes); i++) {
        if (strcmp(classes[i].name, word) == 0) {
            range->rule = classes[i].rule;
            return;
        }
    }
    range->rule = RULE_CAPABILITY;
    range->capabilities = read_capabilities(word, line);
}

static int32_t read_number(const char *word, unsigned line)
{
    char *end;
    unsigned long number = strtoul(word, &end, 0);

    if (strcmp(word, "-") == 0)
        return -1;
    if (*end || end == word || number >= X32_BIT)
        die("line %u: '%s' is no number", line, word);
    return (int32_t)number;
}

static struct seccomp_call *add_call(struct table *table, const char *name, unsigned line)
{
    struct seccomp_call *call = &table->calls[table->n_calls++];

    if (table->n_calls > CALLS_MAX)
        die("line %u: more than %d calls", line, CALLS_MAX);
    if (snprintf(call->name, sizeof(call->name), "%s", name) >= (int)sizeof(call->name))
        die("line %u: '%s' is too long", line, name);
    return call;
}

static void add_number(struct table *table, size_t column, int32_t number,
                       struct seccomp_range range, unsigned line)
{
    size_t abi = columns[column].abi;

    if (table->counts[abi] >= SECCOMP_RANGES_MAX)
        die("line %u: more than %d calls of one ABI", line, SECCOMP_RANGES_MAX);
    range.first = range.last = (uint32_t)number;
    table->ranges[abi][table->counts[abi]++] = range;
}

static void read_line(struct table *table, char *text, unsigned line)
{
    struct seccomp_range range = {0};
    char *rest = NULL;
    const char *name = strtok_r(text, " \t\n", &rest);
    char *class = strtok_r(NULL, " \t\n", &rest);
    struct seccomp_call *call;

    if (!name || name[0] == '#')
        return;
    if (!class)
        die("line %u: no class", line);
    read_class(class, line, &range);
    table->capabilities |= range.capabilities;
    call = add_call(table, name, line);
    for (size_t i = 0; i < SECCOMP_COLUMNS; i++) {
        const char *word = strtok_r(NULL, " \t\n", &rest);

        if (!word)
            die("line %u: no number for %s", line, columns[i].name);
        call->numbers[i] = read_number(word, line);
        if (call->numbers[i] >= 0 &&
            (i != SECCOMP_X32 || call->numbers[i] != call->numbers[SECCOMP_X86_64]))
            add_number(table, i, call->numbers[i], range, line);
    }
    if (strtok_r(NULL, " \t\n", &rest))
        die("line %u: too many columns", line);
}

static int compare_ranges(const void *left, const void *right)
{
    const struct seccomp_range *a = left;
    const struct seccomp_range *b = right;

    return a->first < b->first ? -1 : a->first > b->first;
}

/* Sorts the calls of one ABI and joins neighbours with the same rule. */
static void join_ranges(struct table *table, size_t abi)
{
    struct seccomp_range *ranges = table->ranges[abi];
    size_t count = 0;

    qsort(ranges, table->counts[abi], sizeof(*ranges), compare_ranges);
    for (size_t i = 0; i < table->counts[abi]; i++) {
        struct seccomp_range *last = count > 0 ? &ranges[count - 1] : NULL;

        if (last && last->last >= ranges[i].first)
            die("%s: call %" PRIu32 " is there twice", abis[abi].name, ranges[i].first);
        if (last && last->last + 1 == ranges[i].first && last->rule == ranges[i].rule &&
            last->capabilities == ranges[i].capabilities)
            last->last = ranges[i].last;
        else
            ranges[count++] = ranges[i];
    }
    table->counts[abi] = count;
}

static int compare_calls(const void *left, const void *right)
{
    return strcmp(((const struct seccomp_call *)left)->name,
                  ((const struct seccomp_call *)right)->name);
}

static void write_names(FILE *out, struct table *table)
{
    qsort(table->calls, table->n_calls, sizeof(table->calls[0]), compare_calls);
    (void)fputs("/* Generated from syscalls.tbl. */\n"
                "#include \"runtime/seccomp/seccomp_calls.h\"\n\n"
                "const struct seccomp_call seccomp_calls[] = {\n",
                out);
    for (size_t i = 0; i < table->n_calls; i++) {
        const struct seccomp_call *call = &table->calls[i];

        (void)fprintf(out, "    {\"%s\", {", call->name);
        for (size_t column = 0; column < SECCOMP_COLUMNS; column++)
            (void)fprintf(out, "%" PRId32 ",", call->numbers[column]);
        (void)fputs("}},\n", out);
    }
    (void)fprintf(out, "};\nconst size_t seccomp_calls_count = %zu;\n", table->n_calls);
}

static void write_ranges(FILE *out, const struct table *table)
{
    for (size_t abi = 0; abi < ABIS; abi++) {
        (void)fprintf(out, "static const struct seccomp_range ranges_%s[] = {\n", abis[abi].name);
        for (size_t i = 0; i < table->counts[abi]; i++) {
            const struct seccomp_range *range = &table->ranges[abi][i];

            (void)fprintf(out,
                          "    {%" PRIu32 "U, %" PRIu32
                          "U, (enum seccomp_rule)%d, UINT64_C(%#" PRIx64 ")},\n",
                          range->first, range->last, (int)range->rule, range->capabilities);
        }
        (void)fputs("};\n\n", out);
    }
    (void)fputs("static const struct seccomp_abi abis[] = {\n", out);
    for (size_t abi = 0; abi < ABIS; abi++)
        (void)fprintf(out, "    {\"%s\", %s, %#" PRIx32 "U, ranges_%s, %zu},\n", abis[abi].name,
                      abis[abi].constant, abis[abi].ignored_bits, abis[abi].name,
                      table->counts[abi]);
    (void)fputs("};\n\nconst struct seccomp_machine seccomp_machines[] = {\n", out);
    for (size_t i = 0; i < LENGTH(machines); i++)
        (void)fprintf(out, "    {\"%s\", abis + %zu, %zu},\n", machines[i].name,
                      machines[i].first_abi, machines[i].n_abis);
    (void)fprintf(out, "};\nconst size_t seccomp_machines_count = %zu;\n", LENGTH(machines));
    (void)fprintf(out, "const uint64_t seccomp_capabilities = UINT64_C(%#" PRIx64 ");\n\n",
                  table->capabilities);
}

static size_t write_program(FILE *out, const struct seccomp_machine *machine, uint64_t set,
                            size_t number)
{
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    size_t count = seccomp_assemble(machine, set, insns);

    (void)fprintf(out, "static const struct sock_filter program_%zu[] = {\n", number);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "    {%#x, %u, %u, %#" PRIx32 "},\n", insns[i].code, insns[i].jt,
                      insns[i].jf, insns[i].k);
    (void)fputs("};\n", out);
    return count;
}

/* The programs of one machine, for the compiler to choose. */
static void write_machine(FILE *out, const struct table *table, size_t index)
{
    struct seccomp_abi own[ABIS];
    struct seccomp_machine machine = {machines[index].name, own, machines[index].n_abis};
    uint64_t sets[LENGTH(usual_sets) + 1];
    size_t lengths[LENGTH(sets)];

    for (size_t i = 0; i < machine.n_abis; i++) {
        size_t abi = machines[index].first_abi + i;

        own[i] = (struct seccomp_abi){abis[abi].name, abis[abi].audit_arch, abis[abi].ignored_bits,
                                      table->ranges[abi], table->counts[abi]};
    }
    memcpy(sets, usual_sets, sizeof(usual_sets));
    sets[LENGTH(usual_sets)] = table->capabilities;

    (void)fprintf(out, "#if defined(%s)\n", machines[index].macro);
    (void)fprintf(out, "const size_t seccomp_native_machine = %zu;\n", index);
    for (size_t i = 0; i < LENGTH(sets); i++)
        lengths[i] = write_program(out, &machine, sets[i], i);
    (void)fputs("const struct seccomp_program seccomp_programs[] = {\n", out);
    for (size_t i = 0; i < LENGTH(sets); i++)
        (void)fprintf(out, "    {UINT64_C(%#" PRIx64 "), program_%zu, %zu},\n", sets[i], i,
                      lengths[i]);
    (void)fprintf(out, "};\nconst size_t seccomp_programs_count = %zu;\n#endif\n\n", LENGTH(sets));
}

int main(int argc, char **argv)
{
    struct table *table = calloc(1, sizeof(*table));
    char text[512];
    unsigned line = 0;
    FILE *in = argc == 4 ? fopen(argv[1], "re") : NULL;
    FILE *out = in && table ? fopen(argv[2], "we") : NULL;
    FILE *names = out ? fopen(argv[3], "we") : NULL;

    if (!in || !out || !names)
        die("usage: generate syscalls.tbl seccomp_tables.c seccomp_names.c");
    while (fgets(text, sizeof(text), in))
        read_line(table, text, ++line);
    (void)fclose(in);
    for (size_t abi = 0; abi < ABIS; abi++)
        join_ranges(table, abi);

    (void)fputs("/* Generated from syscalls.tbl. */\n"
                "#include \"runtime/seccomp/seccomp_tables.h\"\n\n"
                "#include <linux/audit.h>\n\n",
                out);
    write_ranges(out, table);
    for (size_t i = 0; i < LENGTH(machines); i++)
        write_machine(out, table, i);
    write_names(names, table);
    if (fclose(out) != 0 || fclose(names) != 0)
        die("cannot write '%s' and '%s'", argv[2], argv[3]);
    free(table);
    return 0;
}
