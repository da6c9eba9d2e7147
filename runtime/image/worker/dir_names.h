/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a directory of the store, which is small enough to be listed whole.
 */
#ifndef YAWL_RUNTIME_IMAGE_WORKER_DIR_NAMES_H
#define YAWL_RUNTIME_IMAGE_WORKER_DIR_NAMES_H

#include "common/arena.h"
#include "common/error.h"

/* The names, in the arena, in no order; the descriptor is borrowed. */
MUST_CHECK int dir_names_read(int dir_fd, struct arena *arena, struct string_list *ret_names,
                              struct error *err);

#endif
