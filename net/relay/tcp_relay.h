/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TCP connection carried between two sockets by splice(2): half-close, reset and back-pressure
 * of either side reach the other. Relays live in a set, which their maker owns.
 */
#ifndef YAWL_NET_RELAY_TCP_RELAY_H
#define YAWL_NET_RELAY_TCP_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "net/inet_address.h"
#include "net/relay/relay_engine.h"

struct tcp_relay;

struct tcp_relay_set {
    struct tcp_relay *first;
    size_t count;
    /* The target of one could not be reached; may be NULL. Must not touch the set's relays. */
    void (*unreachable)(void *owner);
    void *owner;
};

/*
 * `target_fd` is connecting (or connected); bytes flow once it is. `inner_is_target` says which of
 * the two lives in the router namespace, where it talks to `container`. The relay frees itself when
 * both directions have ended or either side failed; then the other is reset too.
 */
struct tcp_relay_ends {
    int client_fd, target_fd;
    bool inner_is_target;
    struct inet_address container;
};

void tcp_relay_start(struct relay_engine *engine, struct tcp_relay_set *set,
                     struct tcp_relay_ends take_ends);

/* Resets every relay from or to the container of this address; NULL: all of them. */
void tcp_relay_set_abort(struct tcp_relay_set *set, const struct inet_address *address);

#endif
