/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file_copy.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "common/fd.h"

enum { CHUNK_BYTES = 16 * 1024 * 1024, BUFFER_BYTES = 64 * 1024 };

/* The bytes themselves, where the kernel knows no shorter way. */
static int copy_by_hand(int source_fd, int target_fd, struct error *err)
{
    char bytes[BUFFER_BYTES];
    ssize_t n;

    while ((n = read(source_fd, bytes, sizeof(bytes))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || fd_write_all(target_fd, bytes, (size_t)n) < 0)
            return error_sys(err, "copy");
    }
    return 0;
}

int file_copy(int source_fd, int target_fd, struct error *err)
{
    ssize_t n;

    do {
        n = copy_file_range(source_fd, NULL, target_fd, NULL, CHUNK_BYTES, 0);
    } while (n > 0);
    /* EXDEV, EINVAL, EOPNOTSUPP: not between these two file systems. */
    while (n != 0) {
        n = sendfile(target_fd, source_fd, NULL, CHUNK_BYTES);
        if (n < 0 && errno == EINVAL) /* not from a pipe, a socket or a terminal */
            return copy_by_hand(source_fd, target_fd, err);
        if (n < 0 && errno != EINTR)
            return error_sys(err, "copy");
    }
    return 0;
}
