/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF only jumps forward. The program is therefore written backwards, from the last
 * instruction to the first: whatever a jump leads to is already there, and answers are shared as
 * long as they are in reach of a conditional jump (255 instructions). A place is named by its
 * distance from the end.
 */
#include "runtime/seccomp/seccomp_program.h"

#include <linux/seccomp.h>
#include <string.h>

struct writer {
    const struct seccomp_program_spec *spec;
    struct sock_filter *insns;          /* filled from insns[SECCOMP_PROGRAM_MAX - 1] downwards */
    size_t count;                       /* more than SECCOMP_PROGRAM_MAX: there was no room */
    size_t places[SECCOMP_ANSWERS_MAX]; /* of the latest copy of each answer; 0: none */
};

enum {
    JUMP_MAX = 255,
    /* A little more than there are calls: numbers above do not matter to the time of a load. */
    TRIED_NUMBERS = 480,
    /* Longest chain of single numbers that is tested one by one. */
    CHAIN_MAX = 2,
};

static bool is_full(const struct writer *writer)
{
    return writer->count > SECCOMP_PROGRAM_MAX;
}

static size_t emit(struct writer *writer, struct sock_filter insn)
{
    if (writer->count >= SECCOMP_PROGRAM_MAX) {
        writer->count = SECCOMP_PROGRAM_MAX + 1;
        return SECCOMP_PROGRAM_MAX;
    }
    writer->count++;
    writer->insns[SECCOMP_PROGRAM_MAX - writer->count] = insn;
    return writer->count;
}

static size_t emit_load(struct writer *writer, size_t offset)
{
    return emit(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static size_t emit_return(struct writer *writer, uint32_t action)
{
    return emit(writer, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static size_t emit_jump(struct writer *writer, size_t place)
{
    return emit(writer,
                (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(writer->count - place)));
}

static bool is_return(const struct sock_filter *insn)
{
    return BPF_CLASS(insn->code) == BPF_RET;
}

/* A place that a conditional jump, written after at most `slack` more instructions, can reach and
 * from which the program goes on as from `place`: a copy of an answer, or a jump, costs the same.
 */
static size_t bring_near(struct writer *writer, size_t place, size_t slack)
{
    struct sock_filter insn;

    if (is_full(writer) || writer->count + slack - place <= JUMP_MAX)
        return place;
    insn = writer->insns[SECCOMP_PROGRAM_MAX - place];
    if (!is_return(&insn))
        return emit_jump(writer, place);
    for (size_t i = 0; i < writer->spec->n_answers; i++)
        if (writer->places[i] == place)
            writer->places[i] = writer->count + 1;
    return emit(writer, insn);
}

static size_t emit_test(struct writer *writer, uint16_t condition, uint32_t value, size_t if_true,
                        size_t if_false)
{
    if_true = bring_near(writer, if_true, 1);
    if_false = bring_near(writer, if_false, 0);
    return emit(writer, (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | BPF_K | condition), value,
                                                     (uint8_t)(writer->count - if_true),
                                                     (uint8_t)(writer->count - if_false)));
}

/*
 * Arguments, which are read in halves
 */

static size_t low_half(unsigned argument)
{
    size_t offset = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);

    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? offset : offset + sizeof(uint32_t);
}

static size_t high_half(unsigned argument)
{
    size_t offset = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);

    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? offset + sizeof(uint32_t) : offset;
}

struct half {
    size_t offset; /* in seccomp_data */
    uint32_t mask, value;
};

static size_t emit_equal_half(struct writer *writer, struct half half, size_t if_equal,
                              size_t if_not)
{
    if (half.mask == 0)
        return half.value == 0 ? if_equal : if_not;
    if (half.value == 0) {
        (void)emit_test(writer, BPF_JSET, half.mask, if_not, if_equal);
    } else {
        (void)emit_test(writer, BPF_JEQ, half.value, if_equal, if_not);
        if (half.mask != UINT32_MAX)
            (void)emit(writer, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, half.mask));
    }
    return emit_load(writer, half.offset);
}

static size_t emit_equal(struct writer *writer, const struct seccomp_test *test, size_t if_equal,
                         size_t if_not)
{
    uint64_t mask = test->comparison == SECCOMP_MASKED_EQ ? test->mask : UINT64_MAX;
    struct half low = {low_half(test->argument), (uint32_t)mask, (uint32_t)test->value};
    struct half high = {high_half(test->argument), (uint32_t)(mask >> 32),
                        (uint32_t)(test->value >> 32)};
    size_t place = emit_equal_half(writer, low, if_equal, if_not);

    return test->is_narrow ? place : emit_equal_half(writer, high, place, if_not);
}

