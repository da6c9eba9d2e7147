/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message with descriptors over a SOCK_SEQPACKET unix socket (SCM_RIGHTS, unix(7)).
 *
 * A message is at most FD_MESSAGE_MAX_BYTES long and carries at most FD_MESSAGE_MAX_FDS
 * descriptors.
 */
#ifndef YAWL_COMMON_FD_MESSAGE_H
#define YAWL_COMMON_FD_MESSAGE_H

#include "common/error.h"
#include "common/text.h"

enum { FD_MESSAGE_MAX_BYTES = 192 * 1024, FD_MESSAGE_MAX_FDS = 64 };

/* Sends text and descriptors, which stay the caller's. Blocks unless the socket is non-blocking. */
MUST_CHECK int fd_message_send(int socket_fd, const void *bytes, size_t length, const int *fds,
                               size_t n_fds, struct error *err);

enum fd_message_result {
    FD_MESSAGE_GOT,   /* *ret_text is filled, *ret_n_fds descriptors are the caller's, close-on-exec
                       */
    FD_MESSAGE_NONE,  /* nothing waits (non-blocking socket) */
    FD_MESSAGE_CLOSED /* the peer is gone */
};

/* Receives one message. Returns -1 on error or when the message was cut; no descriptor leaks then.
 */
MUST_CHECK int fd_message_receive(int socket_fd, struct text *ret_text,
                                  int ret_fds[FD_MESSAGE_MAX_FDS], size_t *ret_n_fds,
                                  enum fd_message_result *ret_result, struct error *err);

/* Listens at `name` below the directory; mode 0600. An old socket file there is replaced. */
MUST_CHECK int fd_message_listen(int dir_fd, const char *name, int *ret_fd, struct error *err);

/* Connects; *ret_fd is -1 when nobody listens there (no error). */
MUST_CHECK int fd_message_connect(int dir_fd, const char *name, int *ret_fd, struct error *err);

#endif
