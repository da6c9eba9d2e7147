/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether somebody in a container listens on a TCP port, asked by sock_diag(7) through a socket
 * that was created in the container's namespace. About ten microseconds; nothing is sent to the
 * container.
 */
#ifndef YAWL_NET_RELAY_LISTEN_PROBE_H
#define YAWL_NET_RELAY_LISTEN_PROBE_H

#include <stdbool.h>

#include "common/error.h"
#include "net/inet_address.h"

/*
 * Counts a listener on the target's address or on the wildcard of either family, as long as it
 * takes IPv4; one on 127.0.0.1 alone cannot be reached from outside and does not count.
 */
MUST_CHECK int listen_probe(int diag_fd, const struct inet_address *target, bool *ret_listens,
                            struct error *err);

#endif
