/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transfer off a terminal: a line for each change of an image, or a JSON object for each event,
 * as docker compose writes them. Pure.
 *
 *      web Pulling
 *      web 25% of 104MB
 *      web Pulled
 *
 *     {"id":"web","status":"Working","text":"Pulling"}
 *     {"id":"3b1f6a0c9d2e","parent_id":"web","status":"Working","text":"Downloading",
 *      "current":1,"total":2,"percent":50}
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_LINES_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_TRANSFER_LINES_H

#include "orchestrator/cli/image/transfer.h"

/* What is to be said of a change; nothing for most. Warnings are not told here. */
void transfer_lines_plain(const struct transfer *transfer, const struct transfer_change *change,
                          struct text *out);
void transfer_lines_json(const struct transfer *transfer, const struct transfer_change *change,
                         struct text *out);

/* Of what is not moved at all: " web Skipped Image is already present locally". */
void transfer_lines_skipped(const char *label, const char *why, bool json, struct text *out);

#endif
