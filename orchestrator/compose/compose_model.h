/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a load leaves behind. Private to this folder: the reports on a loaded model read it.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_COMPOSE_MODEL_H
#define YAWL_ORCHESTRATOR_COMPOSE_COMPOSE_MODEL_H

#include "orchestrator/compose/compose.h"
#include "orchestrator/compose/node.h"
#include "orchestrator/compose/variables.h"

struct compose {
    struct arena *arena;
    struct node *model;
    const struct node *disabled; /* services that profiles switch off: name to service */
    const struct variables *variables;
    const struct project *project;
    bool raw; /* not interpolated or not normalised: printed as it is */
    bool escape;
};

#endif
