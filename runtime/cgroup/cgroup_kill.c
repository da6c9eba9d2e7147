/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_kill.h"

#include <fcntl.h>
#include <signal.h>

#include "common/file.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_layout.h"
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

void cgroup_thaw_process(pid_t pid)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text mountinfo = {0}, groups = {0};
    struct cgroup_layout layout = {0};
    const struct cgroup_place *freezer = &layout.v1[CONTROLLER_FREEZER];

    if (file_read(AT_FDCWD, "/proc/self/mountinfo", LIMIT_PROC_BYTES, &mountinfo, NULL, NULL) < 0 ||
        file_read(AT_FDCWD, arena_printf(arena, "/proc/%d/cgroup", (int)pid), LIMIT_PROC_BYTES,
                  &groups, NULL, NULL) < 0)
        return;
    cgroup_layout_parse(arena, mountinfo.data, groups.data, &layout);
    if (freezer->mount)
        (void)!file_write_existing(AT_FDCWD,
                                   arena_printf(arena, "%s%s/freezer.state", freezer->mount,
                                                freezer->own ? freezer->own : ""),
                                   "THAWED", NULL);
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
