/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/memory.h"
#include "common/text.h"
#include "net/dns/dns_client.h"
#include "net/net_limits.h"

static struct dns_client *server_find(const struct dns_server *server, const char *instance)
{
    for (size_t i = 0; i < server->n_clients; i++)
        if (string_eq(server->clients[i]->instance, instance))
            return server->clients[i];
    return NULL;
}

void dns_question_free(struct dns_question *question)
{
    if (!question)
        return;
    if (question->previous)
        question->previous->next = question->next;
    else
        question->client->questions = question->next;
    if (question->next)
        question->next->previous = question->previous;
    question->client->n_questions--;
    question->client->server->n_questions--;
    dns_ask_free(question->ask);
    free(question->query.bytes);
    free(question);
}

static void client_send(const struct dns_client *client, const struct inet_address *to,
                        const struct dns_buffer *reply)
{
    /* A full buffer or a vanished asker: UDP may lose, the asker asks again. */
    (void)sendto(client->udp_fd, reply->bytes, reply->length, MSG_DONTWAIT | MSG_NOSIGNAL, &to->any,
                 inet_address_length(to));
}

static void question_answered(void *owner, const struct dns_buffer *reply)
{
    struct dns_question *question = owner;
    struct dns_connection *connection = question->connection;
    uint8_t bytes[NET_DNS_UDP_BYTES];
    struct dns_buffer failure = {.bytes = bytes, .size = sizeof(bytes)};

    if (!reply && dns_answer_failure(&question->query, DNS_SERVFAIL, &failure))
        reply = &failure;
    if (connection) {
        /* Advancing the connection may bring up the next question; this one is over before. */
        struct dns_ask *ask = steal(question->ask);

        dns_question_free(question);
        dns_connection_reply(connection, reply);
        dns_ask_free(ask);
        return;
    }
    if (reply)
        client_send(question->client, &question->asker, reply);
    dns_question_free(question);
}

/* Passes a question on; NULL when too many are under way. */
static struct dns_question *client_forward(struct dns_client *client, bool tcp,
                                           const struct dns_buffer *query)
{
    struct dns_server *server = client->server;
    struct dns_question *question;
    struct dns_ask_options options = {.query = query,
                                      .servers = client->options.servers,
                                      .n_servers = client->options.n_servers,
                                      .tcp = tcp,
                                      .done = question_answered};

    if (client->n_questions >= NET_LIMIT_DNS_ENDPOINT_ASKS ||
        server->n_questions >= NET_LIMIT_DNS_ASKS)
        return NULL;
    question = memory_new(struct dns_question);
    question->client = client;
    question->query = (struct dns_buffer){
        .bytes = memory_alloc(query->length), .size = query->length, .length = query->length};
    memcpy(question->query.bytes, query->bytes, query->length);
    question->next = client->questions;
    if (question->next)
        question->next->previous = question;
    client->questions = question;
    client->n_questions++;
    server->n_questions++;
    options.owner = question;
    question->ask = dns_ask_new(server->options.forwarder, &options);
    return question;
}

bool dns_client_ask(struct dns_client *client, bool tcp, const struct dns_buffer *query,
                    struct dns_buffer *out, struct dns_question **ret_question)
{
    const struct dns_server_options *options = &client->server->options;
    struct dns_asker asker = {.instance = client->instance,
                              .may_forward = client->options.may_forward && options->forwarder,
                              .tcp = tcp};

    *ret_question = NULL;
    switch (dns_answer(options->names, options->networks, &asker, query, out)) {
    case DNS_ANSWER:
        return true;
    case DNS_FORWARD:
        *ret_question = client_forward(client, tcp, query);
        return !*ret_question && dns_answer_failure(query, DNS_SERVFAIL, out);
    case DNS_DROP:
        break;
    }
    return false;
}

static void client_udp_ready(void *owner)
{
    struct dns_client *client = owner;
    uint8_t in[NET_DATAGRAM_BYTES];
    uint8_t answer[NET_DNS_UDP_BYTES];

    for (int i = 0; i < NET_DATAGRAMS_PER_WAKE; i++) {
        struct sockaddr_storage from;
        socklen_t from_length = sizeof(from);
        ssize_t n = recvfrom(client->udp_fd, in, sizeof(in), MSG_DONTWAIT, (struct sockaddr *)&from,
                             &from_length);
        struct dns_buffer query = {.bytes = in, .size = sizeof(in)};
        struct dns_buffer out = {.bytes = answer, .size = sizeof(answer)};
        struct dns_question *question;
        struct inet_address asker;

        if (n < 0)
            return;
        if (!inet_address_from((struct sockaddr *)&from, from_length, &asker))
            continue;
        query.length = (size_t)n;
        if (dns_client_ask(client, false, &query, &out, &question))
            client_send(client, &asker, &out);
        else if (question)
            question->asker = asker;
    }
}

static bool client_admits(void *owner)
{
    const struct dns_client *client = owner;

    return client->n_connections < NET_LIMIT_DNS_TCP;
}

static void client_accepted(void *owner, int take_fd)
{
    dns_connection_new(owner, take_fd);
}

static void client_close_sockets(struct dns_client *client)
{
    while (client->connections)
        dns_connection_free(client->connections);
    while (client->questions)
        dns_question_free(client->questions);
    fd_watch_free(steal(client->udp_watch));
    acceptor_free(steal(client->acceptor));
    fd_close(steal_fd(&client->udp_fd));
    fd_close(steal_fd(&client->tcp_fd));
}

static void client_free(struct dns_client *client)
{
    client_close_sockets(client);
    free(client->instance);
    free(client);
}

struct dns_server *dns_server_new(const struct dns_server_options *options)
{
    struct dns_server *server = memory_new(struct dns_server);

    server->options = *options;
    return server;
}

void dns_server_free(struct dns_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->n_clients; i++)
        client_free(server->clients[i]);
    free(server->clients);
    free(server);
}

void dns_server_set(struct dns_server *server, const char *instance,
                    const struct dns_client_options *options)
{
    struct dns_client *client = server_find(server, instance);

    if (!client) {
        client = memory_new(struct dns_client);
        client->server = server;
        client->instance = memory_strdup(instance);
        client->udp_fd = client->tcp_fd = -1;
        memory_grow(server->clients, server->n_clients, server->capacity);
        server->clients[server->n_clients++] = client;
    }
    client->options = *options;
}

void dns_server_set_sockets(struct dns_server *server, const char *instance, int take_udp_fd,
                            int take_tcp_fd)
{
    struct dns_client *client = server_find(server, instance);
    struct loop *loop = server->options.loop;

    if (!client) {
        fd_close(take_udp_fd);
        fd_close(take_tcp_fd);
        return;
    }
    client_close_sockets(client);
    client->udp_fd = take_udp_fd;
    client->tcp_fd = take_tcp_fd;
    if (take_udp_fd >= 0)
        client->udp_watch = fd_watch_new(loop, take_udp_fd, FD_READABLE, client_udp_ready, client);
    if (take_tcp_fd >= 0) {
        struct acceptor_options options = {.listen_fd = take_tcp_fd,
                                           .admits = client_admits,
                                           .accepted = client_accepted,
                                           .owner = client};

        client->acceptor = acceptor_new(loop, &options);
    }
}

void dns_server_remove(struct dns_server *server, const char *instance)
{
    for (size_t i = 0; i < server->n_clients; i++) {
        if (!string_eq(server->clients[i]->instance, instance))
            continue;
        client_free(server->clients[i]);
        server->clients[i] = server->clients[--server->n_clients];
        return;
    }
}
