/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing a descriptor to a program that listens at a unix stream socket for one.
 */
#ifndef YAWL_COMMON_FD_GIFT_H
#define YAWL_COMMON_FD_GIFT_H

#include <stddef.h>

#include "common/error.h"

/* Connects to the socket at `path` and sends the text with the descriptor, which stays the
 * caller's. */
MUST_CHECK int fd_gift_send(const char *path, const char *text, size_t length, int fd,
                            struct error *err);

#endif
