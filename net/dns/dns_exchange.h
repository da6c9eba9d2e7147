/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to one name server over one socket of its own, so that the port is as hard to guess
 * as the id.
 */
#ifndef YAWL_NET_DNS_DNS_EXCHANGE_H
#define YAWL_NET_DNS_DNS_EXCHANGE_H

#include <stdbool.h>

#include "common/loop.h"
#include "net/dns/dns_answer.h"

struct dns_exchange;

struct dns_exchange_options {
    int take_fd; /* non-blocking, connected (UDP) or connecting (TCP) */
    bool tcp;
    const struct dns_buffer *query; /* sent under a new id; copied */
    uint64_t timeout_ms;
    /* Called once, never from within dns_exchange_new(). `reply` carries the asker's id again;
     * NULL: the server refused or was silent. The owner frees the exchange, in the callback or
     * later. */
    void (*done)(void *owner, const struct dns_buffer *reply);
    void *owner;
};

/* The query must decode with one question. */
struct dns_exchange *dns_exchange_new(struct loop *loop,
                                      const struct dns_exchange_options *options);
void dns_exchange_free(struct dns_exchange *exchange);
DEFINE_SCOPED(struct dns_exchange *, dns_exchange_free)

#endif
