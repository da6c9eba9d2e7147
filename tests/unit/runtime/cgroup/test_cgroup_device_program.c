/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_device_program.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/runtime/cgroup/cgroup_fixture.h"

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
    case BPF_JMP | BPF_JEQ | BPF_K:
        if (registers[insn->dst_reg] == (uint64_t)(int64_t)insn->imm)
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
    size_t length = device_program_compile(rules, insns);
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

Test(cgroup_device_program, the_default_devices_open_and_others_do_not)
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

Test(cgroup_device_program, any_node_is_made_but_not_opened_along_the_way)
{
    struct device_rules rules = make(NULL, 0);

    cr_expect_eq(ask(&rules, 'c', 1, 1, ACCESS_MKNOD), 1);
    cr_expect_eq(ask(&rules, 'b', 8, 0, ACCESS_MKNOD), 1);
    cr_expect_eq(ask(&rules, 'b', 8, 0, ACCESS_MKNOD | ACCESS_READ), 0);
}

Test(cgroup_device_program, an_added_device_has_the_permissions_given)
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

Test(cgroup_device_program, the_last_of_the_rules_that_match_counts)
{
    struct device_rules rules = {
        .items = {{'a', DEVICE_ANY, DEVICE_ANY, ACCESS_ALL, true},
                  {'c', 200, DEVICE_ANY, ACCESS_ALL, false},
                  {'c', 200, 1, ACCESS_WRITE, true},
                  {'c', 201, DEVICE_ANY, ACCESS_ALL, false},
                  {'c', 201, DEVICE_ANY, ACCESS_ALL, true}},
        .count = 5,
    };

    cr_expect_eq(ask(&rules, 'c', 200, 0, ACCESS_READ | ACCESS_WRITE), 1);
    cr_expect_eq(ask(&rules, 'c', 200, 1, ACCESS_READ), 1);
    cr_expect_eq(ask(&rules, 'c', 200, 1, ACCESS_READ | ACCESS_WRITE), 0);
    cr_expect_eq(ask(&rules, 'c', 201, 1, ACCESS_READ), 0);
    cr_expect_eq(ask(&rules, 'b', 200, 0, ACCESS_READ), 0);
    rules.items[0].denies = false;
    cr_expect_eq(ask(&rules, 'b', 200, 0, ACCESS_READ), 1);
}

/* The identity of the one program of a group; 0 when there is none. */
static uint32_t program_id(const struct cgroup *cgroup)
{
    uint32_t id = 0;
    union bpf_attr query = {.query = {.target_fd = (uint32_t)cgroup_clone_fd(cgroup),
                                      .attach_type = BPF_CGROUP_DEVICE,
                                      .prog_ids = (uintptr_t)&id,
                                      .prog_cnt = 1}};

    return syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) == 0 && query.query.prog_cnt == 1
               ? id
               : 0;
}

static struct cgroup *create_with(struct device_program_cache *cache, const char *id,
                                  const struct device_spec *devices, size_t count)
{
    struct resource_spec no_limits = {0};
    struct cgroup *cgroup = NULL;
    struct error err = {0};

    cr_assert_eq(cgroup_create(fixture_parent(), id, &no_limits, &cgroup, &err), 0, "%s", err.text);
    cr_assert_eq(cgroup_allow_devices(cgroup, devices, count, cache, &err), 0, "%s", err.text);
    return cgroup;
}

static struct cgroup *create(const char *id, const struct device_spec *devices, size_t count)
{
    return create_with(NULL, id, devices, count);
}

Test(cgroup_device_program, neighbours_with_the_same_rules_share_a_program, .init = fixture_init,
     .fini = fixture_done)
{
    scoped(cgroup_free) struct cgroup *first = NULL;
    scoped(cgroup_free) struct cgroup *second = NULL;

    if (geteuid() != 0)
        cr_skip_test("only root attaches programs");
    first = create("a", NULL, 0);
    second = create("b", NULL, 0);
    cr_expect_neq(program_id(first), 0);
    cr_expect_eq(program_id(first), program_id(second));
}

Test(cgroup_device_program, neighbours_with_other_rules_do_not, .init = fixture_init,
     .fini = fixture_done)
{
    struct device_spec device = {"/dev/full", "/dev/full", "r"};
    scoped(cgroup_free) struct cgroup *first = NULL;
    scoped(cgroup_free) struct cgroup *second = NULL;

    if (geteuid() != 0)
        cr_skip_test("only root attaches programs");
    first = create("a", NULL, 0);
    second = create("b", &device, 1);
    cr_expect_neq(program_id(second), 0);
    cr_expect_neq(program_id(first), program_id(second));
}

static uint32_t create_and_remove(struct device_program_cache *cache,
                                  const struct device_spec *devices, size_t count)
{
    scoped(cgroup_free) struct cgroup *cgroup = create_with(cache, "a", devices, count);
    uint32_t id = program_id(cgroup);

    cr_assert_eq(cgroup_remove(fixture_parent(), "a", NULL), 0);
    return id;
}

Test(cgroup_device_program, a_group_made_again_has_the_program_it_had, .init = fixture_init,
     .fini = fixture_done)
{
    scoped(device_program_cache_free) struct device_program_cache *cache =
        device_program_cache_new();
    struct device_spec device = {"/dev/full", "/dev/full", "r"};
    uint32_t id, other_id;

    if (geteuid() != 0)
        cr_skip_test("only root attaches programs");
    id = create_and_remove(cache, NULL, 0);
    cr_assert_neq(id, 0);
    cr_expect_eq(create_and_remove(cache, NULL, 0), id);
    other_id = create_and_remove(cache, &device, 1);
    cr_expect_neq(other_id, 0);
    cr_expect_neq(other_id, id);
    cr_expect_eq(create_and_remove(cache, &device, 1), other_id);
}
