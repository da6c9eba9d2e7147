/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of `develop.watch`, decoded: what is to be done when files change. Borrows from the
 * project's nodes.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_WATCH_H
#define YAWL_ORCHESTRATOR_COMPOSE_WATCH_H

#include <stdbool.h>

#include "orchestrator/compose/value.h"

struct watch_rule {
    const char *path;                         /* of a file or directory, absolute */
    const char *target;                       /* where it is in the container; NULL: nowhere */
    bool syncs, restarts, rebuilds, executes; /* what its action is made of */
    bool initial_sync;
    struct string_list include, ignore; /* patterns relative to the path; `include` empty: all */
    struct hook exec;                   /* with `executes` */
    struct position at;
};

#endif
