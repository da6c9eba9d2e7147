/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from the root of a model to one of its values, as a chain of callers' stack frames:
 * "services.api.ports[0]".
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_TRAIL_H
#define YAWL_ORCHESTRATOR_COMPOSE_TRAIL_H

#include <stddef.h>

#include "common/arena.h"

struct trail {
    const struct trail *up; /* NULL: the root */
    const char *name;       /* NULL: an item of a list */
    size_t index;
};

/* NULL for the root. */
const char *trail_text(struct arena *arena, const struct trail *trail);

#endif
