/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that the worker uses inside a container's namespace: the name server's two on
 * 127.0.0.11:53, and one that tells which of the container's ports are listening.
 *
 * Where the container itself serves names, its socket on all addresses and ours exclude each other:
 * ours are on another port then, and what is sent to 127.0.0.11:53 is led there by a rule in the
 * container's namespace.
 *
 * Who asks is known by the socket that was asked, not by an address that can be forged.
 */
#ifndef YAWL_NET_NAME_SOCKETS_H
#define YAWL_NET_NAME_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum { NAME_SOCKET_UDP, NAME_SOCKET_TCP, NAME_SOCKET_DIAG, NAME_SOCKETS };

/* Where they are. */
struct name_place {
    int netns_fd;
    bool aside; /* the container listens on port 53 itself, perhaps of all addresses */
};

/* Opens all three, or none: *ret_count is 0 when 127.0.0.11:53 is taken, as it is while a worker
 * that outlived its supervisor holds them. lo need not be up. The descriptors are the caller's. */
MUST_CHECK int name_sockets_open(const struct name_place *place, int ret_fds[NAME_SOCKETS],
                                 size_t *ret_count, struct error *err);

#endif
