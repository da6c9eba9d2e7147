/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project whose supervisor and keeper were both killed runs on unattended. The next command that
 * looks at it starts a new pair, which adopts its containers.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_HEAL_H
#define YAWL_ORCHESTRATOR_CLI_HEAL_H

#include "common/error.h"
#include "orchestrator/state/roots.h"

/* Returns once the project is supervised. Costs a connection when it is already. */
MUST_CHECK int project_heal(const struct project_dir *dir, const char *project, struct error *err);

#endif
