/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Dockerfile's model as text: what fixtures expect, and what two readings of one file must share.
 */
#ifndef YAWL_TESTS_UNIT_RUNTIME_BUILD_DOCKERFILE_DUMP_H
#define YAWL_TESTS_UNIT_RUNTIME_BUILD_DOCKERFILE_DUMP_H

#include "common/text.h"
#include "runtime/build/dockerfile.h"

/*
 * One line: "3:1 COPY --from=make [/a]@4:5 [/b]". Words on another line than the instruction have
 * their position; without `positions` nothing has.
 */
void instruction_dump(const struct instruction *instruction, bool positions, struct text *out);

/* All instructions and directives. */
void dockerfile_dump(const struct dockerfile *dockerfile, bool positions, struct text *out);

/* A Dockerfile that says the same, without continuations and comments. */
void dockerfile_render(const struct dockerfile *dockerfile, struct text *out);

#endif
