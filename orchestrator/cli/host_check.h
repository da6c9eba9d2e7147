/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this machine can give what a plan asks for: free ports, sources of mounts, subnets and
 * addresses that go together, limits. Everything that is missing is told at once, at the place in
 * the file that asks for it, before the first container is made. Only looks.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_HOST_CHECK_H
#define YAWL_ORCHESTRATOR_CLI_HOST_CHECK_H

#include "common/diagnostics.h"
#include "orchestrator/compose/compose.h"
#include "orchestrator/compose/project.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/state/record.h"
#include "orchestrator/state/roots.h"

struct host_check {
    struct arena *arena;
    const struct compose *compose;
    const struct project *project;
    const struct plan *plan;
    const struct roots *roots;
    struct record **records; /* of what exists of the project: its ports are not in its own way */
    size_t n_records;
    struct diagnostics *diagnostics;
};

void host_check(const struct host_check *check);

#endif
