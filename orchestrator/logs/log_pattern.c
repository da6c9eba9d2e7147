/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/logs/log_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "common/memory.h"

enum {
    MATCH_STEPS_MAX = 1000 * 1000, /* of backtracking, in one line */
    JIT_STACK_MIN_BYTES = 32 * 1024,
    JIT_STACK_MAX_BYTES = 1024 * 1024,
};

struct log_pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint64_t n_given_up;
};

void log_pattern_free(struct log_pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_data_free(pattern->data);
    pcre2_match_context_free(pattern->context);
    pcre2_jit_stack_free(pattern->stack);
    pcre2_code_free(pattern->code);
    free(pattern);
}

/* Where the system forbids memory that is written and executed, the interpreter does it. */
static void make_fast(struct log_pattern *pattern)
{
    if (pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) != 0)
        return;
    pattern->stack = pcre2_jit_stack_create(JIT_STACK_MIN_BYTES, JIT_STACK_MAX_BYTES, NULL);
    if (pattern->stack)
        pcre2_jit_stack_assign(pattern->context, NULL, pattern->stack);
}

int log_pattern_new(const char *expression, bool ignore_case, struct log_pattern **ret_pattern,
                    struct error *err)
{
    scoped(log_pattern_free) struct log_pattern *pattern = memory_new(struct log_pattern);
    uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_UCHAR reason[256];
    PCRE2_SIZE offset;
    int number;

    if (ignore_case)
        flags |= PCRE2_CASELESS;
    pattern->code =
        pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, flags, &number, &offset, NULL);
    if (!pattern->code) {
        (void)pcre2_get_error_message(number, reason, sizeof(reason));
        return error_set(err, "regular expression '%s', at %zu: %s", expression, (size_t)offset,
                         (const char *)reason);
    }
    pattern->data = pcre2_match_data_create(1, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    if (!pattern->data || !pattern->context)
        abort();
    (void)pcre2_set_match_limit(pattern->context, MATCH_STEPS_MAX);
    make_fast(pattern);
    *ret_pattern = steal(pattern);
    return 0;
}

bool log_pattern_matches(struct log_pattern *pattern, const char *bytes, size_t length)
{
    int result = pcre2_match(pattern->code, (PCRE2_SPTR)bytes, length, 0, 0, pattern->data,
                             pattern->context);

    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        pattern->n_given_up++;
    return result >= 0;
}

uint64_t log_pattern_given_up(const struct log_pattern *pattern)
{
    return pattern->n_given_up;
}
