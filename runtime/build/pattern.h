/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patterns of `${name#pattern}` and its kin: `*` stands for any characters, `?` for one, a
 * backslash takes the meaning from the character behind it.
 *
 * Characters are UTF-8's; bytes that are none count as one each. Time grows with the product of
 * both lengths at most.
 */
#ifndef YAWL_RUNTIME_BUILD_PATTERN_H
#define YAWL_RUNTIME_BUILD_PATTERN_H

#include <stdbool.h>

#include "common/error.h"
#include "common/text.h"

struct pattern_trim {
    bool suffix;  /* take away at the end, not at the beginning */
    bool longest; /* as much as matches, not as little */
};

/* Appends the value without the part that matches. */
MUST_CHECK int pattern_trim(const char *pattern, const char *value, struct pattern_trim how,
                            struct text *out, struct error *err);

struct pattern_replace {
    const char *replacement;
    bool all; /* not only the first */
};

/* Appends the value with what matches, as long as can be, replaced. An empty pattern matches
 * nothing. The length of `out` is the caller's to check: it is at most the product of both lengths.
 */
MUST_CHECK int pattern_replace(const char *pattern, const char *value, struct pattern_replace how,
                               struct text *out, struct error *err);

#endif
