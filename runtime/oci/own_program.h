/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own program file, out of reach of containers: until its program runs, a container's process
 * is a copy of us, and "/proc/self/exe" leads to our file (CVE-2019-5736).
 */
#ifndef YAWL_RUNTIME_OCI_OWN_PROGRAM_H
#define YAWL_RUNTIME_OCI_OWN_PROGRAM_H

#include "common/error.h"

/* Runs the program again from a read-only mount of its file that nothing else leads to; then, in
 * the second run, returns at once. Descriptors stay as they are. Who may not mount may not write to
 * the file either, and goes on as it is. */
MUST_CHECK int own_program_protect(char **argv, struct error *err);

#endif
