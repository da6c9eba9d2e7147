/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_assembler.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>

enum answer {
    ANSWER_ALLOW,
    ANSWER_EPERM,
    ANSWER_ENOSYS,
    ANSWER_IF_NO_NAMESPACE, /* from here on it depends on the first argument */
    ANSWER_IF_PERSONALITY,
    ANSWER_IF_FAMILY,
    ANSWER_COUNT,
};

enum {
    /* All flags of clone(2) that make a namespace: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER,
       NEWPID, NEWNET. */
    NAMESPACE_FLAGS = 0x7E020000,
    FAMILY_ALG = 38,
    FAMILY_VSOCK = 40,
    RET_EPERM = SECCOMP_RET_ERRNO | EPERM,
    RET_ENOSYS = SECCOMP_RET_ERRNO | ENOSYS,
};

/* The kernel takes the first argument of these three calls as 32 bits. */
static const struct seccomp_test no_namespace = {
    .comparison = SECCOMP_MASKED_EQ, .mask = NAMESPACE_FLAGS, .is_narrow = true};
static const struct seccomp_test personalities[] = {
    {.value = 0x0, .is_narrow = true},        {.value = 0x8, .is_narrow = true},
    {.value = 0x20000, .is_narrow = true},    {.value = 0x20008, .is_narrow = true},
    {.value = 0xffffffff, .is_narrow = true},
};
static const struct seccomp_test families[] = {
    {.value = FAMILY_ALG, .is_narrow = true},
    {.value = FAMILY_VSOCK, .is_narrow = true},
};

static const struct seccomp_clause if_no_namespace[] = {{&no_namespace, 1, SECCOMP_RET_ALLOW}};
static const struct seccomp_clause if_personality[] = {
    {&personalities[0], 1, SECCOMP_RET_ALLOW}, {&personalities[1], 1, SECCOMP_RET_ALLOW},
    {&personalities[2], 1, SECCOMP_RET_ALLOW}, {&personalities[3], 1, SECCOMP_RET_ALLOW},
    {&personalities[4], 1, SECCOMP_RET_ALLOW},
};
static const struct seccomp_clause if_family[] = {{&families[0], 1, RET_EPERM},
                                                  {&families[1], 1, RET_EPERM}};

static const struct seccomp_answer answers[ANSWER_COUNT] = {
    [ANSWER_ALLOW] = {.otherwise = SECCOMP_RET_ALLOW},
    [ANSWER_EPERM] = {.otherwise = RET_EPERM},
    [ANSWER_ENOSYS] = {.otherwise = RET_ENOSYS},
    [ANSWER_IF_NO_NAMESPACE] = {if_no_namespace, 1, RET_EPERM},
    [ANSWER_IF_PERSONALITY] = {if_personality, 5, RET_EPERM},
    [ANSWER_IF_FAMILY] = {if_family, 2, SECCOMP_RET_ALLOW},
};

static enum answer settle(const struct seccomp_range *range, uint64_t capabilities)
{
    bool is_admin = capabilities & (UINT64_C(1) << CAP_SYS_ADMIN);

    switch (range->rule) {
    case RULE_ALLOW:
        return ANSWER_ALLOW;
    case RULE_ABSENT:
        return ANSWER_ENOSYS;
    case RULE_DENY:
        return ANSWER_EPERM;
    case RULE_CAPABILITY:
        return capabilities & range->capabilities ? ANSWER_ALLOW : ANSWER_EPERM;
    case RULE_CLONE:
        return is_admin ? ANSWER_ALLOW : ANSWER_IF_NO_NAMESPACE;
    case RULE_CLONE3:
        return is_admin ? ANSWER_ALLOW : ANSWER_ENOSYS;
    case RULE_PERSONALITY:
        return ANSWER_IF_PERSONALITY;
    case RULE_SOCKET:
        return ANSWER_IF_FAMILY;
    }
    return ANSWER_EPERM;
}

static size_t add_span(struct seccomp_span *spans, size_t count, uint32_t first, enum answer answer)
{
    if (count > 0 && spans[count - 1].answer == answer)
        return count;
    spans[count] = (struct seccomp_span){.first = first, .answer = answer};
    return count + 1;
}

/* Settles every number: what is between and behind the ranges is unknown to us. */
static size_t settle_all(const struct seccomp_abi *abi, uint64_t capabilities,
                         struct seccomp_span *spans)
{
    uint32_t next = 0;
    size_t count = 0;

    assert(abi->n_ranges <= SECCOMP_RANGES_MAX);
    for (size_t i = 0; i < abi->n_ranges; i++) {
        const struct seccomp_range *range = &abi->ranges[i];

        if (range->first > next)
            count = add_span(spans, count, next, ANSWER_ENOSYS);
        count = add_span(spans, count, range->first, settle(range, capabilities));
        next = range->last + 1;
    }
    count = add_span(spans, count, next, ANSWER_ENOSYS);
    return count;
}

size_t seccomp_assemble(const struct seccomp_machine *machine, uint64_t capabilities,
                        struct sock_filter *insns)
{
    enum { ABIS_MAX = 2 };
    /* Each range can be followed by a gap. */
    struct seccomp_span spans[ABIS_MAX][2 * SECCOMP_RANGES_MAX + 1];
    struct seccomp_section sections[ABIS_MAX];
    const struct seccomp_program_spec spec = {.sections = sections,
                                              .n_sections = machine->n_abis,
                                              .answers = answers,
                                              .n_answers = ANSWER_COUNT,
                                              .foreign = SECCOMP_RET_KILL_PROCESS};
    size_t length;

    assert(machine->n_abis <= ABIS_MAX);
    for (size_t i = 0; i < machine->n_abis; i++) {
        const struct seccomp_abi *abi = &machine->abis[i];

        sections[i] = (struct seccomp_section){abi->audit_arch, abi->ignored_bits, spans[i],
                                               settle_all(abi, capabilities, spans[i])};
    }
    length = seccomp_program_write(&spec, insns);
    assert(length > 0);
    return length;
}
