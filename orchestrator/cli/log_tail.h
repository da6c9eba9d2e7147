/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last lines of one container, for a report about it.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_LOG_TAIL_H
#define YAWL_ORCHESTRATOR_CLI_LOG_TAIL_H

#include "orchestrator/logs/log_printer.h"
#include "orchestrator/state/record.h"
#include "orchestrator/state/roots.h"

/* Prints what it has written last, at most so many lines; nothing when there is no log. */
MUST_CHECK int log_tail_print(const struct project_dir *dir, const struct record *record,
                              int64_t lines, struct log_printer_options style, struct error *err);

#endif
