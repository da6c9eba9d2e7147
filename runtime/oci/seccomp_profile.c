/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "common/text.h"
#include "runtime/seccomp/seccomp_rules.h"

enum { MAX_ARGUMENTS = 6, MAX_RULES = 4096 };

struct named {
    const char *name;
    uint32_t value;
};

/* As bits of seccomp_rules.columns. */
static const struct named architectures[] = {
    {"SCMP_ARCH_NATIVE", 0},
    {"SCMP_ARCH_X86", 1U << SECCOMP_I386},
    {"SCMP_ARCH_X86_64", 1U << SECCOMP_X86_64},
    {"SCMP_ARCH_X32", 1U << SECCOMP_X32},
    {"SCMP_ARCH_ARM", 1U << SECCOMP_ARM},
    {"SCMP_ARCH_AARCH64", 1U << SECCOMP_ARM64},
    /* Kernels of this machine never run them. */
    {"SCMP_ARCH_MIPS", 0},
    {"SCMP_ARCH_MIPS64", 0},
    {"SCMP_ARCH_MIPS64N32", 0},
    {"SCMP_ARCH_MIPSEL", 0},
    {"SCMP_ARCH_MIPSEL64", 0},
    {"SCMP_ARCH_MIPSEL64N32", 0},
    {"SCMP_ARCH_PPC", 0},
    {"SCMP_ARCH_PPC64", 0},
    {"SCMP_ARCH_PPC64LE", 0},
    {"SCMP_ARCH_S390", 0},
    {"SCMP_ARCH_S390X", 0},
    {"SCMP_ARCH_PARISC", 0},
    {"SCMP_ARCH_PARISC64", 0},
    {"SCMP_ARCH_RISCV64", 0},
    {"SCMP_ARCH_LOONGARCH64", 0},
    {"SCMP_ARCH_M68K", 0},
    {"SCMP_ARCH_SH", 0},
    {"SCMP_ARCH_SHEB", 0},
};

static const struct named actions[] = {
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
};

