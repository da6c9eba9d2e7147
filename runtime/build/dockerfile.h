/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Dockerfile as plain data, in the arena of whoever parses it.
 *
 * Bytes in, model out: nothing is opened, nothing is expanded. Variables get their values later
 * (build_graph.h for the bases of stages, evaluation.h for everything else), because what
 * they are may depend on the base image.
 */
#ifndef YAWL_RUNTIME_BUILD_DOCKERFILE_H
#define YAWL_RUNTIME_BUILD_DOCKERFILE_H

#include "common/diagnostics.h"
#include "runtime/build/directives.h"
#include "runtime/build/instruction.h"

struct dockerfile_source {
    const char *file; /* as messages name it */
    const char *bytes;
    size_t length;
};

struct stage {
    size_t index;
    const char *name; /* in lower case; NULL: only a number */
    const struct instruction *from;
    const struct instruction *instructions; /* behind FROM */
    size_t n_instructions;
};

struct dockerfile {
    const char *file;
    struct directives directives;
    struct instruction *instructions; /* all of them */
    size_t n_instructions;
    size_t n_globals; /* the first ones: ARG before the first FROM */
    struct stage *stages;
    size_t n_stages;
};

/* Adds every mistake that there is; -1 when there was one. */
MUST_CHECK int dockerfile_parse(const struct dockerfile_source *source, struct arena *arena,
                                struct diagnostics *diagnostics, struct dockerfile *ret_dockerfile);

/* Parses what an image's ONBUILD says: one instruction. As above. */
MUST_CHECK int dockerfile_parse_trigger(const struct dockerfile_source *source, struct arena *arena,
                                        struct diagnostics *diagnostics,
                                        struct instruction *ret_instruction);

/* The last stage of that name before `limit`, or NULL. */
const struct stage *dockerfile_stage_named(const struct dockerfile *dockerfile, const char *name,
                                           size_t limit);

/* The stage that a target names, by name or number; the last one for NULL or "". Fails with what is
 * near when there is none. */
MUST_CHECK int dockerfile_find_target(const struct dockerfile *dockerfile, const char *target,
                                      const struct stage **ret_stage, struct error *err);

#endif
