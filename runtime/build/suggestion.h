/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody meant who wrote a word that is none of those that there are.
 */
#ifndef YAWL_RUNTIME_BUILD_SUGGESTION_H
#define YAWL_RUNTIME_BUILD_SUGGESTION_H

#include "common/arena.h"
#include "common/diagnostics.h"

struct suggestion {
    const char *word;
    const char *const *candidates;
    size_t count;
    const char *prefix;     /* of the candidates, for the reader: "--"; NULL: none */
    enum severity severity; /* as a rule an error */
};

/* Adds "MESSAGE 'WORD' (did you mean 'NEAREST'?)". */
void suggestion_add(const struct suggestion *suggestion, struct diagnostics *diagnostics,
                    struct position at, const char *path, const char *message);

/* The same as an error. */
int suggestion_fail(const struct suggestion *suggestion, const char *message, struct error *err);

#endif
