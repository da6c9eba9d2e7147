/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_forwarder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "net/dns/dns_exchange.h"
#include "net/dns/host_resolver.h"

enum { MAX_SILENT = 32 };

/* A server that did not answer lately. */
struct silent_server {
    struct inet_address address;
    uint64_t until_ms;
};

struct dns_forwarder {
    struct dns_forwarder_options options;
    struct host_resolver *host;
    struct silent_server silent[MAX_SILENT];
    size_t next_silent; /* the place that is overwritten next */
};

struct dns_ask {
    struct dns_forwarder *forwarder;
    struct dns_ask_options options;
    struct dns_buffer query;
    struct inet_address servers[NET_LIMIT_NAME_SERVERS];
    size_t n_servers, next;
    struct dns_exchange *exchange;
    struct timer *soon; /* calls back when no server could even be tried */
};

static void forwarder_tell_search(void *owner)
{
    struct dns_forwarder *forwarder = owner;

    if (forwarder->options.search_changed)
        forwarder->options.search_changed(forwarder->options.owner,
                                          host_resolver_conf(forwarder->host)->search);
}

struct dns_forwarder *dns_forwarder_new(const struct dns_forwarder_options *options)
{
    struct dns_forwarder *forwarder = memory_new(struct dns_forwarder);

    forwarder->options = *options;
    if (forwarder->options.try_ms == 0)
        forwarder->options.try_ms = NET_DNS_TRY_MS;
    forwarder->host =
        host_resolver_new(options->loop, options->resolv_conf, forwarder_tell_search, forwarder);
    forwarder_tell_search(forwarder);
    return forwarder;
}

void dns_forwarder_free(struct dns_forwarder *forwarder)
{
    if (!forwarder)
        return;
    host_resolver_free(forwarder->host);
    free(forwarder);
}

static struct silent_server *forwarder_silent(struct dns_forwarder *forwarder,
                                              const struct inet_address *server)
{
    for (size_t i = 0; i < MAX_SILENT; i++)
        if (inet_address_equal(&forwarder->silent[i].address, server))
            return &forwarder->silent[i];
    return NULL;
}

static void forwarder_note_silent(struct dns_forwarder *forwarder,
                                  const struct inet_address *server)
{
    struct silent_server *entry = forwarder_silent(forwarder, server);

    if (!entry) {
        entry = &forwarder->silent[forwarder->next_silent];
        forwarder->next_silent = (forwarder->next_silent + 1) % MAX_SILENT;
    }
    entry->address = *server;
    entry->until_ms = loop_now_ms(forwarder->options.loop) + NET_DNS_DEAD_MS;
}

static void forwarder_note_alive(struct dns_forwarder *forwarder, const struct inet_address *server)
{
    struct silent_server *entry = forwarder_silent(forwarder, server);

    if (entry)
        entry->until_ms = 0;
}

/* A socket of the host's namespace, or of the router's when the server is one of the project's
 * containers. */
static int server_socket(const struct dns_forwarder *forwarder, const struct inet_address *server,
                         int type)
{
    struct relay_engine *engine = forwarder->options.engine;
    scoped_fd int fd = -1;

    if (engine && network_table_of(engine->networks, server))
        fd = relay_engine_socket(engine, server->any.sa_family, type);
    else
        fd = socket(server->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, &server->any, inet_address_length(server)) < 0 && errno != EINPROGRESS)
        return -1;
    return steal_fd(&fd);
}

static void ask_exchanged(void *owner, const struct dns_buffer *reply);

/* Turns to the next server. False when there is none left. */
static bool ask_try_next(struct dns_ask *ask)
{
    while (ask->next < ask->n_servers) {
        const struct inet_address *server = &ask->servers[ask->next++];
        int fd = server_socket(ask->forwarder, server, ask->options.tcp ? SOCK_STREAM : SOCK_DGRAM);

        if (fd >= 0) {
            struct dns_exchange_options options = {.take_fd = fd,
                                                   .tcp = ask->options.tcp,
                                                   .query = &ask->query,
                                                   .timeout_ms = ask->forwarder->options.try_ms,
                                                   .done = ask_exchanged,
                                                   .owner = ask};

            ask->exchange = dns_exchange_new(ask->forwarder->options.loop, &options);
            return true;
        }
    }
    return false;
}

/* A server that says it cannot (SERVFAIL, NOTIMP, REFUSED) is no better than a silent one while
 * there are others. */
static bool is_helpless(const struct dns_buffer *reply)
{
    struct dns_message message;

    return dns_message_decode(&message, reply->bytes, reply->length, NULL) < 0 ||
           message.rcode == DNS_SERVFAIL || message.rcode == DNS_NOTIMP ||
           message.rcode == DNS_REFUSED;
}

static void ask_exchanged(void *owner, const struct dns_buffer *reply)
{
    struct dns_ask *ask = owner;
    const struct inet_address *server = &ask->servers[ask->next - 1];
    struct dns_exchange *exchange = steal(ask->exchange);

    if (reply)
        forwarder_note_alive(ask->forwarder, server);
    else
        forwarder_note_silent(ask->forwarder, server);
    if ((!reply || is_helpless(reply)) && ask_try_next(ask)) {
        dns_exchange_free(exchange);
        return;
    }
    /* The reply lives in the exchange or in its caller's frame; the ask may be gone afterwards. */
    ask->options.done(ask->options.owner, reply);
    dns_exchange_free(exchange);
}

static void ask_failed(void *owner)
{
    struct dns_ask *ask = owner;

    ask->options.done(ask->options.owner, NULL);
}

/* The servers to ask, those that were silent lately at the end, NET_DNS_TRIES of them. */
static void ask_choose_servers(struct dns_ask *ask, const struct inet_address *servers,
                               size_t n_servers)
{
    uint64_t now_ms = loop_now_ms(ask->forwarder->options.loop);

    for (int silent = 0; silent < 2; silent++)
        for (size_t i = 0; i < n_servers && ask->n_servers < NET_DNS_TRIES; i++) {
            const struct silent_server *entry = forwarder_silent(ask->forwarder, &servers[i]);
            bool is_silent = entry && entry->until_ms > now_ms;

            if (is_silent == (silent == 1))
                ask->servers[ask->n_servers++] = servers[i];
        }
}

struct dns_ask *dns_ask_new(struct dns_forwarder *forwarder, const struct dns_ask_options *options)
{
    const struct resolv_conf *host = host_resolver_conf(forwarder->host);
    struct dns_ask *ask = memory_new(struct dns_ask);

    ask->forwarder = forwarder;
    ask->options = *options;
    ask->query = *options->query;
    ask->query.bytes = memory_alloc(ask->query.length);
    memcpy(ask->query.bytes, options->query->bytes, ask->query.length);
    if (options->n_servers > 0)
        ask_choose_servers(ask, options->servers, options->n_servers);
    else
        ask_choose_servers(ask, host->servers, host->n_servers);
    if (!ask_try_next(ask)) {
        ask->soon = timer_new(forwarder->options.loop, ask_failed, ask);
        timer_arm_at(ask->soon, 0);
    }
    return ask;
}

void dns_ask_free(struct dns_ask *ask)
{
    if (!ask)
        return;
    dns_exchange_free(ask->exchange);
    timer_free(ask->soon);
    free(ask->query.bytes);
    free(ask);
}
