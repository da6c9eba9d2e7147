/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short form of a service's volumes: "[SOURCE:]TARGET[:OPTIONS]".
 *
 * As in the reference, unknown options are dropped and a single letter before a colon is a drive
 * letter.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_SHORT_VOLUME_H
#define YAWL_ORCHESTRATOR_COMPOSE_SHORT_VOLUME_H

#include "orchestrator/compose/node.h"

/* Fills the long form of the text node into an empty mapping. `ret_unknown` is the first option
 * that means nothing, or NULL. */
MUST_CHECK int short_volume_read(struct arena *arena, const struct node *item, struct node *map,
                                 const char **ret_unknown, struct error *err);

#endif
