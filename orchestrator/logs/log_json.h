/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log line as a JSON object in one row:
 *
 *     {"time":"2026-01-31T12:00:00.000000000Z","service":"api","container":"shop-api-1",
 *      "stream":"stdout","line":"text","level":"info"}
 *
 * All keys are always there; level is null when the line does not tell. What yawl itself says has
 * the stream "event". A line that is no UTF-8 is shown with U+FFFD for each wrong byte, and has its
 * true bytes in "base64". A piece of a line that goes on has "partial":true.
 */
#ifndef YAWL_ORCHESTRATOR_LOGS_LOG_JSON_H
#define YAWL_ORCHESTRATOR_LOGS_LOG_JSON_H

#include "common/text.h"
#include "orchestrator/logs/line_level.h"
#include "orchestrator/logs/log_reader.h"

/* Without a newline. line->name is the container. */
void log_json_append(struct text *out, const struct log_line *line, const char *service,
                     enum line_level level);

#endif
