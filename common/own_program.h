/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own program file, out of reach of containers: until its program runs, a container's process
 * is a copy of us, and "/proc/self/exe" leads to our file (CVE-2019-5736).
 *
 * So whoever makes such processes runs from a read-only mount of the file that nothing else leads
 * to. What it starts by "/proc/self/exe" does so as well. Who may not write to the file goes on as
 * it is.
 */
#ifndef YAWL_COMMON_OWN_PROGRAM_H
#define YAWL_COMMON_OWN_PROGRAM_H

#include "common/error.h"

/* Runs the program again from such a mount, with the same environment; then, in the second run,
 * returns at once. Descriptors stay as they are. */
MUST_CHECK int own_program_protect(char **argv, struct error *err);

/* Runs the program anew from there. Returns only when that fails. */
MUST_CHECK int own_program_execute(char **argv, struct error *err);

#endif
