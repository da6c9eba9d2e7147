/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"

enum { MAX_ARGUMENTS = 6, MAX_PROGRAM = 4096 * 8 };

struct named {
    const char *name;
    uint32_t value;
};

static const struct named architectures[] = {
    {"SCMP_ARCH_NATIVE", SCMP_ARCH_NATIVE},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
};

static const struct named actions[] = {
    {"SCMP_ACT_KILL", SCMP_ACT_KILL},
    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
    {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
    {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
    {"SCMP_ACT_LOG", SCMP_ACT_LOG},
};

static const struct named comparisons[] = {
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct named flags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    /* The process has one thread when the filter is loaded. */
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
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

    if (string_eq(name, "SCMP_ACT_NOTIFY"))
        oci_fail(reader, at, key, "notification is not supported: use SCMP_ACT_ERRNO");
    else if (!action)
        oci_fail(reader, at, key, "there is no action '%s'", name);
    if (!action)
        return SCMP_ACT_KILL;
    takes_number = action->value == SCMP_ACT_ERRNO(0) || action->value == SCMP_ACT_TRACE(0);
    if (oci_int(reader, at, errno_key, &number) && !takes_number)
        oci_fail(reader, at, errno_key, "is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE alone");
    if (number < 0 || number > 4095)
        oci_fail(reader, at, errno_key, "must be 0 to 4095");
    return takes_number ? action->value | ((uint32_t)number & 0xffff) : action->value;
}

static size_t read_arguments(struct oci_reader *reader, struct oci_at call,
                             struct scmp_arg_cmp arguments[MAX_ARGUMENTS])
{
    struct oci_at list = oci_array(reader, call, "args");
    size_t count = oci_length(list);

    if (count > MAX_ARGUMENTS) {
        oci_fail(reader, call, "args", "more than %d", MAX_ARGUMENTS);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct oci_at at = oci_item(reader, list, i);
        const char *name = oci_text(reader, at, "op");
        const struct named *op = find(comparisons, ARRAY_LENGTH(comparisons), name);
        uint32_t index = 0;
        uint64_t value = 0, second = 0;

        (void)oci_u32(reader, at, "index", &index);
        (void)oci_u64(reader, at, "value", &value);
        (void)oci_u64(reader, at, "valueTwo", &second);
        if (!op || index >= MAX_ARGUMENTS) {
            oci_fail(reader, at, op ? "index" : "op", "is unknown");
            return 0;
        }
        arguments[i] = (struct scmp_arg_cmp){index, (enum scmp_compare)op->value, value, second};
    }
    return count;
}

/* libseccomp wants at most one comparison of each argument in a rule; several of one are meant as
 * alternatives (runc). */
static bool repeats_argument(const struct scmp_arg_cmp *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (arguments[i].arg == arguments[j].arg)
                return true;
    return false;
}

static int add_rules(scmp_filter_ctx context, uint32_t action, int number,
                     const struct scmp_arg_cmp *arguments, size_t count)
{
    int result = 0;

    if (!repeats_argument(arguments, count))
        return seccomp_rule_add_array(context, action, number, (unsigned)count, arguments);
    for (size_t i = 0; i < count && result == 0; i++)
        result = seccomp_rule_add_array(context, action, number, 1, &arguments[i]);
    return result;
}

static void read_call(struct oci_reader *reader, struct oci_at at, scmp_filter_ctx context,
                      uint32_t default_action)
{
    struct scmp_arg_cmp arguments[MAX_ARGUMENTS];
    struct string_list names = {0};
    uint32_t action = read_action(reader, at, "action", "errnoRet");
    size_t count = read_arguments(reader, at, arguments);

    if (!oci_strings(reader, at, "names", &names) || names.count == 0)
        oci_fail(reader, at, "names", "is missing");
    /* The library takes no rule that changes nothing. */
    for (size_t i = 0; i < names.count && !reader->failed && action != default_action; i++) {
        int number = seccomp_syscall_resolve_name(names.items[i]);
        int result;

        if (number == __NR_SCMP_ERROR)
            continue;
        result = add_rules(context, action, number, arguments, count);
        if (result < 0)
            oci_fail(reader, at, "names", "'%s': %s", names.items[i], strerror(-result));
    }
}

static void read_architectures(struct oci_reader *reader, struct oci_at at, scmp_filter_ctx context)
{
    struct string_list names = {0};

    (void)oci_strings(reader, at, "architectures", &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct named *found =
            find(architectures, ARRAY_LENGTH(architectures), names.items[i]);
        int result = found ? seccomp_arch_add(context, found->value) : -EINVAL;

        if (result < 0 && result != -EEXIST)
            oci_fail(reader, at, "architectures", "'%s': %s", names.items[i], strerror(-result));
    }
}

static unsigned read_flags(struct oci_reader *reader, struct oci_at at)
{
    struct string_list names = {0};
    unsigned bits = 0;

    (void)oci_strings(reader, at, "flags", &names);
    for (size_t i = 0; i < names.count; i++) {
        const struct named *found = find(flags, ARRAY_LENGTH(flags), names.items[i]);

        if (!found)
            oci_fail(reader, at, "flags", "'%s' is not supported", names.items[i]);
        else
            bits |= found->value;
    }
    return bits;
}

static void export(struct oci_reader *reader, struct oci_at at, scmp_filter_ctx context,
                   struct sock_fprog *ret_filter)
{
    scoped_fd int fd = memfd_create("filter", MFD_CLOEXEC);
    int result = fd < 0 ? -errno : seccomp_export_bpf(context, fd);
    off_t length = lseek(fd, 0, SEEK_END);
    struct sock_filter *program;

    if (result < 0 || length <= 0 || length > (off_t)(MAX_PROGRAM * sizeof(*program))) {
        oci_fail(reader, at, NULL, "cannot be compiled: %s", strerror(-result));
        return;
    }
    program = arena_alloc(reader->arena, (size_t)length);
    if (pread(fd, program, (size_t)length, 0) != length)
        oci_fail(reader, at, NULL, "cannot be compiled");
    *ret_filter = (struct sock_fprog){(unsigned short)((size_t)length / sizeof(*program)), program};
}

void seccomp_profile_compile(struct oci_reader *reader, struct oci_at at,
                             struct sock_fprog *ret_filter, unsigned *ret_flags)
{
    uint32_t default_action = read_action(reader, at, "defaultAction", "defaultErrnoRet");
    struct oci_at calls = oci_array(reader, at, "syscalls");
    scmp_filter_ctx context;

    oci_refuse(reader, at, "listenerPath", "notification is not supported: leave it out");
    oci_refuse(reader, at, "listenerMetadata", "notification is not supported: leave it out");
    *ret_flags = read_flags(reader, at);
    context = reader->failed ? NULL : seccomp_init(default_action);
    if (!context) {
        oci_fail(reader, at, "defaultAction", "is not possible");
        return;
    }
    /* A balanced tree of comparisons loads three times as fast as a chain. */
    (void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    read_architectures(reader, at, context);
    for (size_t i = 0; i < oci_length(calls) && !reader->failed; i++)
        read_call(reader, oci_item(reader, calls, i), context, default_action);
    if (!reader->failed)
        export(reader, at, context, ret_filter);
    seccomp_release(context);
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
