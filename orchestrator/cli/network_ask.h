/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External networks that are another project's own: "shop_default". That project is asked to share
 * them.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_NETWORK_ASK_H
#define YAWL_ORCHESTRATOR_CLI_NETWORK_ASK_H

#include "orchestrator/compose/project.h"
#include "orchestrator/state/roots.h"

/* Those that nobody has are left: it is told of them where the plan is checked. */
MUST_CHECK int networks_ask(const struct roots *roots, const struct project *project,
                            struct error *err);

#endif
