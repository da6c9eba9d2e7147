/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors that close themselves, and whole reads and writes on them.
 */
#ifndef YAWL_COMMON_FD_H
#define YAWL_COMMON_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/text.h"

/* Closes unless negative; errno is kept. */
void fd_close(int fd);

static inline UNUSED void fd_close_place(int *place)
{
    fd_close(*place);
}
#define scoped_fd __attribute__((cleanup(fd_close_place), unused))

/* Takes the descriptor out of a place that owns it, leaving -1. */
static inline UNUSED int steal_fd(int *place)
{
    int fd = *place;

    *place = -1;
    return fd;
}

/* Writes everything, over short writes and EINTR. Returns 0, or -1 with errno. */
MUST_CHECK int fd_write_all(int fd, const void *bytes, size_t length);

/* Reads to the end of file. More than `limit_bytes` is an error. */
MUST_CHECK int fd_read_all(int fd, size_t limit_bytes, struct text *ret_text, struct error *err);

MUST_CHECK int fd_set_nonblocking(int fd, bool nonblocking, struct error *err);

#endif
