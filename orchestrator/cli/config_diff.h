/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between two resolved services, field by field. Pure.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_CONFIG_DIFF_H
#define YAWL_ORCHESTRATOR_CLI_CONFIG_DIFF_H

#include "common/arena.h"
#include "common/json.h"

struct config_field {
    const char *path;          /* "environment.WORD", "ports[0].published" */
    const char *old_value;     /* JSON, or NULL: there was none */
    const char *new_value;     /* the same */
    struct config_field *next; /* in the order of the older, then what the newer adds */
};

/* The fields live in the arena; NULL when the two say the same, or one of them is NULL. */
struct config_field *config_diff(json_t *old, json_t *new, struct arena *arena);

#endif
