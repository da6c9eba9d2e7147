/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of `.env` files: `NAME=value`, `export NAME: value`, quotes, escapes, comments, lines
 * that only name a variable.
 *
 * Double-quoted and unquoted values are interpolated while reading; a variable may use the ones
 * above it.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_DOTENV_H
#define YAWL_ORCHESTRATOR_COMPOSE_DOTENV_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "orchestrator/compose/variables.h"

struct dotenv_source {
    const char *file; /* as messages name it; outlives the variables */
    const char *text;
    bool raw; /* `format: raw`: NAME=value to the end of the line, nothing else means anything */
    /* What a name without `=` inherits, and what values may refer to besides the lines above; NULL:
     * unset. `owner` is passed through. */
    const char *(*lookup)(void *owner, const char *name);
    /* Told of a reference to a name that is not set; may be NULL. */
    void (*unset)(void *owner, const char *name);
    void *owner;
};

/* Adds the file's variables in their order. An error carries its line in err->at. */
MUST_CHECK int dotenv_read(struct arena *arena, const struct dotenv_source *source,
                           struct variables *into, struct error *err);

#endif
