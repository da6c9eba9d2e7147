/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies a directory with all that is in it: owners, modes, times, extended attributes, symbolic
 * and hard links, FIFOs. Devices and sockets are left out. Links are never followed, on neither
 * side.
 */
#ifndef YAWL_RUNTIME_TREE_COPY_H
#define YAWL_RUNTIME_TREE_COPY_H

#include "common/error.h"

/* Copies what is in source_fd into target_fd, both directories open for reading, and then the
 * attributes of the directory itself. */
MUST_CHECK int tree_copy(int source_fd, int target_fd, struct error *err);

#endif
