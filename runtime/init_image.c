/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/init_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "runtime/init/init_bytes.h"
#include "runtime/kernel.h"

int init_image_open(int *ret_fd, struct error *err)
{
    const unsigned seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    scoped_fd int fd = memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
        fd = memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || fd_write_all(fd, init_bytes, sizeof(init_bytes)) < 0 || fchmod(fd, 0555) < 0 ||
        fcntl(fd, F_ADD_SEALS, seals) < 0)
        return error_sys(err, "prepare the init program");
    *ret_fd = steal_fd(&fd);
    return 0;
}
