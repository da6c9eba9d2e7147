/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/path.h"

struct cgroup *cgroup_new(void)
{
    struct cgroup *cgroup = memory_new(struct cgroup);

    cgroup->v2_fd = -1;
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        cgroup->v1_fds[i] = -1;
    return cgroup;
}

void cgroup_free(struct cgroup *cgroup)
{
    if (!cgroup)
        return;
    fd_close(cgroup->v2_fd);
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        fd_close(cgroup->v1_fds[i]);
    free(cgroup);
}

int cgroup_clone_fd(const struct cgroup *cgroup)
{
    return cgroup->v2_fd;
}

/* The same part where the hierarchy has no such group below it. */
static int open_part(int part_fd, const char *path, int *ret_fd, bool *found, struct error *err)
{
    if (part_fd < 0)
        return 0;
    *ret_fd = path_open_beneath(part_fd, path, O_RDONLY | O_DIRECTORY, 0);
    *found = *found || *ret_fd >= 0;
    if (*ret_fd < 0 && errno == ENOENT)
        *ret_fd = fcntl(part_fd, F_DUPFD_CLOEXEC, 3);
    return *ret_fd < 0 ? error_sys(err, "open control group '%s' of the container", path) : 0;
}

int cgroup_open_below(const struct cgroup *cgroup, const char *path, struct cgroup **ret_cgroup,
                      struct error *err)
{
    scoped(cgroup_free) struct cgroup *below = cgroup_new();
    bool found = false;

    path += *path == '/';
    if (!*path)
        path = ".";
    if (open_part(cgroup->v2_fd, path, &below->v2_fd, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < CONTROLLER_COUNT; i++)
        if (open_part(cgroup->v1_fds[i], path, &below->v1_fds[i], &found, err) < 0)
            return -1;
    if (!found)
        return error_set(err, "the container has no control group '%s'", path);
    *ret_cgroup = steal(below);
    return 0;
}
