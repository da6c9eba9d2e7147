/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_kill.h"

#include <signal.h>

#include "runtime/cgroup/cgroup_processes.h"
#include "runtime/cgroup/cgroup_v1.h"

enum {
    MAX_ROUNDS = 20, /* when the group cannot be frozen and forks while we signal */
};

static void process_kill(pid_t pid, void *context)
{
    (void)context;
    (void)kill(pid, SIGKILL);
}

int cgroup_kill_by_freezer(int freezer_fd, struct error *err)
{
    if (cgroup_v1_freeze(freezer_fd, true, NULL) == 0) {
        (void)cgroup_processes_visit(freezer_fd, process_kill, NULL);
        return cgroup_v1_freeze(freezer_fd, false, err);
    }
    for (int round = 0; round < MAX_ROUNDS; round++)
        if (cgroup_processes_visit(freezer_fd, process_kill, NULL) == 0)
            return 0;
    return error_set(err, "kill processes: they can neither be frozen nor do they end");
}
