/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser directives at the top of a Dockerfile: `# syntax=`, `# escape=`, `# check=`.
 *
 * They end at the first line that is none; a comment of the same shape further down is a comment.
 */
#ifndef YAWL_RUNTIME_BUILD_DIRECTIVES_H
#define YAWL_RUNTIME_BUILD_DIRECTIVES_H

#include "common/diagnostics.h"
#include "runtime/build/logical_line.h"
#include "runtime/build/word.h"

struct directives {
    char escape;        /* '\\' or '`' */
    struct word syntax; /* text NULL: not given */
    struct word check;
};

/* Takes the directives off the reader, which learns the escape character. Mistakes are added. */
void directives_read(struct line_reader *reader, struct diagnostics *diagnostics,
                     struct directives *ret_directives);

#endif
