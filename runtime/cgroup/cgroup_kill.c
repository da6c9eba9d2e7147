/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_kill.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"
#include "runtime/cgroup/cgroup_v1.h"

enum {
    LIMIT_PROCS_BYTES = 4 * 1024 * 1024,
    MAX_NESTING = 64,
    MAX_ROUNDS = 20, /* when the group cannot be frozen and forks while we signal */
};

/* Signals every process of one group. Returns how many there were. */
static size_t signal_group(int dir_fd)
{
    scoped_text struct text pids = {0};
    size_t count = 0;
    const char *line;
    char *rest;

    if (file_read(dir_fd, "cgroup.procs", LIMIT_PROCS_BYTES, &pids, NULL, NULL) < 0)
        return 0;
    rest = pids.data;
    while ((line = strsep(&rest, "\n"))) {
        long pid = strtol(line, NULL, 10);

        /* 0 stands for a process outside our pid namespace, and would signal ourselves. */
        if (pid <= 0)
            continue;
        (void)kill((pid_t)pid, SIGKILL);
        count++;
    }
    return count;
}

static size_t signal_tree(int dir_fd, unsigned nesting)
{
    size_t count = signal_group(dir_fd);
    int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    const struct dirent *entry;

    if (!dir) {
        fd_close(own_fd);
        return count;
    }
    while (nesting < MAX_NESTING && (entry = readdir(dir))) {
        scoped_fd int child_fd = -1;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        child_fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child_fd >= 0)
            count += signal_tree(child_fd, nesting + 1);
    }
    (void)closedir(dir);
    return count;
}

int cgroup_kill_by_freezer(int freezer_fd, struct error *err)
{
    if (cgroup_v1_freeze(freezer_fd, true, NULL) == 0) {
        (void)signal_tree(freezer_fd, 0);
        return cgroup_v1_freeze(freezer_fd, false, err);
    }
    for (int round = 0; round < MAX_ROUNDS; round++)
        if (signal_tree(freezer_fd, 0) == 0)
            return 0;
    return error_set(err, "kill processes: they can neither be frozen nor do they end");
}
