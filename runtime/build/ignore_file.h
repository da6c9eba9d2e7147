/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `.dockerignore`: what of a build context is not there for COPY and ADD.
 *
 * The rules are docker's (github.com/moby/patternmatcher): a pattern each line, `#` in the first
 * column begins a comment, `!` brings back, the last line that matches counts, and what is said of
 * a directory holds for all that is in it. Pure: nothing is opened.
 */
#ifndef YAWL_RUNTIME_BUILD_IGNORE_FILE_H
#define YAWL_RUNTIME_BUILD_IGNORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

struct ignore_pattern;

struct ignore_file {
    struct ignore_pattern *patterns;
    size_t count;
    bool brings_back; /* there is a line with '!': what is in an ignored directory may be there */
};

/* Reads the text; everything lives in the arena. Fails with the line of a pattern that is none. */
MUST_CHECK int ignore_file_parse(const char *bytes, size_t length, struct arena *arena,
                                 struct ignore_file *ret_ignore, struct error *err);

/* Reads the ignore file of a context: `own`, "<Dockerfile>.dockerignore", else ".dockerignore";
 * there may be neither. `own` is relative to the context, or absolute, or NULL. Neither is followed
 * out of the context. */
MUST_CHECK int ignore_file_read(int context_fd, const char *own, struct arena *arena,
                                struct ignore_file *ret_ignore, struct error *err);

/* Adds one pattern, as --exclude of COPY has it. */
MUST_CHECK int ignore_file_add(struct ignore_file *ignore, const char *pattern, struct arena *arena,
                               struct error *err);

/* Whether the path, relative to the context and clean, is left out. The context itself ("." and "")
 * never is. */
bool ignore_file_matches(const struct ignore_file *ignore, const char *path);

#endif
