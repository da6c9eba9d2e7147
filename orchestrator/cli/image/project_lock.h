/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's compose.lock, beside its first Compose file, and how it differs from what the files
 * need.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_LOCK_H
#define YAWL_ORCHESTRATOR_CLI_IMAGE_PROJECT_LOCK_H

#include "common/diagnostics.h"
#include "orchestrator/cli/image/lock_file.h"
#include "orchestrator/compose/project.h"

const char *project_lock_path(const struct project *project, struct arena *arena);

/* *ret_lock is NULL when there is none. A broken one becomes an error in the diagnostics, and then
 * the call succeeds, too. -1 when it could not be read. */
MUST_CHECK int project_lock_read(const struct project *project, struct arena *arena,
                                 struct diagnostics *diagnostics, struct lock_file **ret_lock,
                                 struct error *err);

/* One image that a lock file has to name: a service's, an image volume's, the base of a build. */
struct lock_want {
    const char *reference; /* normalised */
    const char *service;
    const char *path;
    struct position at;
};

struct lock_wants {
    struct lock_want *items;
    size_t count;
};

/* Of all services of the project; so it is to be loaded with all profiles. A reference is there
 * once for each place. Images that are built are left out: their bases count. */
struct lock_wants project_lock_wants(const struct project *project, struct arena *arena,
                                     struct diagnostics *diagnostics);

/* An error for each image that the lock lacks, and for each that it has and nobody needs. `lock`
 * may be NULL. */
void project_lock_compare(const struct project *project, const struct lock_wants *wants,
                          const struct lock_file *lock, struct diagnostics *diagnostics);

#endif
