/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics for other programs: as a JSON array, and as SARIF 2.1.0 for code scanning.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_CHECK_REPORT_H
#define YAWL_ORCHESTRATOR_CLI_CHECK_REPORT_H

#include "common/diagnostics.h"

/* [{"severity", "file", "line", "column", "path", "message", "hint", "origin"}, ...], sorted. */
void check_report_json(const struct diagnostics *diagnostics, struct text *out);

void check_report_sarif(const struct diagnostics *diagnostics, struct text *out);

#endif
