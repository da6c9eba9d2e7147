/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `down` and the networks that its project shares with others.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_DOWN_NETWORKS_H
#define YAWL_ORCHESTRATOR_CLI_DOWN_NETWORKS_H

#include "orchestrator/cli/progress.h"
#include "orchestrator/state/roots.h"

/* What the project has defined and nobody uses goes; of the others it is told who does. */
MUST_CHECK int down_networks(const struct roots *roots, const char *project,
                             const struct progress *progress, struct error *err);

#endif
