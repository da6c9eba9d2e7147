/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_devices.h"

#include <criterion/criterion.h>
#include <stdint.h>

#include "common/text.h"

enum { BROKEN = -1, STEPS_MAX = 10000 };

/* One instruction of those that the compiler uses; false for any other. */
static bool step(const struct bpf_insn *insn, uint64_t *registers,
                 const struct bpf_cgroup_dev_ctx *context, size_t *at)
{
    uint32_t word;

    switch (insn->code) {
    case BPF_LDX | BPF_MEM | BPF_W:
        memcpy(&word, (const char *)context + insn->off, sizeof(word));
        registers[insn->dst_reg] = word;
        return insn->src_reg == BPF_REG_1;
    case BPF_ALU | BPF_MOV | BPF_K:
        registers[insn->dst_reg] = (uint32_t)insn->imm;
        return true;
    case BPF_ALU | BPF_MOV | BPF_X:
        registers[insn->dst_reg] = (uint32_t)registers[insn->src_reg];
        return true;
    case BPF_ALU | BPF_AND | BPF_K:
        registers[insn->dst_reg] &= (uint32_t)insn->imm;
        return true;
    case BPF_ALU | BPF_RSH | BPF_K:
        registers[insn->dst_reg] >>= insn->imm;
        return true;
    case BPF_JMP | BPF_JNE | BPF_K:
        if (registers[insn->dst_reg] != (uint64_t)(int64_t)insn->imm)
            *at += (size_t)insn->off;
        return true;
    default:
        return false;
    }
}

/* What the program of `rules` says: 1 allowed, 0 denied. */
static int ask(const struct device_rules *rules, char type, unsigned major, unsigned minor,
               unsigned access)
{
    struct bpf_insn insns[DEVICE_PROGRAM_MAX];
    size_t length = device_rules_compile(rules, insns);
    uint64_t registers[11] = {0};
    struct bpf_cgroup_dev_ctx context = {
        .access_type = access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
        .major = major,
        .minor = minor,
    };

    for (size_t at = 0, steps = 0; at < length && steps < STEPS_MAX; at++, steps++) {
        if (insns[at].code == (BPF_JMP | BPF_EXIT))
            return (int)registers[0];
        if (!step(&insns[at], registers, &context, &at))
            return BROKEN;
    }
    return BROKEN;
}

static struct device_rules make(const struct device_spec *devices, size_t count)
{
    struct device_rules rules;
    struct error err = {0};

    cr_assert_eq(device_rules_make(devices, count, &rules, &err), 0, "%s", err.text);
    return rules;
}

Test(cgroup_devices, the_default_devices_open_and_others_do_not)
{
    struct device_rules rules = make(NULL, 0);

    cr_expect_eq(ask(&rules, 'c', 1, 3, ACCESS_READ | ACCESS_WRITE), 1);
    cr_expect_eq(ask(&rules, 'c', 1, 9, ACCESS_READ), 1);
    cr_expect_eq(ask(&rules, 'c', 5, 2, ACCESS_READ | ACCESS_WRITE), 1);
    cr_expect_eq(ask(&rules, 'c', 136, 0, ACCESS_READ), 1);
    cr_expect_eq(ask(&rules, 'c', 136, 4000, ACCESS_READ), 1);
    cr_expect_eq(ask(&rules, 'c', 137, 0, ACCESS_READ), 0);
    cr_expect_eq(ask(&rules, 'c', 1, 1, ACCESS_READ), 0, "/dev/mem");
    cr_expect_eq(ask(&rules, 'c', 1, 11, ACCESS_READ), 0, "/dev/kmsg");
    cr_expect_eq(ask(&rules, 'c', 10, 200, ACCESS_READ), 0, "/dev/net/tun");
    cr_expect_eq(ask(&rules, 'b', 1, 3, ACCESS_READ), 0, "a block device of the same number");
    cr_expect_eq(ask(&rules, 'b', 8, 0, ACCESS_READ), 0);
}

Test(cgroup_devices, any_node_is_made_but_not_opened_along_the_way)
{
    struct device_rules rules = make(NULL, 0);

    cr_expect_eq(ask(&rules, 'c', 1, 1, ACCESS_MKNOD), 1);
    cr_expect_eq(ask(&rules, 'b', 8, 0, ACCESS_MKNOD), 1);
    cr_expect_eq(ask(&rules, 'b', 8, 0, ACCESS_MKNOD | ACCESS_READ), 0);
}

Test(cgroup_devices, an_added_device_has_the_permissions_given)
{
    struct device_spec devices[] = {{"/dev/full", "/dev/x", "r"}, {"/dev/zero", "/dev/y", NULL}};
    struct device_rules rules = make(devices, 2);

    /* Move them to numbers that no default covers. */
    rules.items[rules.count - 2].major_number = 200;
    rules.items[rules.count - 1].major_number = 201;
    cr_expect_eq(ask(&rules, 'c', 200, 7, ACCESS_READ), 1);
    cr_expect_eq(ask(&rules, 'c', 200, 7, ACCESS_WRITE), 0);
    cr_expect_eq(ask(&rules, 'c', 200, 7, ACCESS_READ | ACCESS_WRITE), 0);
    cr_expect_eq(ask(&rules, 'c', 200, 8, ACCESS_READ), 0);
    cr_expect_eq(ask(&rules, 'c', 201, 5, ACCESS_ALL), 1);
}

Test(cgroup_devices, what_is_no_device_is_refused_by_name)
{
    static const struct device_spec wrong[] = {
        {"/etc/passwd", "/dev/x", "rwm"},
        {"/dev/no-such-device", "/dev/x", "rwm"},
        {"/dev/null", "/dev/x", "rwx"},
    };
    struct device_rules rules;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct error err = {0};

        cr_expect_eq(device_rules_make(&wrong[i], 1, &rules, &err), -1);
        cr_expect_not_null(strstr(err.text, wrong[i].source), "%s", err.text);
    }
}

Test(cgroup_devices, a_directory_stands_for_the_devices_in_it)
{
    struct device_spec devices = {"/dev", "/dev", "rw"};
    struct device_rules none = make(NULL, 0);
    struct device_rules rules = make(&devices, 1);

    cr_expect_gt(rules.count, none.count + 3);
    for (size_t i = none.count; i < rules.count; i++)
        cr_expect_eq(rules.items[i].access, ACCESS_READ | ACCESS_WRITE);
}
