/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/own_program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/fd.h"

int own_program_protect(char **argv, struct error *err)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    struct statvfs status;
    scoped_fd int fd = -1;

    if (statvfs("/proc/self/exe", &status) == 0 && (status.f_flag & ST_RDONLY))
        return 0;
    fd = open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (fd < 0 && errno == EPERM)
        return 0;
    if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return error_sys(err, "protect our own program");
    (void)execveat(fd, "", argv, environ, AT_EMPTY_PATH);
    return error_sys(err, "run our own program from where it is protected");
}
