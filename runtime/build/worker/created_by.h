/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the history of an image says of an instruction: the texts are BuildKit's.
 */
#ifndef YAWL_RUNTIME_BUILD_WORKER_CREATED_BY_H
#define YAWL_RUNTIME_BUILD_WORKER_CREATED_BY_H

#include "runtime/build/scope.h"
#include "runtime/build/worker/image_draft.h"

/* In the arena. `scope` is for RUN, whose ARGs are told; else NULL. */
const char *created_by_format(const struct image_draft *draft,
                              const struct instruction *instruction, const struct scope *scope,
                              struct arena *arena);

#endif
