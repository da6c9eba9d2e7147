/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF only jumps forward. The program is therefore written backwards, from the last
 * instruction to the first: whatever a jump leads to is already there, and answers are shared as
 * long as they are in reach of a conditional jump (255 instructions). A place is named by its
 * distance from the end.
 */
#include "runtime/seccomp/seccomp_assembler.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

enum answer {
    ANSWER_ALLOW,
    ANSWER_EPERM,
    ANSWER_ENOSYS,
    ANSWER_KILL,
    ANSWER_IF_NO_NAMESPACE, /* from here on: allowed or EPERM, depending on the first argument */
    ANSWER_IF_PERSONALITY,
    ANSWER_IF_FAMILY,
    ANSWER_COUNT,
};

/* A range of numbers whose answer is settled. It ends where the next one begins. */
struct span {
    uint32_t first;
    uint32_t weight; /* how often the kernel comes here when it tries all calls at load, plus one */
    enum answer answer;
};

struct assembler {
    struct sock_filter *insns; /* filled from insns[SECCOMP_PROGRAM_MAX - 1] downwards */
    size_t count;
    size_t places[ANSWER_COUNT]; /* of the latest copy; 0: none */
};

enum {
    JUMP_MAX = 255,
    /* All flags of clone(2) that make a namespace: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER,
       NEWPID, NEWNET. */
    NAMESPACE_FLAGS = 0x7E020000,
    /* A little more than there are calls: numbers above do not matter to the time of a load. */
    TRIED_NUMBERS = 480,
    FAMILY_ALG = 38,
    FAMILY_VSOCK = 40,
    /* Longest chain of single numbers that is tested one by one. */
    CHAIN_MAX = 2,
};

static const uint32_t personalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

static size_t emit(struct assembler *assembler, struct sock_filter insn)
{
    assert(assembler->count < SECCOMP_PROGRAM_MAX);
    assembler->count++;
    assembler->insns[SECCOMP_PROGRAM_MAX - assembler->count] = insn;
    return assembler->count;
}

