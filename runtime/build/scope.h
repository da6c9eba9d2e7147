/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables that an instruction can see: what ENV sets, what ARG declares, and what comes with
 * the base image or the parent stage.
 *
 * Of ENV and ARG of one name the later one counts, as in BuildKit. Only ENV goes into the image.
 */
#ifndef YAWL_RUNTIME_BUILD_SCOPE_H
#define YAWL_RUNTIME_BUILD_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

struct variable {
    const char *name;
    const char *value; /* what "$name" gives; NULL: declared, without a value */
    const char *env;   /* what ENV says, or NULL */
    bool is_arg;       /* declared by ARG */
};

struct scope {
    struct arena *arena;
    struct variable *items;
    size_t count, capacity;
    size_t *bytes; /* what all scopes of one reading hold together */
};

/* An empty scope; all that are copied from it share its bound (LIMIT_SCOPE_BYTES). */
struct scope *scope_new(struct arena *arena);
struct scope *scope_copy(const struct scope *scope);

/* The entry of that name, or NULL. */
const struct variable *scope_find(const struct scope *scope, const char *name);

/* Both copy. `value` NULL declares an argument without a value; it never hides one that is there.
 */
MUST_CHECK int scope_set_env(struct scope *scope, const char *name, const char *value,
                             struct error *err);
MUST_CHECK int scope_set_arg(struct scope *scope, const char *name, const char *value,
                             struct error *err);

/* As scope_set_env() for "NAME=value" each, as an image's configuration has them. */
MUST_CHECK int scope_set_environment(struct scope *scope, const struct string_list *environment,
                                     struct error *err);

#endif
