/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with an instruction that can be read: too few arguments, values that cannot be.
 * Values that hold a variable are not looked at.
 */
#ifndef YAWL_RUNTIME_BUILD_INSTRUCTION_CHECK_H
#define YAWL_RUNTIME_BUILD_INSTRUCTION_CHECK_H

#include "runtime/build/instruction.h"

/* Whether there are enough arguments, and such that can be. Mistakes are added. */
void instruction_check_arguments(struct instruction *instruction, bool in_trigger,
                                 struct diagnostics *diagnostics);

/* Whether ports, paths and flags are what they should be; the times of a HEALTHCHECK are read into
 * it. Mistakes are added. */
void instruction_check_values(struct instruction *instruction, struct diagnostics *diagnostics);

/* The protocol of "80/tcp", or "tcp"; [from, to] of "8000-8010". False when it is no port. */
struct exposed_port {
    const char *protocol;
    unsigned first, last;
};
bool exposed_port_parse(const char *text, struct exposed_port *ret_port);

#endif