static size_t emit_load(struct assembler *assembler, size_t offset)
{
    return emit(assembler,
                (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static bool is_return(const struct sock_filter *insn)
{
    return BPF_CLASS(insn->code) == BPF_RET;
}

/* A place that a conditional jump, written after at most `slack` more instructions, can reach and
 * from which the program goes on as from `place`: a copy of an answer, or a jump, costs the same.
 */
static size_t bring_near(struct assembler *assembler, size_t place, size_t slack)
{
    struct sock_filter insn = assembler->insns[SECCOMP_PROGRAM_MAX - place];

    if (assembler->count + slack - place <= JUMP_MAX)
        return place;
    if (!is_return(&insn))
        return emit(assembler, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
                                                            (uint32_t)(assembler->count - place)));
    for (size_t i = 0; i < ANSWER_COUNT; i++)
        if (assembler->places[i] == place)
            assembler->places[i] = assembler->count + 1;
    return emit(assembler, insn);
}

static size_t emit_test(struct assembler *assembler, uint16_t condition, uint32_t value,
                        size_t if_true, size_t if_false)
{
    if_true = bring_near(assembler, if_true, 1);
    if_false = bring_near(assembler, if_false, 0);
    return emit(assembler,
                (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | BPF_K | condition), value,
                                             (uint8_t)(assembler->count - if_true),
                                             (uint8_t)(assembler->count - if_false)));
}

static size_t answer_place(struct assembler *assembler, enum answer answer);

static size_t emit_return(struct assembler *assembler, enum answer answer)
{
    uint32_t value = SECCOMP_RET_KILL_PROCESS;

    if (answer == ANSWER_ALLOW)
        value = SECCOMP_RET_ALLOW;
    if (answer == ANSWER_EPERM)
        value = SECCOMP_RET_ERRNO | EPERM;
    if (answer == ANSWER_ENOSYS)
        value = SECCOMP_RET_ERRNO | ENOSYS;
    return emit(assembler, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
}

/* The kernel takes the first argument of these three calls as 32 bits: the upper half does not
 * matter. */
static size_t emit_argument_test(struct assembler *assembler, enum answer answer)
{
    size_t allow = answer_place(assembler, ANSWER_ALLOW);
    size_t deny = answer_place(assembler, ANSWER_EPERM);
    size_t place = deny;

    if (answer == ANSWER_IF_NO_NAMESPACE) {
        (void)emit_test(assembler, BPF_JSET, NAMESPACE_FLAGS, deny, allow);
    } else if (answer == ANSWER_IF_FAMILY) {
        place = emit_test(assembler, BPF_JEQ, FAMILY_VSOCK, deny, allow);
        (void)emit_test(assembler, BPF_JEQ, FAMILY_ALG, deny, place);
    } else {
        for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++)
            place = emit_test(assembler, BPF_JEQ, personalities[i], allow, place);
    }
    return emit_load(assembler, offsetof(struct seccomp_data, args));
}

static size_t answer_place(struct assembler *assembler, enum answer answer)
{
    if (!assembler->places[answer]) {
        size_t place = answer >= ANSWER_IF_NO_NAMESPACE ? emit_argument_test(assembler, answer)
                                                        : emit_return(assembler, answer);

        assembler->places[answer] = place;
    }
    return assembler->places[answer];
}

/* Whether the spans are all one answer but for at most CHAIN_MAX single numbers. */
static bool is_chain(const struct span *spans, size_t count)
{
    if (count % 2 == 0 || count > 2 * CHAIN_MAX + 1)
        return false;
    for (size_t i = 1; i < count; i += 2)
        if (spans[i + 1].first != spans[i].first + 1 || spans[i + 1].answer != spans[0].answer)
            return false;
    return true;
}

/* The span that begins the second half, by weight. Neither half is empty. */
static size_t find_middle(const struct span *spans, size_t count)
{
    uint64_t total = 0;
    uint64_t low = 0;
    size_t middle = 1;

    for (size_t i = 0; i < count; i++)
        total += spans[i].weight;
    low = spans[0].weight;
    while (middle + 1 < count && 2 * low + spans[middle].weight <= total)
        low += spans[middle++].weight;
    return middle;
}

/* Code that answers for the number in the accumulator, which is in one of the spans. */
static size_t emit_search(struct assembler *assembler, const struct span *spans, size_t count)
{
    size_t middle = find_middle(spans, count);
    size_t low, high;

    if (is_chain(spans, count)) {
        size_t place = answer_place(assembler, spans[0].answer);

        for (size_t i = 1; i < count; i += 2)
            place = emit_test(assembler, BPF_JEQ, spans[i].first,
                              answer_place(assembler, spans[i].answer), place);
        return place;
    }
    high = emit_search(assembler, spans + middle, count - middle);
    low = emit_search(assembler, spans, middle);
    return emit_test(assembler, BPF_JGE, spans[middle].first, high, low);
}

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

static size_t add_span(struct span *spans, size_t count, uint32_t first, enum answer answer)
{
    if (count > 0 && spans[count - 1].answer == answer)
        return count;
    spans[count] = (struct span){.first = first, .answer = answer};
    return count + 1;
}

/* Settles every number: what is between and behind the ranges is unknown to us. */
static size_t settle_all(const struct seccomp_abi *abi, uint64_t capabilities, struct span *spans)
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
    for (size_t i = 0; i < count; i++) {
        uint32_t end = i + 1 < count ? spans[i + 1].first : TRIED_NUMBERS;

        if (end > TRIED_NUMBERS)
            end = TRIED_NUMBERS;
        spans[i].weight = 1 + (spans[i].first < end ? end - spans[i].first : 0);
    }
    return count;
}

/* Code that answers for all calls of one ABI, beginning with the load of their number. */
static size_t emit_abi(struct assembler *assembler, const struct seccomp_abi *abi,
                       uint64_t capabilities)
{
    /* Each range can be followed by a gap. */
    struct span spans[2 * SECCOMP_RANGES_MAX + 1];
    size_t search = emit_search(assembler, spans, settle_all(abi, capabilities, spans));

    /* The load runs on into the search, which therefore has to begin right here. */
    if (search != assembler->count)
        (void)emit(assembler, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
                                                           (uint32_t)(assembler->count - search)));
    if (abi->ignored_bits)
        (void)emit(assembler,
                   (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~abi->ignored_bits));
    return emit_load(assembler, offsetof(struct seccomp_data, nr));
}

size_t seccomp_assemble(const struct seccomp_machine *machine, uint64_t capabilities,
                        struct sock_filter *insns)
{
    struct assembler assembler = {.insns = insns};
    size_t next = answer_place(&assembler, ANSWER_KILL);

    for (size_t i = machine->n_abis; i-- > 0;) {
        size_t section = emit_abi(&assembler, &machine->abis[i], capabilities);

        next = emit_test(&assembler, BPF_JEQ, machine->abis[i].audit_arch, section, next);
    }
    (void)emit_load(&assembler, offsetof(struct seccomp_data, arch));
    memmove(insns, insns + SECCOMP_PROGRAM_MAX - assembler.count, assembler.count * sizeof(*insns));
    return assembler.count;
}
