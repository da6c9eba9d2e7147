/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running container of a service that a command goes into: the one with the lowest number, or
 * the one that `--index` names. Found in the records alone, without a supervisor.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_RUNNING_H
#define YAWL_ORCHESTRATOR_CLI_RUNNING_H

#include "orchestrator/cli/command.h"
#include "orchestrator/plan/plan.h"
#include "runtime/container.h"

/* Lives in the session's arena but for the directories. */
struct running {
    const char *project;
    struct project_dir *dir;
    const struct record *record;
    const struct plan_instance *made;
};

/* `index` is a number in digits, or NULL. An error when no such container runs, or when it is
 * paused. */
MUST_CHECK int running_find(struct session *session, const char *service, const char *index,
                            struct running *ret_running, struct error *err);
/* Of a struct running that has at least `record` and `made`. *ret_container is NULL when the
 * container has ended meanwhile. */
MUST_CHECK int running_adopt(const struct running *running, struct arena *arena,
                             struct container **ret_container, struct error *err);
void running_done(struct running *running);

#endif
