/* SPDX-License-Identifier: Apache-2.0 */
/*
 * " Container shop-db-1  Started": one line per change, on stderr, as docker compose says it off a
 * terminal.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_PROGRESS_H
#define YAWL_ORCHESTRATOR_CLI_PROGRESS_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "orchestrator/state/record.h"

struct progress {
    bool quiet;
    bool json;       /* {"id":"Container shop-db-1","status":"Started"} */
    bool hide_exits; /* attached: the log says so */
};

/* What changed between two records of one container; `before` is NULL at first sight. */
void progress_change(const struct progress *progress, const struct record *before,
                     const struct record *now);
void progress_line(const struct progress *progress, const char *kind, const char *name,
                   const char *verb);

#endif
