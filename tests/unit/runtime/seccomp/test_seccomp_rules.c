/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_rules.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "common/text.h"
#include "tests/unit/runtime/seccomp/seccomp_interpreter.h"

enum { X32_BIT = 0x40000000, ARGUMENTS = 6 };

/* What the machine of this test runs; columns of the others never matter. */
static const struct {
    enum seccomp_column column;
    uint32_t arch, bit;
    bool is_narrow;
} abis[] = {
#if defined(__x86_64__)
    {SECCOMP_X86_64, AUDIT_ARCH_X86_64, 0, false},
    {SECCOMP_X32, AUDIT_ARCH_X86_64, X32_BIT, true},
    {SECCOMP_I386, AUDIT_ARCH_I386, 0, true},
#elif defined(__aarch64__)
    {SECCOMP_ARM64, AUDIT_ARCH_AARCH64, 0, false},
    {SECCOMP_ARM, AUDIT_ARCH_ARM, 0, true},
#endif
};

static const char *const names[] = {"read", "mount", "keyctl", "clone3", "uname", "no-such-call"};
static const uint64_t values[] = {0,
                                  1,
                                  5,
                                  0xffffffff,
                                  UINT64_C(0x100000000),
                                  UINT64_C(0x100000005),
                                  UINT64_C(0xffffffff00000001),
                                  UINT64_MAX};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static bool holds(const struct seccomp_test *test, uint64_t argument, bool is_narrow)
{
    uint64_t bits = is_narrow ? UINT32_MAX : UINT64_MAX;
    uint64_t value = test->value & bits;

    argument &= bits;
    switch (test->comparison) {
    case SECCOMP_EQ:
        return argument == value;
    case SECCOMP_NE:
        return argument != value;
    case SECCOMP_LT:
        return argument < value;
    case SECCOMP_LE:
        return argument <= value;
    case SECCOMP_GT:
        return argument > value;
    case SECCOMP_GE:
        return argument >= value;
    case SECCOMP_MASKED_EQ:
        return (argument & test->mask) == value;
    }
    return false;
}

static bool all_hold(const struct seccomp_clause *clause, const uint64_t *arguments, bool is_narrow)
{
    for (size_t i = 0; i < clause->n_tests; i++)
        if (!holds(&clause->tests[i], arguments[clause->tests[i].argument], is_narrow))
            return false;
    return true;
}

/* What the header promises, said a second time. */
static uint32_t expected(const struct seccomp_rules *rules, const char *name,
                         const uint64_t *arguments, bool is_narrow)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < rules->n_rules; i++) {
            const struct seccomp_clause *clause = &rules->rules[i].clause;

            if (string_list_has(&rules->rules[i].names, name) &&
                clause->action != rules->default_action && (clause->n_tests == 0) == (pass == 0) &&
                all_hold(clause, arguments, is_narrow))
                return clause->action;
        }
    return rules->default_action;
}

static uint32_t answer(const struct sock_fprog *program, uint32_t arch, uint32_t number,
                       const uint64_t *arguments)
{
    struct seccomp_data data = {.nr = (int)number, .arch = arch};

    for (size_t i = 0; i < ARGUMENTS; i++)
        data.args[i] = arguments[i];
    return seccomp_interpret(program, &data);
}

static struct seccomp_named_rule random_rule(struct arena *arena, uint64_t *state)
{
    static const uint32_t actions[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM,
                                       SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_LOG};
    size_t n_tests = next_random(state) % 4;
    struct seccomp_test *tests = arena_new_array(arena, struct seccomp_test, 4);
    struct seccomp_named_rule rule = {.clause = {tests, n_tests, actions[next_random(state) % 4]}};

    for (size_t i = 0; i < n_tests; i++)
        tests[i] = (struct seccomp_test){
            .argument = (unsigned)(next_random(state) % ARGUMENTS),
            .comparison = (enum seccomp_comparison)(next_random(state) % 7),
            .mask = values[next_random(state) % ARRAY_LENGTH(values)],
            .value = values[next_random(state) % ARRAY_LENGTH(values)],
        };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (next_random(state) % 3 == 0)
            string_list_add(arena, &rule.names, names[i]);
    return rule;
}

static void check(const struct seccomp_rules *rules, const struct sock_fprog *program,
                  uint64_t *state, uint64_t seed)
{
    for (size_t i = 0; i < ARRAY_LENGTH(abis) * ARRAY_LENGTH(names) * 20; i++) {
        size_t abi = i % ARRAY_LENGTH(abis);
        const char *name = names[i / ARRAY_LENGTH(abis) % ARRAY_LENGTH(names)];
        const struct seccomp_call *call = seccomp_call_named(name);
        uint64_t arguments[ARGUMENTS];
        uint32_t wanted, is;

        if (!call || call->numbers[abis[abi].column] < 0)
            continue;
        for (size_t j = 0; j < ARGUMENTS; j++)
            arguments[j] = values[next_random(state) % ARRAY_LENGTH(values)];
        wanted = expected(rules, name, arguments, abis[abi].is_narrow);
        is = answer(program, abis[abi].arch,
                    abis[abi].bit | (uint32_t)call->numbers[abis[abi].column], arguments);
        cr_assert(is == wanted, "seed %llu: '%s' of %#x: %#x, wanted %#x", (unsigned long long)seed,
                  name, abis[abi].arch, is, wanted);
    }
}

