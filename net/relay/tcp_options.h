/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every relayed TCP socket is set to. Accepted sockets inherit it from their listener.
 */
#ifndef YAWL_NET_RELAY_TCP_OPTIONS_H
#define YAWL_NET_RELAY_TCP_OPTIONS_H

#include <stdbool.h>

/* No Nagle delay, since bytes that arrive together are passed on together; keep-alive, so that a
 * peer which vanished does not hold its relay for ever. */
void tcp_options_set(int fd);

/* Closing sends a reset (SO_LINGER 0). Sockets in the router namespace start out so: an orphan that
 * waits for a dead container's acknowledgement would keep the namespace alive for half a minute. */
void tcp_options_set_abortive(int fd);

/* Neither side owes the other anything any more: close() sends nothing. */
bool tcp_options_is_closed(int fd);

#endif
