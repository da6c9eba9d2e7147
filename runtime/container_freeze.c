/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container without a control group is stopped by signals: SIGSTOP comes through to process 1 of
 * a PID namespace when it is sent from outside. Processes that are being forked are caught in the
 * next round, until a round has met nobody who runs.
 */
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "common/mount_namespace.h"
#include "common/process.h"
#include "runtime/container_options.h"

enum { ROUNDS = 200, PAUSE_NS = 5 * 1000 * 1000 };

struct stopping {
    bool frozen;
    size_t others; /* who were found as they are not to be */
};

static void stop_or_continue(pid_t pid, void *context)
{
    struct stopping *stopping = context;
    char state = process_state(pid);

    /* What has ended needs nothing more. */
    if (state == '\0' || state == 'Z' || state == 'X' || (state == 'T') == stopping->frozen)
        return;
    stopping->others++;
    (void)kill(pid, stopping->frozen ? SIGSTOP : SIGCONT);
}

static int freeze_by_signals(const struct container *container, bool frozen, struct error *err)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (int round = 0; round < ROUNDS; round++) {
        struct stopping stopping = {.frozen = frozen};

        if (mount_namespace_visit(container->pid, stop_or_continue, &stopping) == 0)
            return error_set(err, "it has neither a control group nor processes of its own");
        if (stopping.others == 0)
            return 0;
        (void)nanosleep(&pause, NULL);
    }
    return error_set(err, "its processes do not %s", frozen ? "stop" : "go on");
}

int container_freeze(struct container *container, bool frozen, struct error *err)
{
    const char *what = frozen ? "freeze" : "thaw";

    if (!container->cgroup)
        return error_set(err, "%s container: it has no control group", what);
    if (cgroup_can_freeze(container->cgroup))
        return cgroup_freeze(container->cgroup, frozen, err);
    if (freeze_by_signals(container, frozen, err) < 0)
        return error_wrap(err, "%s container", what);
    return 0;
}
