/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/process.h"
#include "common/text.h"

enum { TAKE_TRIES = 16 };

static int data_root_open(const struct roots *roots, int *ret_fd, struct error *err)
{
    *ret_fd = open(roots->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? error_sys(err, "open '%s'", roots->data) : 0;
}

int trash_take(const struct roots *roots, int dir_fd, const char *name, struct error *err)
{
    scoped_fd int root_fd = -1;
    char place[400];

    if (data_root_open(roots, &root_fd, err) < 0)
        return -1;
    (void)snprintf(place, sizeof(place), "trash/%s.%d.%llu", path_base_name(name), (int)getpid(),
                   (unsigned long long)clock_realtime_ns());
    /* Somebody else may just have emptied it. */
    for (int tries = 0; tries < TAKE_TRIES; tries++) {
        if (mkdirat(root_fd, "trash", 0700) < 0 && errno != EEXIST)
            return error_sys(err, "create 'trash'");
        if (renameat(dir_fd, name, root_fd, place) == 0 ||
            (errno == ENOENT && faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0))
            return 0;
        if (errno != ENOENT)
            break;
    }
    return error_sys(err, "move '%s' to the trash", name);
}

int trash_empty(const struct roots *roots, struct error *err)
{
    scoped_fd int root_fd = -1;

    if (data_root_open(roots, &root_fd, err) < 0)
        return -1;
    return path_remove_tree(root_fd, "trash", err);
}