Test(seccomp_rules, random_rules_answer_as_promised)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        scoped(arena_free) struct arena *arena = arena_new();
        struct seccomp_named_rule items[8];
        struct seccomp_rules rules = {.default_action =
                                          seed % 2 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EPERM,
                                      .columns = ~0U,
                                      .rules = items};
        struct sock_fprog program;
        struct error err = {0};
        uint64_t state = seed;

        rules.n_rules = next_random(&state) % (ARRAY_LENGTH(items) + 1);
        for (size_t i = 0; i < rules.n_rules; i++)
            items[i] = random_rule(arena, &state);
        cr_assert(seccomp_rules_assemble(&rules, arena, &program, &err) == 0, "%s", err.text);
        check(&rules, &program, &state, seed);
    }
}

static struct sock_fprog program_of(struct arena *arena, unsigned columns, uint32_t default_action,
                                    const char *name, uint32_t action)
{
    struct seccomp_named_rule *rule = arena_new_object(arena, struct seccomp_named_rule);
    const struct seccomp_rules rules = {
        .default_action = default_action, .columns = columns, .rules = rule, .n_rules = 1};
    struct sock_fprog program;
    struct error err = {0};

    *rule = (struct seccomp_named_rule){.clause = {.action = action}};
    string_list_add(arena, &rule->names, name);
    cr_assert(seccomp_rules_assemble(&rules, arena, &program, &err) == 0, "%s", err.text);
    return program;
}

static const uint64_t no_arguments[ARGUMENTS];

Test(seccomp_rules, architectures_that_are_not_asked_for_end_the_process)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct sock_fprog program =
        program_of(arena, 0, SECCOMP_RET_ALLOW, "read", SECCOMP_RET_ERRNO | EPERM);

    cr_expect(answer(&program, abis[0].arch, 1 << 20, no_arguments) == SECCOMP_RET_ALLOW);
    cr_expect(answer(&program, AUDIT_ARCH_PPC64, 0, no_arguments) == SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 1; i < ARRAY_LENGTH(abis); i++)
        cr_expect(answer(&program, abis[i].arch, abis[i].bit | 1, no_arguments) ==
                  SECCOMP_RET_KILL_PROCESS);
    /* A call that a tracer has taken upon itself. */
    cr_expect(answer(&program, abis[0].arch, UINT32_MAX, no_arguments) == SECCOMP_RET_ALLOW);
}

#if defined(__x86_64__)
Test(seccomp_rules, i386_calls_that_stand_for_others_follow_their_rules)
{
    scoped(arena_free) struct arena *arena = arena_new();
    uint32_t denied = SECCOMP_RET_ERRNO | EPERM;
    uint32_t socketcall = (uint32_t)seccomp_call_named("socketcall")->numbers[SECCOMP_I386];
    uint32_t ipc = (uint32_t)seccomp_call_named("ipc")->numbers[SECCOMP_I386];
    struct sock_fprog program = program_of(arena, ~0U, SECCOMP_RET_ALLOW, "bind", denied);
    uint64_t arguments[ARGUMENTS] = {2};

    cr_expect(answer(&program, AUDIT_ARCH_I386, socketcall, arguments) == denied);
    arguments[0] = 3;
    cr_expect(answer(&program, AUDIT_ARCH_I386, socketcall, arguments) == SECCOMP_RET_ALLOW);
    program = program_of(arena, ~0U, SECCOMP_RET_ALLOW, "shmget", denied);
    arguments[0] = 0x10000 | 23;
    cr_expect(answer(&program, AUDIT_ARCH_I386, ipc, arguments) == denied);
}
#endif

Test(seccomp_rules, a_filter_that_is_too_long_is_refused)
{
    scoped(arena_free) struct arena *arena = arena_new();
    static const struct seccomp_test test = {.comparison = SECCOMP_GT, .value = 7};
    struct seccomp_named_rule *items = arena_new_array(arena, struct seccomp_named_rule, 2000);
    const struct seccomp_rules rules = {
        .default_action = SECCOMP_RET_ALLOW, .rules = items, .n_rules = 2000};
    struct sock_fprog program;
    struct error err = {0};

    for (size_t i = 0; i < rules.n_rules; i++) {
        items[i] = (struct seccomp_named_rule){.clause = {&test, 1, SECCOMP_RET_LOG}};
        string_list_add(arena, &items[i].names, "read");
    }
    cr_expect(seccomp_rules_assemble(&rules, arena, &program, &err) < 0);
    cr_expect_str_eq(err.text, "the filter is longer than the kernel takes");
}
