/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All published ports of the project, by key.
 */
#ifndef YAWL_NET_RELAY_PUBLISHED_PORTS_H
#define YAWL_NET_RELAY_PUBLISHED_PORTS_H

#include <stdbool.h>

#include "net/net_report.h"
#include "net/relay/relay_engine.h"

struct published_ports;

/* One port as the supervisor wants it. */
struct published_port {
    const char *key;
    const char *instance;
    struct inet_address
        target; /* 0.0.0.0: not known yet; the port stays closed, or keeps the one it has */
    bool udp, open;
    const int
        *take_fds; /* bound host sockets, taken in any case; none: keep those that are there */
    size_t n_fds;
};

struct published_ports *published_ports_new(struct relay_engine *engine);
void published_ports_free(struct published_ports *ports);
DEFINE_SCOPED(struct published_ports *, published_ports_free)

/* Adds or changes. Fails at the limit, and when a new port comes without sockets. */
MUST_CHECK int published_ports_set(struct published_ports *ports, const struct published_port *port,
                                   struct error *err);
void published_ports_remove(struct published_ports *ports, const char *key);
void published_ports_mark(struct published_ports *ports);
void published_ports_sweep(struct published_ports *ports);

/* The container of an instance: the socket to probe it with (borrowed), or -1 when it is gone.
 * Unless it is the same container as before, whatever is under way to it is reset. */
void published_ports_set_container(struct published_ports *ports, const char *instance, int diag_fd,
                                   bool same);

/* The container of this address is gone: resets what is under way to it by ports that have been
 * handed over to others. */
void published_ports_abort(struct published_ports *ports, const struct inet_address *container);

/* Puts the ports into the report, in its arena. */
void published_ports_report(const struct published_ports *ports, struct arena *arena,
                            struct net_report *report);

/* Whether one of the project's own ports is what an outbound flow to this address of the host asks
 * for. */
bool published_ports_include(const struct published_ports *ports, bool udp,
                             const struct inet_address *address);

#endif
