/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this machine runs programs of another architecture by an interpreter, as the handlers of
 * binfmt_misc say (Documentation/admin-guide/binfmt-misc.rst). A handler serves a container only
 * with flag F: then the kernel holds the interpreter open, and the container needs no file of it.
 */
#ifndef YAWL_RUNTIME_BUILD_EMULATION_H
#define YAWL_RUNTIME_BUILD_EMULATION_H

#include <stdbool.h>

#define EMULATION_DIR "/proc/sys/fs/binfmt_misc"

/* `architecture` as Go has it, "arm64"; `handlers_dir` is EMULATION_DIR but in tests. */
bool emulation_is_there(const char *handlers_dir, const char *architecture);

#endif
