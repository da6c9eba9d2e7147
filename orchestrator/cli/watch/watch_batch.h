/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that came together, and what is to be done about them for each service. Pure.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_BATCH_H
#define YAWL_ORCHESTRATOR_CLI_WATCH_WATCH_BATCH_H

#include "orchestrator/cli/watch/watch_rules.h"
#include "runtime/container_files.h"

/* What one service gets. */
struct watch_work {
    const struct service *service;
    struct container_file *files; /* by source; a directory before what is in it */
    size_t n_files;
    bool restarts, rebuilds;
    const struct watch_rule **execs; /* each once */
    size_t n_execs;
};

/* Lives in an arena of its own. */
struct watch_batch {
    struct arena *arena;
    struct watch_work *works;
    size_t n_works;
};

/* `paths` may name one several times; it is sorted. The caller frees the batch's arena. */
struct watch_batch watch_batch_make(const struct watch_rules *rules, struct string_list *paths);

#endif
