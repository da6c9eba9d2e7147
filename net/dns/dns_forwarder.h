/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks name servers for what is not the project's, from the host's namespace, so that a stub on
 * 127.0.0.53 works. Servers are tried in order, the silent ones of late last; nothing is cached.
 */
#ifndef YAWL_NET_DNS_DNS_FORWARDER_H
#define YAWL_NET_DNS_DNS_FORWARDER_H

#include "common/loop.h"
#include "net/dns/dns_answer.h"
#include "net/dns/resolv_conf.h"
#include "net/relay/relay_engine.h"

struct dns_forwarder;

struct dns_forwarder_options {
    struct loop *loop;
    const char *resolv_conf; /* path of the host's */
    struct relay_engine
        *engine;     /* reaches servers that are containers of the project; may be NULL */
    uint64_t try_ms; /* patience with one server; 0: NET_DNS_TRY_MS */
    void (*search_changed)(void *owner,
                           struct string_list domains); /* also called at once; or NULL */
    void *owner;
};

struct dns_forwarder *dns_forwarder_new(const struct dns_forwarder_options *options);
/* Every ask must have ended or been freed before. */
void dns_forwarder_free(struct dns_forwarder *forwarder);
DEFINE_SCOPED(struct dns_forwarder *, dns_forwarder_free)

struct dns_ask;

struct dns_ask_options {
    const struct dns_buffer *query;     /* decodes with one question; copied */
    const struct inet_address *servers; /* instead of the host's, when n_servers > 0; copied */
    size_t n_servers;
    bool tcp;
    /* Called once unless the ask is freed before, never from within dns_ask_new(); `reply` is NULL
     * when no server answered. The owner frees the ask, in the callback or later. */
    void (*done)(void *owner, const struct dns_buffer *reply);
    void *owner;
};

struct dns_ask *dns_ask_new(struct dns_forwarder *forwarder, const struct dns_ask_options *options);
void dns_ask_free(struct dns_ask *ask);
DEFINE_SCOPED(struct dns_ask *, dns_ask_free)

#endif
