/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_rules.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "common/text.h"

enum { X32_BIT = 0x40000000 };

/* The ABIs of this machine. x32 has the numbers from X32_BIT on of x86_64's. */
static const struct abi {
    uint32_t audit_arch;
    enum seccomp_column column;
} abis[] = {
#if defined(__x86_64__)
    {AUDIT_ARCH_X86_64, SECCOMP_X86_64},
    {AUDIT_ARCH_I386, SECCOMP_I386},
#elif defined(__aarch64__)
    {AUDIT_ARCH_AARCH64, SECCOMP_ARM64},
    {AUDIT_ARCH_ARM, SECCOMP_ARM},
#elif defined(__i386__)
    {AUDIT_ARCH_I386, SECCOMP_I386},
#elif defined(__arm__)
    {AUDIT_ARCH_ARM, SECCOMP_ARM},
#endif
};

/* i386's calls that stand for others, by their first argument. */
static const struct {
    const char *name;
    bool is_ipc;
    uint32_t number;
} parts[] = {
    {"socket", false, 1},      {"bind", false, 2},        {"connect", false, 3},
    {"listen", false, 4},      {"accept", false, 5},      {"getsockname", false, 6},
    {"getpeername", false, 7}, {"socketpair", false, 8},  {"send", false, 9},
    {"recv", false, 10},       {"sendto", false, 11},     {"recvfrom", false, 12},
    {"shutdown", false, 13},   {"setsockopt", false, 14}, {"getsockopt", false, 15},
    {"sendmsg", false, 16},    {"recvmsg", false, 17},    {"accept4", false, 18},
    {"recvmmsg", false, 19},   {"sendmmsg", false, 20},   {"semop", true, 1},
    {"semget", true, 2},       {"semctl", true, 3},       {"semtimedop", true, 4},
    {"msgsnd", true, 11},      {"msgrcv", true, 12},      {"msgget", true, 13},
    {"msgctl", true, 14},      {"shmat", true, 21},       {"shmdt", true, 22},
    {"shmget", true, 23},      {"shmctl", true, 24},
};

/* What one rule says about one number. */
struct entry {
    uint32_t number;
    size_t order;
    struct seccomp_clause clause;
};

struct assembly {
    const struct seccomp_rules *rules;
    struct arena *arena;
    struct entry *entries; /* of the ABI in hand */
    size_t n_entries;
    struct seccomp_answer *answers;
    size_t n_answers;
    struct seccomp_span *spans;
    size_t n_spans;
};

static bool has_column(const struct assembly *assembly, enum seccomp_column column)
{
    return assembly->rules->columns & (1U << column);
}

/*
 * Rules by number
 */

static void add_entry(struct assembly *assembly, uint32_t number, struct seccomp_clause clause)
{
    assembly->entries = arena_room(assembly->arena, assembly->entries, assembly->n_entries);
    assembly->entries[assembly->n_entries] = (struct entry){number, assembly->n_entries, clause};
    assembly->n_entries++;
}

/* Only 64-bit ABIs have arguments of 64 bits. */
static struct seccomp_clause narrow(struct arena *arena, struct seccomp_clause clause)
{
    struct seccomp_test *tests = arena_new_array(arena, struct seccomp_test, clause.n_tests + 1);

    for (size_t i = 0; i < clause.n_tests; i++) {
        tests[i] = clause.tests[i];
        tests[i].is_narrow = true;
    }
    clause.tests = tests;
    return clause;
}

/* The version in the upper half of ipc's argument does not matter. */
static void add_part(struct assembly *assembly, const char *name, uint32_t action)
{
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        const struct seccomp_call *whole;
        struct seccomp_test *test;

        if (!string_eq(parts[i].name, name))
            continue;
        whole = seccomp_call_named(parts[i].is_ipc ? "ipc" : "socketcall");
        test = arena_new_object(assembly->arena, struct seccomp_test);
        *test = (struct seccomp_test){.comparison = SECCOMP_MASKED_EQ,
                                      .mask = parts[i].is_ipc ? 0xffff : UINT32_MAX,
                                      .value = parts[i].number,
                                      .is_narrow = true};
        add_entry(assembly, (uint32_t)whole->numbers[SECCOMP_I386],
                  (struct seccomp_clause){test, 1, action});
    }
}

static void add_call(struct assembly *assembly, const struct abi *abi, const char *name,
                     struct seccomp_clause clause)
{
    const struct seccomp_call *call = seccomp_call_named(name);
    bool is_wide = abi->column == SECCOMP_X86_64 || abi->column == SECCOMP_ARM64;

