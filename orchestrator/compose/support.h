/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names what a file asks for and yawl does not do, so that no key is ignored in silence.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_SUPPORT_H
#define YAWL_ORCHESTRATOR_COMPOSE_SUPPORT_H

#include "common/diagnostics.h"
#include "orchestrator/compose/shape.h"

/* One warning for each key of the model that has no effect, one error for each that is refused;
 * each once, where it is used first. */
void support_report(const struct node *model, struct diagnostics *diagnostics);

#endif
