/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/seccomp/seccomp_interpreter.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool takes_jump(const struct sock_filter *insn, uint32_t accumulator)
{
    switch (BPF_OP(insn->code)) {
    case BPF_JEQ:
        return accumulator == insn->k;
    case BPF_JGE:
        return accumulator >= insn->k;
    case BPF_JGT:
        return accumulator > insn->k;
    default:
        return accumulator & insn->k;
    }
}

uint32_t seccomp_interpret(const struct sock_fprog *program, const struct seccomp_data *data)
{
    uint32_t accumulator = 0;

    for (size_t at = 0; at < program->len; at++) {
        const struct sock_filter *insn = &program->filter[at];

        switch (insn->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (insn->k % 4 != 0 || insn->k > sizeof(*data) - 4)
                return INTERPRETER_BROKEN;
            memcpy(&accumulator, (const char *)data + insn->k, 4);
            break;
        case BPF_JMP | BPF_JA:
            at += insn->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_K:
            at += takes_jump(insn, accumulator) ? insn->jt : insn->jf;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            accumulator &= insn->k;
            break;
        case BPF_RET | BPF_K:
            return insn->k;
        default:
            return INTERPRETER_BROKEN;
        }
    }
    return INTERPRETER_BROKEN;
}

uint32_t seccomp_interpret_call(const struct sock_fprog *program, uint32_t arch, uint32_t number,
                                uint64_t argument)
{
    struct seccomp_data data = {.nr = (int)number, .arch = arch, .args = {argument}};

    return seccomp_interpret(program, &data);
}