    if (!call)
        return;
    if (call->numbers[abi->column] >= 0)
        add_entry(assembly, (uint32_t)call->numbers[abi->column],
                  is_wide ? clause : narrow(assembly->arena, clause));
    if (abi->column == SECCOMP_X86_64 && has_column(assembly, SECCOMP_X32) &&
        call->numbers[SECCOMP_X32] >= 0)
        add_entry(assembly, X32_BIT | (uint32_t)call->numbers[SECCOMP_X32],
                  narrow(assembly->arena, clause));
    if (abi->column == SECCOMP_I386)
        add_part(assembly, name, clause.action);
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* A rule that says what is said anyhow is none. */
static void collect(struct assembly *assembly, const struct abi *abi)
{
    const struct seccomp_rules *rules = assembly->rules;

    assembly->entries = NULL;
    assembly->n_entries = 0;
    for (size_t i = 0; i < rules->n_rules; i++) {
        const struct seccomp_named_rule *rule = &rules->rules[i];

        for (size_t j = 0; j < rule->names.count && rule->clause.action != rules->default_action;
             j++)
            add_call(assembly, abi, rule->names.items[j], rule->clause);
    }
    if (assembly->n_entries > 0)
        qsort(assembly->entries, assembly->n_entries, sizeof(assembly->entries[0]),
              compare_entries);
}

/*
 * Answers by number
 */

static size_t add_answer(struct assembly *assembly, struct seccomp_answer answer)
{
    for (size_t i = 0; answer.n_clauses == 0 && i < assembly->n_answers; i++)
        if (assembly->answers[i].n_clauses == 0 &&
            assembly->answers[i].otherwise == answer.otherwise)
            return i;
    assembly->answers = arena_room(assembly->arena, assembly->answers, assembly->n_answers);
    assembly->answers[assembly->n_answers] = answer;
    return assembly->n_answers++;
}

static size_t plain_answer(struct assembly *assembly, uint32_t action)
{
    return add_answer(assembly, (struct seccomp_answer){.otherwise = action});
}

/* Of the entries of one number. */
static size_t answer_of(struct assembly *assembly, const struct entry *entries, size_t count)
{
    struct seccomp_clause *clauses = arena_new_array(assembly->arena, struct seccomp_clause, count);

    for (size_t i = 0; i < count; i++) {
        if (entries[i].clause.n_tests == 0)
            return plain_answer(assembly, entries[i].clause.action);
        clauses[i] = entries[i].clause;
    }
    return add_answer(assembly,
                      (struct seccomp_answer){clauses, count, assembly->rules->default_action});
}

static void add_span(struct assembly *assembly, uint32_t first, size_t answer)
{
    if (assembly->n_spans > 0 && assembly->spans[assembly->n_spans - 1].answer == answer)
        return;
    assembly->spans = arena_room(assembly->arena, assembly->spans, assembly->n_spans);
    assembly->spans[assembly->n_spans++] = (struct seccomp_span){.first = first, .answer = answer};
}

/* Numbers from `first` up to `next` that no rule is about. */
static void add_gap(struct assembly *assembly, const struct abi *abi, uint32_t first, uint32_t next)
{
    size_t usual = plain_answer(assembly, assembly->rules->default_action);
    size_t x32 = abi->column == SECCOMP_X86_64 && !has_column(assembly, SECCOMP_X32)
                     ? plain_answer(assembly, SECCOMP_RET_KILL_PROCESS)
                     : usual;

    if (first < next && first < X32_BIT)
        add_span(assembly, first, usual);
    if (next > X32_BIT && first <= X32_BIT)
        add_span(assembly, X32_BIT, x32);
    else if (first < next && first > X32_BIT)
        add_span(assembly, first, x32);
}

/* The last number is what a tracer makes of a call that it takes upon itself. */
static void settle(struct assembly *assembly, const struct abi *abi)
{
    uint32_t next = 0;

    assembly->spans = NULL;
    assembly->n_spans = 0;
    for (size_t i = 0, count; i < assembly->n_entries; i += count) {
        const struct entry *entry = &assembly->entries[i];

        for (count = 1; i + count < assembly->n_entries && entry[count].number == entry->number;)
            count++;
        add_gap(assembly, abi, next, entry->number);
        add_span(assembly, entry->number, answer_of(assembly, entry, count));
        next = entry->number + 1;
    }
    add_gap(assembly, abi, next, UINT32_MAX);
    add_span(assembly, UINT32_MAX, plain_answer(assembly, assembly->rules->default_action));
}

int seccomp_rules_assemble(const struct seccomp_rules *rules, struct arena *arena,
                           struct sock_fprog *ret_program, struct error *err)
{
    struct assembly assembly = {.rules = rules, .arena = arena};
    struct seccomp_section sections[ARRAY_LENGTH(abis)];
    struct sock_filter *insns = arena_new_array(arena, struct sock_filter, SECCOMP_PROGRAM_MAX);
    struct seccomp_program_spec spec = {.sections = sections, .foreign = SECCOMP_RET_KILL_PROCESS};
    size_t length = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(abis); i++) {
        if (i > 0 && !has_column(&assembly, abis[i].column))
            continue;
        collect(&assembly, &abis[i]);
        settle(&assembly, &abis[i]);
        sections[spec.n_sections++] = (struct seccomp_section){
            .audit_arch = abis[i].audit_arch, .spans = assembly.spans, .n_spans = assembly.n_spans};
    }
    spec.answers = assembly.answers;
    spec.n_answers = assembly.n_answers;
    if (spec.n_answers <= SECCOMP_ANSWERS_MAX)
        length = seccomp_program_write(&spec, insns);
    if (length == 0)
        return error_set(err, "the filter is longer than the kernel takes");
    *ret_program = (struct sock_fprog){(unsigned short)length, insns};
    return 0;
}
