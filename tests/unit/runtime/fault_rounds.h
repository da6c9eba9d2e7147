/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call of a function is made to fail once. Then either it leaves nothing and its error
 * says what could not be done, or it succeeds and all is as it is without the fault.
 *
 * All calls take minutes: every eleventh fails unless the environment says YAWL_FAULT_STEP=1.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_FAULT_ROUNDS_H
#define YAWL_TESTS_UNIT_RUNTIME_FAULT_ROUNDS_H

#include "tests/unit/runtime/fault_injection.h"

/* At least so many processes make calls. */
void fault_rounds(fault_function *body, void *context, size_t n_processes);

#endif
