/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page about one container: what it does, what it waits for, how its last probe and its last
 * run went, and what comes next. Pure: everything is in the facts.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_WHY_H
#define YAWL_ORCHESTRATOR_CLI_WHY_H

#include "common/json.h"
#include "orchestrator/state/record.h"

struct why {
    const char *service;
    const struct record *record;         /* NULL: it was never created */
    const struct record *const *records; /* of the project, to follow what it waits for */
    size_t n_records;
    bool unattended;           /* nobody supervises: the records are as they were left */
    const char *configuration; /* against the Compose file, in words; NULL: not compared */
    uint64_t now_ns;
};

/* Lines "  label          words" below the container's name. */
void why_text(const struct why *why, struct text *out);

/* The same as an object; times are RFC 3339. The caller owns it. */
json_t *why_json(const struct why *why);

#endif
