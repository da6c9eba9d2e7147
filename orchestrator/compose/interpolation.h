/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `$NAME`, `${NAME}` and `${NAME<operator>operand}` in a text, by the Compose specification
 * (12-interpolation.md): `:-` `-` default, `:?` `?` required, `:+` `+` alternative, `$$` a dollar
 * sign.
 *
 * Operands are texts of the same kind and are expanded only when they are used. Depth and length of
 * the result are bounded (common/limits.h).
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_INTERPOLATION_H
#define YAWL_ORCHESTRATOR_COMPOSE_INTERPOLATION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/text.h"

struct interpolation {
    /* The value of a name, or NULL when it is not set. */
    const char *(*lookup)(void *owner, const char *name);
    /* Told of each name that is not set and has no operator; may be NULL. */
    void (*unset)(void *owner, const char *name);
    void *owner;
};

/* What a text says about one name; all texts are slices of the template. */
struct interpolation_use {
    const char *name, *operand;
    size_t name_length, operand_length;
    bool colon;    /* an empty value counts as unset */
    char operator; /* '-', '?', '+', or 0 */
};

/* Appends the expanded text. Fails on a malformed expression and on a required name without a
 * value. */
MUST_CHECK int interpolate(const struct interpolation *interpolation, const char *text,
                           struct text *out, struct error *err);

/* Reads the expression at `text`, which begins with "${" or "$" and a name. Returns its length, or
 * 0 when it is malformed. */
size_t interpolation_parse(const char *text, const char *end, struct interpolation_use *ret_use);

#endif
