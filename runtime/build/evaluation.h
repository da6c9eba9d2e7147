/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through the instructions of a stage and puts values in the place of variables.
 *
 * It is pure: what a variable is comes from the scope, which ENV and ARG change on the way, and
 * from the build arguments. Whoever knows the environment of the base image puts it into the scope
 * first.
 */
#ifndef YAWL_RUNTIME_BUILD_EVALUATION_H
#define YAWL_RUNTIME_BUILD_EVALUATION_H

#include "runtime/build/build_arguments.h"
#include "runtime/build/instruction.h"
#include "runtime/build/scope.h"

struct evaluation {
    struct arena *arena;
    struct diagnostics *diagnostics;
    char escape;
    const struct build_arguments *arguments;
    const struct scope *globals; /* what ARG without a default looks up; NULL: nothing */
    struct scope *scope;
    /* Variables of the last instruction: see struct expansion. */
    struct string_list used, unset;
};

/*
 * Makes a copy of the instruction with the values in place; ENV and ARG change the scope. The pairs
 * of an ARG get the values that count: the build argument, the default, the global one, or NULL.
 * FROM, ONBUILD and what a shell expands by itself stay as they are. Mistakes are added; -1 when
 * there was one.
 */
MUST_CHECK int evaluation_step(struct evaluation *evaluation, const struct instruction *instruction,
                               struct instruction *ret_instruction);

/* The value of one word, such as a FROM's; NULL when it has a mistake, which is added. */
const char *evaluation_word(struct evaluation *evaluation, const struct word *word,
                            const char *path);

#endif
