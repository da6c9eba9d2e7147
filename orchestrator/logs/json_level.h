/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the level in a line that is a JSON object, without parsing more of it than needed.
 *
 * Whole documents are the business of common/json.h; a line may be cut off or wrong anywhere, and
 * there are millions of them. Nothing is allocated.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_JSON_LEVEL_H
#define YAWL_ORCHESTRATOR_LOGS_JSON_LEVEL_H

#include "orchestrator/logs/line_level.h"

/* False when the line does not begin as an object. The keys are "level", "lvl", "severity" and
 * others that loggers use, at the top or within "log". */
bool json_level_find(const char *bytes, size_t length, enum line_level *ret_level);

#endif
