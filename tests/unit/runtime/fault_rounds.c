/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/runtime/fault_rounds.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first line that is another one than usual. */
static void find_difference(const char *output, const char *usual, char out[256])
{
    while (*output && *output == *usual) {
        size_t length = strcspn(output, "\n") + 1;

        if (strncmp(output, usual, length) != 0)
            break;
        output += length;
        usual += length;
    }
    (void)snprintf(out, 256, "'%.*s' is '%.*s'", (int)strcspn(usual, "\n"), usual,
                   (int)strcspn(output, "\n"), output);
}

static void expect_clean(const struct fault_run *run, const char *usual)
{
    const struct fault_outcome *outcome = &run->outcome;
    char what[64], difference[256];

    find_difference(outcome->output, usual, difference);
    (void)snprintf(what, sizeof(what), "call %ld, process %zu's %zu", run->call, run->process,
                   run->index);
    cr_expect(run->ended, "%s: it crashed", what);
    cr_expect_str_eq(outcome->leaks, "", "%s: left:%s (%s)", what, outcome->leaks, outcome->error);
    if (outcome->succeeded)
        cr_expect_str_eq(outcome->output, usual, "%s: it differs: %s", what, difference);
    else
        cr_expect(strstr(outcome->error, ": Input/output error"), "%s: no reason: '%s'", what,
                  outcome->error);
}

static size_t step(void)
{
    const char *text = getenv("YAWL_FAULT_STEP");

    return text && atoi(text) > 0 ? (size_t)atoi(text) : 11;
}

void fault_rounds(fault_function *body, void *context, size_t n_processes)
{
    struct fault_run run = {.process = FAULT_PROCESSES, .number = EIO};
    size_t n_calls[FAULT_PROCESSES];
    char usual[sizeof(run.outcome.output)];

    fault_run(&run, body, context); /* the first makes what the next ones find */
    fault_run(&run, body, context);
    cr_assert(run.outcome.succeeded, "%s", run.outcome.error);
    cr_assert_str_eq(run.outcome.leaks, "");
    memcpy(usual, run.outcome.output, sizeof(usual));
    memcpy(n_calls, run.n_calls, sizeof(n_calls));
    for (size_t i = 0; i < n_processes; i++)
        cr_assert_gt(n_calls[i], 2, "process %zu makes only %zu calls", i, n_calls[i]);
    for (run.process = 0; run.process < FAULT_PROCESSES; run.process++)
        for (run.index = 0; run.index < n_calls[run.process]; run.index += step()) {
            fault_run(&run, body, context);
            expect_clean(&run, usual);
        }
}
