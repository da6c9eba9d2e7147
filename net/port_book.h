/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which host port each instance's published ports have, "ports.json" in the project's run
 * directory.
 *
 * The sockets themselves are with the worker client and with the worker. The file tells a new
 * supervisor the port that an ephemeral publication had, and the sockets (by inode) that a living
 * worker still holds, so that it takes them back instead of finding its own port busy.
 */
#ifndef YAWL_NET_PORT_BOOK_H
#define YAWL_NET_PORT_BOOK_H

#include "common/cleanup.h"
#include "common/error.h"
#include "net/port.h"

struct port_book;

/* dir_fd is borrowed. */
MUST_CHECK int port_book_open(int dir_fd, struct port_book **ret_book, struct error *err);
void port_book_free(struct port_book *book);
DEFINE_SCOPED(struct port_book *, port_book_free)

/* The host port that this process reserved for it, or 0. */
int port_book_find(const struct port_book *book, const char *instance,
                   const struct port_spec *spec);

/* Binds, or takes back what an earlier supervisor bound. The descriptors are the caller's. */
MUST_CHECK int port_book_reserve(struct port_book *book, const char *instance,
                                 const struct port_spec *spec, struct port_binding *ret_binding,
                                 struct error *err);

/* What one instance has reserved is another's from now on; the sockets stay what they are. */
MUST_CHECK int port_book_move(struct port_book *book, const char *from, const char *to,
                              const struct port_spec *spec, struct error *err);

/* Forgets the instance's ports; each one's key is told first. The number of an ephemeral port is
 * remembered. */
MUST_CHECK int port_book_release(struct port_book *book, const char *instance,
                                 void (*released)(void *owner, const char *key), void *owner,
                                 struct error *err);

#endif
