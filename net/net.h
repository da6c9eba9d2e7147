/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's network, as the supervisor holds it: the router namespace, the endpoints of its
 * containers, and the conversation with the net worker that relays ports, carries outbound flows
 * and answers DNS.
 *
 * All calls are idempotent, keyed by name, so that a new supervisor repeats them for what it
 * adopted: what exists is kept (addresses, listening sockets, live connections), what is missing is
 * made. Nothing in the host's network namespace but ordinary sockets. Nothing here waits for the
 * network or for the worker.
 */
#ifndef YAWL_NET_NET_H
#define YAWL_NET_NET_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "net/network_spec.h"

struct net;

struct net_options {
    const char *project;
    int run_dir_fd;      /* /run/yawl/projects/PROJECT: worker socket "net.sock"; borrowed */
    int state_dir_fd;    /* /var/lib/yawl/projects/PROJECT: "addresses.json", sticky; borrowed */
    int router_netns_fd; /* of an earlier supervisor, or -1; taken over */
    int uplink_fd;       /* likewise: net_uplink_fd() */
    const char *data_root, *run_root; /* for networks that projects share; NULL: there are none */
};

/* Opens the project's network: makes or takes over the router namespace. The worker is connected
 * lazily. */
MUST_CHECK int net_open(const struct net_options *options, struct net **ret_net, struct error *err);
/* Closes the handle; the router namespace lives on with whoever else holds it. */
void net_free(struct net *net);
DEFINE_SCOPED(struct net *, net_free)

/* For parking in the keeper. Borrowed. */
int net_router_fd(const struct net *net);
/* That too, which the rules of x-uplink belong to; -1 until there are any, then always the same. */
int net_uplink_fd(const struct net *net);

/* A bridge with its address in the router namespace. One that has another definition gives way when
 * no instance is attached to it; else that is an error with EBUSY. */
MUST_CHECK int net_add_network(struct net *net, const struct network_spec *spec, struct error *err);

/* Whether the network exists with another definition. Fails when the new one cannot be. */
MUST_CHECK int net_network_differs(struct net *net, const struct network_spec *spec,
                                   bool *ret_differs, struct error *err);

/* Lets other projects use a network of the project's own, which exists, as "PROJECT_NETWORK"; spec
 * as it was added. It stays so, whoever adds it again. */
MUST_CHECK int net_share(struct net *net, const struct network_spec *spec, struct error *err);

/* The addresses of (network, instance), IPv4 before IPv6, the same ones every time. In the arena of
 * the caller. */
MUST_CHECK int net_addresses_of(struct net *net, const char *instance,
                                const struct endpoint_spec *spec, struct arena *arena,
                                struct string_list *ret_addresses, struct error *err);
/* Keeps the addresses that were chosen since the last time, with one write; net_attach() has
 * nothing to write then. */
MUST_CHECK int net_save_addresses(struct net *net, struct error *err);
const char *net_gateway_of(struct net *net, const char *network);

/* Furnishes a container's fresh network namespace: lo, one interface per endpoint (eth0, ...),
 * addresses, default route, sysctls, DNS sockets on 127.0.0.11. With n == 0: lo only. Called again
 * for an adopted container it repairs what is missing. */
MUST_CHECK int net_attach(struct net *net, const char *instance, int netns_fd,
                          const struct endpoint_spec *endpoints, size_t n_endpoints,
                          struct error *err);

/* The container is gone: its DNS sockets and its namespace are let go. */
void net_detach(struct net *net, const char *instance);

/* Of an attached instance; an attach begins with the host's name servers and without access to the
 * host. */
void net_set_view(struct net *net, const char *instance, const struct view_spec *view);

/* Whether the instance's names resolve, and in which rank: healthy ones are answered first. */
enum name_rank { NAME_HIDDEN, NAME_STARTING, NAME_READY };
void net_set_rank(struct net *net, const char *instance, enum name_rank rank);

/* Names that are declared in the project but may have no running instance: answered locally
 * (NXDOMAIN), never forwarded. Replaces the earlier list. */
void net_declare_names(struct net *net, struct string_list names);

/* Binds the host side, without listening. The conflict message names who holds the port.
 * *ret_host_port is the port that was bound. Keeps a reservation that exists. */
MUST_CHECK int net_port_reserve(struct net *net, const char *instance, const struct port_spec *port,
                                uint16_t *ret_host_port, struct error *err);
/* While a target is set, the worker listens as soon as the container does, and relays. */
MUST_CHECK int net_port_open(struct net *net, const char *instance, const struct port_spec *port,
                             struct error *err);
/* The reservation becomes another instance's; where it leads to changes when that opens it. */
MUST_CHECK int net_port_move(struct net *net, const char *from, const char *to,
                             const struct port_spec *port, struct error *err);
bool net_port_is_reserved(const struct net *net, const char *instance,
                          const struct port_spec *port);
/* Refused again, still reserved. */
void net_port_close(struct net *net, const char *instance, const struct port_spec *port);
void net_port_release(struct net *net, const char *instance);

/* Sends pending state to the worker, connecting (again) when needed and then telling it everything
 * afresh. Called from the supervisor's pass; *ret_retry_ms is 0 when all is delivered, else when to
 * call again. */
MUST_CHECK int net_flush(struct net *net, uint64_t now_ms, uint64_t *ret_retry_ms,
                         struct error *err);

/* Asks the worker to say when it has applied all that net_flush() has sent. False: that has not
 * sent everything yet. *ret_fd is readable then, also when the worker ends; the caller's; -1 when
 * there is no worker, and nobody is answered by it. */
bool net_fence(struct net *net, int *ret_fd);

/* Readable when the worker is gone, which is time for net_flush(); watch it again after each flush,
 * since it changes. -1 while there is no connection. Borrowed. */
int net_worker_fd(const struct net *net);

/* Readable when something happens on networks that are shared with other projects, which is time
 * for net_flush() too. -1 when nothing can be shared. Borrowed. */
int net_shared_fd(const struct net *net);

/* For preflight, without a net: fails when the port cannot be bound, naming the holder (pid,
 * command). */
MUST_CHECK int net_port_check(const struct port_spec *port, struct error *err);

/* Tells the worker to end (waiting a quarter of a second at most when it does not listen) and
 * closes everything. For down. */
void net_destroy(struct net *take_net);

#endif
