/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container at the root of what went wrong: not the one that waits, but the one that is waited
 * for.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_CULPRIT_H
#define YAWL_ORCHESTRATOR_CLI_CULPRIT_H

#include "orchestrator/cli/follow.h"

/* Begins with the container of this name and goes on to what it waits for. NULL when it is not
 * known. Borrowed from the follow. */
const struct record *culprit_find(const struct follow *follow, const char *name);

/* Prints its page (why.h) to standard error, and with_log its last lines. */
MUST_CHECK int culprit_print(const struct record *culprit, const struct project_dir *dir,
                             bool with_log, struct log_printer_options style, struct error *err);

#endif
