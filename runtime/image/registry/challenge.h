/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server asks for in WWW-Authenticate headers (RFC 9110, 11.3 and 11.6.1): one header may
 * hold several challenges, and there may be several headers.
 */
#ifndef YAWL_RUNTIME_IMAGE_REGISTRY_CHALLENGE_H
#define YAWL_RUNTIME_IMAGE_REGISTRY_CHALLENGE_H

#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

struct challenge_parameter {
    const char *name; /* in lower case */
    const char *value;
};

struct challenge {
    const char *scheme;  /* in lower case */
    const char *token68; /* instead of parameters, or NULL */
    struct challenge_parameter *parameters;
    size_t n_parameters;
};

struct challenges {
    struct challenge *items;
    size_t count;
};

/* Reads all headers of one response; texts live in the arena. */
MUST_CHECK int challenges_parse(const struct string_list *headers, struct arena *arena,
                                struct challenges *ret_challenges, struct error *err);

/* The first challenge of a scheme (in lower case), or NULL. */
const struct challenge *challenges_find(const struct challenges *challenges, const char *scheme);

/* A parameter (in lower case), or NULL. */
const char *challenge_get(const struct challenge *challenge, const char *name);

#endif
