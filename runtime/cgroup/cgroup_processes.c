/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/text.h"

enum { LIMIT_PROCS_BYTES = 4 * 1024 * 1024, MAX_NESTING = 64 };

struct visitor {
    void (*visit)(pid_t pid, void *context);
    void *context;
    size_t count;
};

static void group_visit(struct visitor *visitor, int dir_fd)
{
    scoped_text struct text pids = {0};
    const char *line;
    char *rest;

    if (file_read(dir_fd, "cgroup.procs", LIMIT_PROCS_BYTES, &pids, NULL, NULL) < 0)
        return;
    rest = pids.data;
    while ((line = strsep(&rest, "\n"))) {
        long pid = strtol(line, NULL, 10);

        /* 0 stands for a process outside our pid namespace, and means ourselves elsewhere. */
        if (pid <= 0)
            continue;
        visitor->visit((pid_t)pid, visitor->context);
        visitor->count++;
    }
}

static void tree_visit(struct visitor *visitor, int dir_fd, unsigned nesting)
{
    int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);
    const struct dirent *entry;

    group_visit(visitor, dir_fd);
    if (!dir) {
        fd_close(own_fd);
        return;
    }
    while (nesting < MAX_NESTING && (entry = readdir(dir))) {
        scoped_fd int child_fd = -1;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        child_fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child_fd >= 0)
            tree_visit(visitor, child_fd, nesting + 1);
    }
    (void)closedir(dir);
}

size_t cgroup_processes_visit(int dir_fd, void (*visit)(pid_t pid, void *context), void *context)
{
    struct visitor visitor = {.visit = visit, .context = context};

    tree_visit(&visitor, dir_fd, 0);
    return visitor.count;
}
