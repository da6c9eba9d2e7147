/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named values for interpolation: the process environment, `.env` files and what an include adds.
 *
 * A set lives in an arena and copies nothing of its texts. Sets are small (hundreds); lookup is by
 * hash.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_VARIABLES_H
#define YAWL_ORCHESTRATOR_COMPOSE_VARIABLES_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct variable {
    const char *name, *value;
    struct position at;             /* where it was set; file NULL: the environment */
    const struct variable *shadows; /* the value that this one hides, or NULL */
};

struct variables;

struct variables *variables_new(struct arena *arena);
struct variables *variables_copy(const struct variables *variables);

/* Hides an earlier value of the name. */
void variables_set(struct variables *variables, struct variable variable);

/* Sets the variable when its name has no value yet; else keeps it as what that value hides. */
void variables_add(struct variables *variables, struct variable variable);

/* NULL when the name is not set. */
const struct variable *variables_find(const struct variables *variables, const char *name);
const char *variables_get(const struct variables *variables, const char *name);

/* In the order of first setting. */
size_t variables_count(const struct variables *variables);
const struct variable *variables_at(const struct variables *variables, size_t index);

/* Adds "NAME=value" texts as environ(7) has them. */
void variables_add_environment(struct variables *variables, const char *const *environment);

#endif
