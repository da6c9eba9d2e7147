/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns for paths, as Go's filepath.Match has them: `*` any characters but '/', `?` one of them,
 * `[a-z]` and `[^a-z]` one of a class, a backslash takes the meaning away. Ignore files have `**`
 * besides, which crosses directories: `**` + `/` is none, one or several of them.
 *
 * Characters are UTF-8's; bytes that are none count as one each. Time is the product of both
 * lengths at most.
 */
#ifndef YAWL_RUNTIME_BUILD_PATH_GLOB_H
#define YAWL_RUNTIME_BUILD_PATH_GLOB_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct path_glob;

/* Compiles the pattern into the arena; with `crosses`, `**` means what it does in ignore files.
 * Fails on a class that does not end and on a backslash with nothing behind it. */
MUST_CHECK int path_glob_compile(const char *pattern, bool crosses, struct arena *arena,
                                 struct path_glob **ret_glob, struct error *err);

/* Whether all of the path matches. */
bool path_glob_matches(const struct path_glob *glob, const char *path);

/* Whether the text has a character that means more than itself. */
bool path_glob_is_needed(const char *text);

#endif
