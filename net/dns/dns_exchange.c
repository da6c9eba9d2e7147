/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes back counts only with our id, as an answer, and with the very question that was asked,
 * letter case included; anything else is ignored until the time is over.
 */
#include "net/dns/dns_exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/net_limits.h"

struct dns_exchange {
    struct dns_exchange_options options;
    struct loop *loop;
    struct fd_watch *watch;
    struct timer *timeout;
    struct dns_message question;
    uint16_t id;
    struct text out; /* what is to be sent, with the length in front for TCP */
    size_t sent;
    struct text in;
};

static void exchange_end(struct dns_exchange *exchange, const struct dns_buffer *reply)
{
    fd_watch_free(steal(exchange->watch));
    timer_free(steal(exchange->timeout));
    exchange->options.done(exchange->options.owner, reply);
}

static void exchange_timed_out(void *owner)
{
    exchange_end(owner, NULL);
}

/* Fails a little later: nobody is called back from within dns_exchange_new(). */
static void exchange_fail_soon(struct dns_exchange *exchange)
{
    fd_watch_set_events(exchange->watch, 0);
    timer_arm_at(exchange->timeout, loop_now_ms(exchange->loop));
}

static bool is_the_answer(const struct dns_exchange *exchange, const uint8_t *bytes, size_t size)
{
    struct dns_message reply;

    return dns_message_decode(&reply, bytes, size, NULL) == 0 && reply.response &&
           reply.id == exchange->id && reply.opcode == 0 && reply.n_questions == 1 &&
           reply.type == exchange->question.type && reply.class == exchange->question.class &&
           dns_name_equal(&reply.name, &exchange->question.name);
}

static void exchange_reply(struct dns_exchange *exchange, uint8_t *bytes, size_t size)
{
    struct dns_buffer reply = {.bytes = bytes, .size = size, .length = size};

    bytes[0] = (uint8_t)(exchange->question.id >> 8);
    bytes[1] = (uint8_t)exchange->question.id;
    exchange_end(exchange, &reply);
}

static void exchange_udp_ready(void *owner)
{
    struct dns_exchange *exchange = owner;
    uint8_t bytes[NET_DATAGRAM_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        ssize_t n = recv(exchange->options.take_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) { /* mostly ECONNREFUSED: nobody serves there */
            exchange_end(exchange, NULL);
            return;
        }
        if (is_the_answer(exchange, bytes, (size_t)n)) {
            exchange_reply(exchange, bytes, (size_t)n);
            return;
        }
    }
}

/* Whether the whole question has been sent. */
static bool exchange_tcp_send(struct dns_exchange *exchange, bool *ret_failed)
{
    size_t left = exchange->out.length - exchange->sent;
    ssize_t n = left > 0 ? send(exchange->options.take_fd, exchange->out.data + exchange->sent,
                                left, MSG_NOSIGNAL)
                         : 0;

    *ret_failed = n < 0 && errno != EAGAIN && errno != EINTR;
    if (n > 0)
        exchange->sent += (size_t)n;
    return exchange->sent == exchange->out.length;
}

/* The length of the reply that has arrived whole, or 0. */
static size_t exchange_tcp_complete(const struct dns_exchange *exchange)
{
    const uint8_t *bytes = (const uint8_t *)exchange->in.data;
    size_t size;

    if (exchange->in.length < 2)
        return 0;
    size = (size_t)bytes[0] << 8 | bytes[1];
    return exchange->in.length >= 2 + size ? size : 0;
}

static void exchange_tcp_receive(struct dns_exchange *exchange)
{
    char *room = text_reserve(&exchange->in, NET_DNS_TCP_BYTES);
    ssize_t n = recv(exchange->options.take_fd, room, NET_DNS_TCP_BYTES, 0);
    size_t size;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        exchange_end(exchange, NULL);
        return;
    }
    exchange->in.length += (size_t)n;
    size = exchange_tcp_complete(exchange);
    if (size > 0) {
        uint8_t *reply = (uint8_t *)exchange->in.data + 2;

        if (is_the_answer(exchange, reply, size))
            exchange_reply(exchange, reply, size);
        else
            exchange_end(exchange, NULL);
    } else if (exchange->in.length > NET_DNS_TCP_BYTES + 2) {
        exchange_end(exchange, NULL);
    }
}

static void exchange_tcp_ready(void *owner)
{
    struct dns_exchange *exchange = owner;
    bool failed;

    if (exchange->sent == exchange->out.length) {
        exchange_tcp_receive(exchange);
        return;
    }
    if (exchange_tcp_send(exchange, &failed))
        fd_watch_set_events(exchange->watch, FD_READABLE);
    else if (failed)
        exchange_end(exchange, NULL);
}

static void exchange_prepare(struct dns_exchange *exchange)
{
    const struct dns_buffer *query = exchange->options.query;
    uint8_t length[2] = {(uint8_t)(query->length >> 8), (uint8_t)query->length};
    char *id;

    if (getrandom(&exchange->id, sizeof(exchange->id), GRND_NONBLOCK) < 0)
        exchange->id = (uint16_t)loop_now_ms(exchange->loop);
    if (exchange->options.tcp)
        text_append_bytes(&exchange->out, length, sizeof(length));
    text_append_bytes(&exchange->out, query->bytes, query->length);
    id = exchange->out.data + (exchange->options.tcp ? 2 : 0);
    id[0] = (char)(exchange->id >> 8);
    id[1] = (char)exchange->id;
    exchange->options.query = NULL;
}

struct dns_exchange *dns_exchange_new(struct loop *loop, const struct dns_exchange_options *options)
{
    struct dns_exchange *exchange = memory_new(struct dns_exchange);
    int fd = options->take_fd;

    exchange->options = *options;
    exchange->loop = loop;
    if (dns_message_decode(&exchange->question, options->query->bytes, options->query->length,
                           NULL) < 0)
        abort();
    exchange_prepare(exchange);
    exchange->timeout = timer_new(loop, exchange_timed_out, exchange);
    timer_arm_at(exchange->timeout, loop_now_ms(loop) + options->timeout_ms);
    if (options->tcp) {
        exchange->watch = fd_watch_new(loop, fd, FD_WRITABLE, exchange_tcp_ready, exchange);
    } else {
        exchange->watch = fd_watch_new(loop, fd, FD_READABLE, exchange_udp_ready, exchange);
        if (send(fd, exchange->out.data, exchange->out.length, MSG_NOSIGNAL) < 0)
            exchange_fail_soon(exchange);
    }
    return exchange;
}

void dns_exchange_free(struct dns_exchange *exchange)
{
    if (!exchange)
        return;
    fd_watch_free(exchange->watch);
    timer_free(exchange->timeout);
    fd_close(exchange->options.take_fd);
    text_done(&exchange->out);
    text_done(&exchange->in);
    free(exchange);
}