static const struct named comparisons[] = {
    {"SCMP_CMP_NE", SECCOMP_NE},
    {"SCMP_CMP_LT", SECCOMP_LT},
    {"SCMP_CMP_LE", SECCOMP_LE},
    {"SCMP_CMP_EQ", SECCOMP_EQ},
    {"SCMP_CMP_GE", SECCOMP_GE},
    {"SCMP_CMP_GT", SECCOMP_GT},
    {"SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ},
};

static const struct named flags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    /* The process has one thread when the filter is loaded. */
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

static const struct named *find(const struct named *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (string_eq(table[i].name, name))
            return &table[i];
    return NULL;
}

static uint32_t read_action(struct oci_reader *reader, struct oci_at at, const char *key,
                            const char *errno_key)
{
    const char *name = oci_text(reader, at, key);
    const struct named *action = find(actions, ARRAY_LENGTH(actions), name);
    bool takes_number;
    int64_t number = EPERM;

    if (!action) {
        oci_fail(reader, at, key, "there is no action '%s'", name);
        return SECCOMP_RET_KILL_PROCESS;
    }
    takes_number = action->value == SECCOMP_RET_ERRNO || action->value == SECCOMP_RET_TRACE;
    if (oci_int(reader, at, errno_key, &number) && !takes_number)
        oci_fail(reader, at, errno_key, "is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE alone");
    if (number < 0 || number > 4095)
        oci_fail(reader, at, errno_key, "must be 0 to 4095");
    return takes_number ? action->value | (uint32_t)number : action->value;
}

static void read_test(struct oci_reader *reader, struct oci_at at, struct seccomp_test *test)
{
    const char *name = oci_text(reader, at, "op");
    const struct named *op = find(comparisons, ARRAY_LENGTH(comparisons), name);
    uint64_t value = 0, second = 0;
    uint32_t index = 0;

    (void)oci_u32(reader, at, "index", &index);
    (void)oci_u64(reader, at, "value", &value);
    (void)oci_u64(reader, at, "valueTwo", &second);
    if (!op || index >= MAX_ARGUMENTS) {
        oci_fail(reader, at, op ? "index" : "op", "is unknown");
        return;
    }
    *test = (struct seccomp_test){
        .argument = index, .comparison = (enum seccomp_comparison)op->value, .value = value};
    if (test->comparison == SECCOMP_MASKED_EQ) {
        test->mask = value;
        test->value = second;
    }
}

/* Several comparisons of one argument are meant as alternatives (runc), and become rules of their
 * own. */
static bool repeats_argument(const struct seccomp_test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (tests[i].argument == tests[j].argument)
                return true;
    return false;
}

struct rule_list {
    struct seccomp_named_rule *items;
    size_t count;
};

static void add_rule(struct oci_reader *reader, struct rule_list *list,
                     struct seccomp_named_rule rule)
{
    if (list->count == MAX_RULES) {
        oci_fail(reader, (struct oci_at){NULL, "linux.seccomp.syscalls"}, NULL,
                 "more than %d rules", MAX_RULES);
        return;
    }
    list->items = arena_room(reader->arena, list->items, list->count);
    list->items[list->count++] = rule;
}

static void read_rule(struct oci_reader *reader, struct oci_at at, struct rule_list *rules)
{
    struct oci_at list = oci_array(reader, at, "args");
    size_t n_tests = oci_length(list);
    struct seccomp_test *tests;
    struct seccomp_named_rule rule = {
        .clause = {.action = read_action(reader, at, "action", "errnoRet")}};

    if (n_tests > MAX_ARGUMENTS) {
        oci_fail(reader, at, "args", "more than %d", MAX_ARGUMENTS);
        return;
    }
    if (!oci_strings(reader, at, "names", &rule.names) || rule.names.count == 0)
        oci_fail(reader, at, "names", "is missing");
    tests = arena_new_array(reader->arena, struct seccomp_test, n_tests + 1);
    for (size_t i = 0; i < n_tests; i++)
        read_test(reader, oci_item(reader, list, i), &tests[i]);
    rule.clause.tests = tests;
    rule.clause.n_tests = n_tests;
    if (!repeats_argument(tests, n_tests)) {
        add_rule(reader, rules, rule);
        return;
    }
    rule.clause.n_tests = 1;
    for (size_t i = 0; i < n_tests; i++) {
        rule.clause.tests = &tests[i];
        add_rule(reader, rules, rule);
    }
}

static unsigned read_words(struct oci_reader *reader, struct oci_at at, const char *key,
                           const struct named *table, size_t length)
{
    struct string_list names = {0};
    unsigned bits = 0;

    (void)oci_strings(reader, at, key, &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct named *found = find(table, length, names.items[i]);

        if (!found)
            oci_fail(reader, at, key, "'%s' is not supported", names.items[i]);
        else
            bits |= found->value;
    }
    return bits;
}

static bool notifies(const struct seccomp_rules *rules)
{
    for (size_t i = 0; i < rules->n_rules; i++)
        if (rules->rules[i].clause.action == SECCOMP_RET_USER_NOTIF)
            return true;
    return false;
}

void seccomp_profile_listener(struct oci_reader *reader, struct oci_at at,
                              struct process_spec *process)
{
    const char *path = "", *metadata = "";

    (void)oci_string(reader, at, "listenerPath", &path);
    (void)oci_string(reader, at, "listenerMetadata", &metadata);
    if (*path && *path != '/')
        oci_fail(reader, at, "listenerPath", "must be absolute");
    if (!*path && *metadata)
        oci_fail(reader, at, "listenerMetadata", "is for who listens: add listenerPath");
    if (*path) {
        process->listener_path = path;
        process->listener_metadata = metadata;
    }
}

/* The kernel gives a listener to who asks for it, also when no rule ever notifies. */
static void check_listener(struct oci_reader *reader, struct oci_at at,
                           const struct seccomp_rules *rules, struct process_spec *process)
{
    if (rules->default_action == SECCOMP_RET_USER_NOTIF)
        oci_fail(reader, at, "defaultAction",
                 "SCMP_ACT_NOTIFY is for single system calls: nothing could start");
    if (!process->listener_path && notifies(rules))
        oci_fail(reader, at, "listenerPath", "is missing: SCMP_ACT_NOTIFY needs who listens");
    if (process->listener_path)
        process->filter_flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

void seccomp_profile_compile(struct oci_reader *reader, struct oci_at at,
                             struct process_spec *process)
{
    struct oci_at calls = oci_array(reader, at, "syscalls");
    struct rule_list list = {0};
    struct seccomp_rules rules = {
        .default_action = read_action(reader, at, "defaultAction", "defaultErrnoRet"),
        .columns =
            read_words(reader, at, "architectures", architectures, ARRAY_LENGTH(architectures)),
    };
    struct error err = {0};

    process->filter_flags = read_words(reader, at, "flags", flags, ARRAY_LENGTH(flags));
    for (size_t i = 0; i < oci_length(calls) && !reader->failed; i++)
        read_rule(reader, oci_item(reader, calls, i), &list);
    rules.rules = list.items;
    rules.n_rules = list.count;
    check_listener(reader, at, &rules, process);
    if (!reader->failed &&
        seccomp_rules_assemble(&rules, reader->arena, &process->filter, &err) < 0)
        oci_fail(reader, at, NULL, "%s", err.text);
}

static json_t *names_of(const struct named *table, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(table[i].name));
    return list;
}

json_t *seccomp_profile_features(void)
{
    return json_pack("{s:b,s:o,s:o,s:o,s:o,s:o}", "enabled", 1, "actions",
                     names_of(actions, ARRAY_LENGTH(actions)), "operators",
                     names_of(comparisons, ARRAY_LENGTH(comparisons)), "archs",
                     names_of(architectures, ARRAY_LENGTH(architectures)), "knownFlags",
                     names_of(flags, ARRAY_LENGTH(flags)), "supportedFlags",
                     names_of(flags, ARRAY_LENGTH(flags)));
}
