/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timeline for programs: as JSON of our own, and as a trace that ui.perfetto.dev and
 * chrome://tracing show. Pure.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_JSON_H
#define YAWL_ORCHESTRATOR_CLI_TIMELINE_TIMELINE_JSON_H

#include "orchestrator/cli/timeline/critical_chain.h"

/* {"project", "began", "ready", "length_ms", "spans": [...], "critical_chain": [...], "summary"}
 * and a newline. Times in spans are ms since the beginning. */
void timeline_json(const struct timeline *timeline, const struct critical_chain *chain,
                   const char *project, struct text *out);

/* The Trace Event Format's JSON object: complete events ("ph": "X") in µs since the beginning, a
 * process for the project and for each service, a thread for each container. Spans of one thread
 * must lie apart or within each other: what overlaps in another way goes to a thread beside it. */
void timeline_trace(const struct timeline *timeline, const char *project, struct text *out);

#endif
