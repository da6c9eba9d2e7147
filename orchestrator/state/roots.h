/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things live on this machine: what is kept (images, volumes, logs) and what lasts until the
 * next boot (records, sockets, FIFOs). Both 0700: container roots hold setuid files with unshifted
 * owners.
 */
#ifndef YAWL_ORCHESTRATOR_STATE_ROOTS_H
#define YAWL_ORCHESTRATOR_STATE_ROOTS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct roots {
    const char *data; /* /var/lib/yawl, or $XDG_DATA_HOME/yawl */
    const char *run;  /* /run/yawl, or $XDG_RUNTIME_DIR/yawl, or /tmp/yawl-UID */
};

/* Finds and creates them. YAWL_DATA_ROOT and YAWL_RUN_ROOT override. */
MUST_CHECK int roots_find(struct arena *arena, struct roots *ret_roots, struct error *err);

/* The project's part of both. */
struct project_dir {
    const char *run_path, *data_path; /* .../projects/NAME */
    int run_fd, data_fd;
};

/* Opens a project's directories. Without `create`, *ret_dir is NULL when the project is not there.
 * Names are checked: lower-case letters, digits, '-' and '_'. */
MUST_CHECK int project_dir_open(struct arena *arena, const struct roots *roots, const char *project,
                                bool create, struct project_dir **ret_dir, struct error *err);
/* A project that has ended since has taken its directories with it: makes them again, under the
 * same descriptors. */
MUST_CHECK int project_dir_renew(const struct project_dir *dir, struct error *err);
void project_dir_close(struct project_dir *dir);
DEFINE_SCOPED(struct project_dir *, project_dir_close)

/* Removes the run directory with everything in it; the data is in the trash afterwards (trash.h).
 */
MUST_CHECK int project_dir_remove(const struct roots *roots, const char *project,
                                  struct error *err);

/* Names of all projects that have a run or data directory, sorted. */
MUST_CHECK int project_dir_list(struct arena *arena, const struct roots *roots,
                                struct string_list *ret_names, struct error *err);

#endif
