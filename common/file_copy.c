/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file_copy.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

int file_copy(int source_fd, int target_fd, struct error *err)
{
    enum { CHUNK_BYTES = 16 * 1024 * 1024 };
    ssize_t n;

    do {
        n = copy_file_range(source_fd, NULL, target_fd, NULL, CHUNK_BYTES, 0);
    } while (n > 0);
    /* EXDEV, EINVAL, EOPNOTSUPP: not between these two file systems. */
    while (n != 0) {
        n = sendfile(target_fd, source_fd, NULL, CHUNK_BYTES);
        if (n < 0 && errno != EINTR)
            return error_sys(err, "copy");
    }
    return 0;
}
