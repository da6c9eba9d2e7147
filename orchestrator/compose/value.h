/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a project that several of its structs have. Plain data in the project's arena.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_VALUE_H
#define YAWL_ORCHESTRATOR_COMPOSE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

/* "NAME=value" pairs; value NULL: the name has no value (environment: dropped unless resolved). */
struct pair {
    const char *name, *value;
    struct position at;
};

struct pair_list {
    struct pair *items;
    size_t count;
};

/* A command in list form. `given` distinguishes "absent" from "explicitly empty". */
struct command {
    struct string_list words;
    bool given;
    struct position at;
};

/* A command that runs in the container after it has started or before it is stopped, or in one of
 * its own before any of the service's starts (`pre_start`, which alone has the last two). */
struct hook {
    struct command command;
    const char *user, *working_dir;
    struct pair_list environment;
    bool privileged;
    struct position at;
    const char *image; /* NULL: the service's */
    bool per_replica;  /* before each of its containers, not once for all */
};

#endif
