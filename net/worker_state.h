/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that the net worker was told and what it made of it: the last word about each network,
 * instance and port, and the relays and DNS sockets behind them.
 *
 * Messages are worker_protocol.h's. They come from the supervisor, which is trusted, but their
 * sizes are checked all the same: a mistake there must not take the worker down.
 */
#ifndef YAWL_NET_WORKER_STATE_H
#define YAWL_NET_WORKER_STATE_H

#include <stdbool.h>

#include "common/loop.h"
#include "net/net_report.h"
#include "net/worker_protocol.h"

struct worker_state;

struct worker_state_options {
    struct loop *loop;
    const char *resolv_conf; /* path of the host's */
    bool drop_privileges;    /* lock the process up once the router namespace is known */
};

struct worker_state *worker_state_new(const struct worker_state_options *options);
void worker_state_free(struct worker_state *state);
DEFINE_SCOPED(struct worker_state *, worker_state_free)

/* A message with what came beside it. */
struct worker_delivery {
    const struct worker_message *message;
    const int *fds; /* taken in any case */
    size_t n_fds;
};

/* *ret_quit is set by WORKER_QUIT. A message that makes no sense is an error, and changes nothing.
 */
MUST_CHECK int worker_state_apply(struct worker_state *state,
                                  const struct worker_delivery *take_delivery, bool *ret_quit,
                                  struct error *err);

/* What there is, in the arena. */
void worker_state_report(const struct worker_state *state, struct arena *arena,
                         struct net_report *ret_report);

/* Whether the router namespace is known; nothing else is accepted before. */
bool worker_state_is_ready(const struct worker_state *state);

/* Checks texts and numbers of a message that was decoded; for worker_state_apply() and the fuzzer.
 */
MUST_CHECK int worker_message_check(const struct worker_message *message, struct error *err);

#endif
