/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of the system that do for us what we may not or cannot do, run to their end.
 */
#ifndef YAWL_COMMON_HELPER_PROGRAM_H
#define YAWL_COMMON_HELPER_PROGRAM_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"

struct helper_end {
    bool found;   /* there is such a program */
    bool success; /* it ended with 0 */
};

/* Runs args[0], looked up in PATH, with nothing to read; what it says on standard output and error
 * is added to `said`. `args` ends with NULL. */
MUST_CHECK int helper_program_run(const char *const *args, struct text *said,
                                  struct helper_end *ret_end, struct error *err);

#endif
