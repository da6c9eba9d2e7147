/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of a published port: sockets that are bound but do not listen yet, so that
 * clients are refused until the service is there, and nobody else gets the port.
 */
#ifndef YAWL_NET_PORT_H
#define YAWL_NET_PORT_H

#include <stddef.h>

#include "common/error.h"
#include "net/network_spec.h"

/* One or two sockets on the same port: IPv4, IPv6. Plain data; the descriptors belong to whoever
 * holds it. */
struct port_binding {
    int fds[2];
    size_t n_fds;
    int host_port;
};
void port_binding_done(struct port_binding *binding);
#define scoped_binding __attribute__((cleanup(port_binding_done), unused))

/* Binds the first free port of the specification's in the calling thread's network namespace.
 * preferred: an ephemeral port or one of a range to try first, or 0. The error names the holder:
 * "port 5432 is held by 'postgres' (pid 812)". */
MUST_CHECK int port_bind(const struct port_spec *spec, int preferred,
                         struct port_binding *ret_binding, struct error *err);

/* The port that the socket is bound to, or 0. */
int port_of_socket(int fd);

/* The binding's name among all of the host: "tcp:127.0.0.1:8080", "udp:*:53". */
char *port_key(struct arena *arena, const struct port_spec *spec, int host_port);

#endif
