/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits that can never end are refused before anything starts.
 */
#ifndef YAWL_ORCHESTRATOR_PLAN_PLAN_CHECK_H
#define YAWL_ORCHESTRATOR_PLAN_PLAN_CHECK_H

#include "common/diagnostics.h"
#include "orchestrator/compose/project.h"
#include "orchestrator/plan/plan.h"

/* `service_healthy` on a service without a health check (its own or its image's), and completion of
 * a service that restarts for ever. */
void plan_check_waits(const struct plan *plan, const struct project *project,
                      struct diagnostics *diagnostics);

#endif
