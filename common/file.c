/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

int file_read(int dir_fd, const char *name, size_t limit_bytes, struct text *ret_text,
              bool *ret_exists, struct error *err)
{
    scoped_fd int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (ret_exists)
        *ret_exists = fd >= 0;
    if (fd < 0) {
        if (ret_exists && (errno == ENOENT || errno == ENOTDIR))
            return 0;
        return error_sys(err, "open '%s'", name);
    }
    if (fd_read_all(fd, limit_bytes, ret_text, err) < 0)
        return error_wrap(err, "'%s'", name);
    return 0;
}

int file_replace(int dir_fd, const char *name, const void *bytes, size_t length, mode_t mode,
                 struct error *err)
{
    scoped_fd int fd = -1;
    char temporary[300];
    int n = snprintf(temporary, sizeof(temporary), "%s.new", name);

    if (n < 0 || (size_t)n >= sizeof(temporary))
        return error_set(err, "file name '%s' is too long", name);
    fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return error_sys(err, "create '%s'", temporary);
    if (fd_write_all(fd, bytes, length) < 0)
        return error_sys(err, "write '%s'", temporary);
    if (renameat(dir_fd, temporary, dir_fd, name) < 0)
        return error_sys(err, "rename '%s' to '%s'", temporary, name);
    return 0;
}

static bool file_has(int dir_fd, const char *name, const void *bytes, size_t length)
{
    scoped_text struct text now = {0};
    bool exists;

    return file_read(dir_fd, name, length, &now, &exists, NULL) == 0 && exists &&
           now.length == length && memcmp(text_get(&now), bytes, length) == 0;
}

int file_update(int dir_fd, const char *name, const void *bytes, size_t length, mode_t mode,
                struct error *err)
{
    scoped_fd int fd = -1;

    if (file_has(dir_fd, name, bytes, length))
        return 0;
    fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return error_sys(err, "open '%s'", name);
    if (fd_write_all(fd, bytes, length) < 0 || ftruncate(fd, (off_t)length) < 0)
        return error_sys(err, "write '%s'", name);
    return 0;
}

int file_write_existing(int dir_fd, const char *name, const char *text, struct error *err)
{
    scoped_fd int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    size_t length = strlen(text);
    ssize_t n;

    if (fd < 0)
        return error_sys(err, "open '%s'", name);
    n = write(fd, text, length);
    if (n < 0)
        return error_sys(err, "write '%s' to '%s'", text, name);
    if ((size_t)n != length)
        return error_set(err, "write '%s' to '%s': only %zd bytes were taken", text, name, n);
    return 0;
}
