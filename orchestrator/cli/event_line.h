/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `events` says of one event of a container, as docker compose says it.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_EVENT_LINE_H
#define YAWL_ORCHESTRATOR_CLI_EVENT_LINE_H

#include "common/text.h"
#include "orchestrator/state/event.h"

/* "2026-01-31 12:00:00.000000 container die shop-db-1 (exitCode=1, image=postgres, name=shop-db-1)"
 * in local time, and a newline. */
void event_line_text(const struct event *event, struct text *out);

/* {"action":...,"attributes":{...},"id":...,"service":...,"time":...,"type":"container"} and a
 * newline. */
void event_line_json(const struct event *event, struct text *out);

#endif
