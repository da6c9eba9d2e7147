/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void fd_close(int fd)
{
    int kept = errno;

    if (fd >= 0)
        (void)close(fd);
    errno = kept;
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t n = write(fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

int fd_read_all(int fd, size_t limit_bytes, struct text *ret_text, struct error *err)
{
    enum { CHUNK_BYTES = 16 * 1024 };

    for (;;) {
        char *place = text_reserve(ret_text, CHUNK_BYTES);
        ssize_t n = read(fd, place, CHUNK_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_sys(err, "read");
        if (n == 0)
            return 0;
        ret_text->length += (size_t)n;
        ret_text->data[ret_text->length] = '\0';
        if (ret_text->length > limit_bytes)
            return error_set(err, "larger than %zu bytes", limit_bytes);
    }
}

int fd_set_nonblocking(int fd, bool nonblocking, struct error *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return error_sys(err, "read descriptor flags");
    flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (fcntl(fd, F_SETFL, flags) < 0)
        return error_sys(err, "set descriptor flags");
    return 0;
}
