/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which build of the program a supervisor runs, so that `up` of another one can hand over to it:
 * the file "program" in the project's run directory. It tells the executable file, not a version:
 * also what was rebuilt under the same version is another program.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_PROGRAM_IDENTITY_H
#define YAWL_ORCHESTRATOR_SUPERVISE_PROGRAM_IDENTITY_H

#include <stdbool.h>

#include "common/error.h"

/* Says that the supervisor is of our program. */
MUST_CHECK int program_identity_write(int run_fd, struct error *err);

/* Whether the supervisor's program is ours. One that has said nothing counts as another. */
bool program_identity_is_ours(int run_fd);

#endif
