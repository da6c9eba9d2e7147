/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over TCP (RFC 7766) with one asker: a question is two bytes of length and the message;
 * questions are answered one after the other. While one is answered nothing is read, so an asker
 * can fill no memory here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/dns/dns_client.h"
#include "net/net_limits.h"

struct dns_connection {
    struct dns_client *client;
    struct dns_connection *next, *previous;
    int fd;
    struct fd_watch *watch;
    struct timer *idle;
    struct text in, out;
    size_t sent;
    struct dns_question *question; /* with a name server */
};

void dns_connection_free(struct dns_connection *connection)
{
    if (!connection)
        return;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        connection->client->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    connection->client->n_connections--;
    dns_question_free(connection->question);
    fd_watch_free(connection->watch);
    timer_free(connection->idle);
    fd_close(connection->fd);
    text_done(&connection->in);
    text_done(&connection->out);
    free(connection);
}

static void connection_idle(void *owner)
{
    dns_connection_free(owner);
}

static void connection_put(struct dns_connection *connection, const struct dns_buffer *reply)
{
    uint8_t length[2] = {(uint8_t)(reply->length >> 8), (uint8_t)reply->length};

    text_append_bytes(&connection->out, length, sizeof(length));
    text_append_bytes(&connection->out, reply->bytes, reply->length);
}

/* The first question that has arrived whole is taken out of the input; 0 when there is none. */
static size_t connection_next_query(const struct dns_connection *connection)
{
    const uint8_t *bytes = (const uint8_t *)connection->in.data;
    size_t size;

    if (connection->in.length < 2)
        return 0;
    size = (size_t)bytes[0] << 8 | bytes[1];
    return connection->in.length >= 2 + size ? 2 + size : 0;
}

/* Answers questions until one has to be waited for. False: the asker talks nonsense. */
static bool connection_answer(struct dns_connection *connection)
{
    size_t taken;

    while (!connection->question && connection->out.length == 0 &&
           (taken = connection_next_query(connection)) > 0) {
        uint8_t bytes[NET_DNS_TCP_BYTES];
        struct dns_buffer out = {.bytes = bytes, .size = sizeof(bytes)};
        struct dns_buffer query = {
            .bytes = (uint8_t *)connection->in.data + 2, .size = taken - 2, .length = taken - 2};

        if (dns_client_ask(connection->client, true, &query, &out, &connection->question))
            connection_put(connection, &out);
        else if (!connection->question)
            return false;
        else
            connection->question->connection = connection;
        connection->in.length -= taken;
        memmove(connection->in.data, connection->in.data + taken, connection->in.length);
    }
    return true;
}

/* False: the asker is gone. */
static bool connection_send(struct dns_connection *connection)
{
    while (connection->sent < connection->out.length) {
        ssize_t n = send(connection->fd, connection->out.data + connection->sent,
                         connection->out.length - connection->sent, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        connection->sent += (size_t)n;
    }
    text_clear(&connection->out);
    connection->sent = 0;
    return true;
}

static bool connection_receive(struct dns_connection *connection)
{
    char *room;
    ssize_t n;

    if (connection->question || connection->out.length > 0)
        return true;
    room = text_reserve(&connection->in, NET_DNS_TCP_BYTES + 2 - connection->in.length);
    n = recv(connection->fd, room, NET_DNS_TCP_BYTES + 2 - connection->in.length, 0);
    if (n > 0)
        connection->in.length += (size_t)n;
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Goes on with what can be done now; frees the connection when it is over. */
static void connection_advance(struct dns_connection *connection)
{
    int events = FD_READABLE;

    do {
        if (!connection_answer(connection) || !connection_send(connection)) {
            dns_connection_free(connection);
            return;
        }
    } while (!connection->question && connection->out.length == 0 &&
             connection_next_query(connection) > 0);
    if (connection->out.length > 0)
        events = FD_WRITABLE;
    else if (connection->question)
        events = 0;
    fd_watch_set_events(connection->watch, events);
    timer_arm_at(connection->idle,
                 loop_now_ms(connection->client->server->options.loop) + NET_DNS_TCP_IDLE_MS);
}

static void connection_ready(void *owner)
{
    struct dns_connection *connection = owner;

    if (connection_receive(connection))
        connection_advance(connection);
    else
        dns_connection_free(connection);
}

void dns_connection_reply(struct dns_connection *connection, const struct dns_buffer *reply)
{
    connection->question = NULL;
    if (!reply) {
        dns_connection_free(connection);
        return;
    }
    connection_put(connection, reply);
    connection_advance(connection);
}

void dns_connection_new(struct dns_client *client, int take_fd)
{
    struct loop *loop = client->server->options.loop;
    struct dns_connection *connection = memory_new(struct dns_connection);

    connection->client = client;
    connection->fd = take_fd;
    connection->next = client->connections;
    if (connection->next)
        connection->next->previous = connection;
    client->connections = connection;
    client->n_connections++;
    connection->watch = fd_watch_new(loop, take_fd, FD_READABLE, connection_ready, connection);
    connection->idle = timer_new(loop, connection_idle, connection);
    timer_arm_at(connection->idle, loop_now_ms(loop) + NET_DNS_TCP_IDLE_MS);
}