/* `condition` is BPF_JGT or BPF_JGE. */
static size_t emit_above(struct writer *writer, const struct seccomp_test *test, uint16_t condition,
                         size_t if_above, size_t if_not)
{
    uint32_t high = (uint32_t)(test->value >> 32);
    size_t place;

    (void)emit_test(writer, condition, (uint32_t)test->value, if_above, if_not);
    place = emit_load(writer, low_half(test->argument));
    if (test->is_narrow)
        return place;
    place = emit_test(writer, BPF_JEQ, high, place, if_not);
    (void)emit_test(writer, BPF_JGT, high, if_above, place);
    return emit_load(writer, high_half(test->argument));
}

static size_t emit_argument_test(struct writer *writer, const struct seccomp_test *test,
                                 size_t if_true, size_t if_false)
{
    switch (test->comparison) {
    case SECCOMP_EQ:
    case SECCOMP_MASKED_EQ:
        return emit_equal(writer, test, if_true, if_false);
    case SECCOMP_NE:
        return emit_equal(writer, test, if_false, if_true);
    case SECCOMP_GT:
        return emit_above(writer, test, BPF_JGT, if_true, if_false);
    case SECCOMP_LE:
        return emit_above(writer, test, BPF_JGT, if_false, if_true);
    case SECCOMP_GE:
        return emit_above(writer, test, BPF_JGE, if_true, if_false);
    case SECCOMP_LT:
        return emit_above(writer, test, BPF_JGE, if_false, if_true);
    }
    return if_false;
}

static size_t emit_clause(struct writer *writer, const struct seccomp_clause *clause,
                          size_t if_false)
{
    size_t place = emit_return(writer, clause->action);

    for (size_t i = clause->n_tests; i-- > 0;)
        place = emit_argument_test(writer, &clause->tests[i], place, if_false);
    return place;
}

/*
 * Numbers
 */

static size_t answer_place(struct writer *writer, size_t number)
{
    const struct seccomp_answer *answer = &writer->spec->answers[number];

    if (!writer->places[number]) {
        size_t place = emit_return(writer, answer->otherwise);

        for (size_t i = answer->n_clauses; i-- > 0;)
            place = emit_clause(writer, &answer->clauses[i], place);
        writer->places[number] = place;
    }
    return writer->places[number];
}

/* Whether the spans are all one answer but for at most CHAIN_MAX single numbers. */
static bool is_chain(const struct seccomp_span *spans, size_t count)
{
    if (count % 2 == 0 || count > 2 * CHAIN_MAX + 1)
        return false;
    for (size_t i = 1; i < count; i += 2)
        if (spans[i + 1].first != spans[i].first + 1 || spans[i + 1].answer != spans[0].answer)
            return false;
    return true;
}

/* The span that begins the second half, by weight. Neither half is empty. */
static size_t find_middle(const struct seccomp_span *spans, size_t count)
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
static size_t emit_search(struct writer *writer, const struct seccomp_span *spans, size_t count)
{
    size_t middle = find_middle(spans, count);
    size_t low, high;

    if (is_chain(spans, count)) {
        size_t place = answer_place(writer, spans[0].answer);

        for (size_t i = 1; i < count; i += 2)
            place = emit_test(writer, BPF_JEQ, spans[i].first,
                              answer_place(writer, spans[i].answer), place);
        return place;
    }
    high = emit_search(writer, spans + middle, count - middle);
    low = emit_search(writer, spans, middle);
    return emit_test(writer, BPF_JGE, spans[middle].first, high, low);
}

/* How often the kernel comes to a span when it tries all calls at load, plus one. */
static void weigh(struct seccomp_span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t end = i + 1 < count ? spans[i + 1].first : TRIED_NUMBERS;

        if (end > TRIED_NUMBERS)
            end = TRIED_NUMBERS;
        spans[i].weight = 1 + (spans[i].first < end ? end - spans[i].first : 0);
    }
}

/* Code that answers for all calls of one ABI, beginning with the load of their number. */
static size_t emit_section(struct writer *writer, const struct seccomp_section *section)
{
    size_t search;

    weigh(section->spans, section->n_spans);
    search = emit_search(writer, section->spans, section->n_spans);
    /* The load runs on into the search, which therefore has to begin right here. */
    if (search != writer->count)
        (void)emit_jump(writer, search);
    if (section->ignored_bits)
        (void)emit(writer,
                   (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~section->ignored_bits));
    return emit_load(writer, offsetof(struct seccomp_data, nr));
}

size_t seccomp_program_write(const struct seccomp_program_spec *spec, struct sock_filter *insns)
{
    struct writer writer = {.spec = spec, .insns = insns};
    size_t next = emit_return(&writer, spec->foreign);

    for (size_t i = spec->n_sections; i-- > 0;) {
        size_t section = emit_section(&writer, &spec->sections[i]);

        next = emit_test(&writer, BPF_JEQ, spec->sections[i].audit_arch, section, next);
    }
    (void)emit_load(&writer, offsetof(struct seccomp_data, arch));
    if (is_full(&writer))
        return 0;
    memmove(insns, insns + SECCOMP_PROGRAM_MAX - writer.count, writer.count * sizeof(*insns));
    return writer.count;
}
