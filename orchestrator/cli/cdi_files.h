/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CDI specifications of this machine, from /etc/cdi and /var/run/cdi.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_CDI_FILES_H
#define YAWL_ORCHESTRATOR_CLI_CDI_FILES_H

#include "common/diagnostics.h"
#include "orchestrator/compose/cdi_spec.h"
#include "orchestrator/compose/project.h"

/* Reads them where the project asks for any device of theirs; those of /var/run win. A file that
 * cannot be used is a warning. YAWL_CDI_DIRS names other directories, the one that wins first. In
 * the arena. */
MUST_CHECK int cdi_files_read(const struct project *project, struct arena *arena,
                              struct diagnostics *diagnostics, struct cdi_specs *ret_specs,
                              struct error *err);

#endif
