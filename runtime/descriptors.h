/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting go of inherited descriptors between clone3() and execve().
 */
#ifndef YAWL_RUNTIME_DESCRIPTORS_H
#define YAWL_RUNTIME_DESCRIPTORS_H

#include <stddef.h>

#include "common/cleanup.h"

/* Closes all but these (negative ones do not count), which are sorted for it, and but `n_preserved`
 * from 3 on. Returns 0, or -1 with errno. */
MUST_CHECK int descriptors_keep(int *kept, size_t count, size_t n_preserved);

/* What execve leaves open: 0 to 2 and `n_preserved` from 3 on, nothing else. Returns 0, or -1 with
 * errno. */
MUST_CHECK int descriptors_keep_over_execve(size_t n_preserved);

#endif
