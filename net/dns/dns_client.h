/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instance as the DNS server sees it: its sockets, its questions that name servers work on, its
 * TCP connections. Used by dns_server.c and dns_connection.c alone.
 */
#ifndef YAWL_NET_DNS_DNS_CLIENT_H
#define YAWL_NET_DNS_DNS_CLIENT_H

#include "net/acceptor.h"
#include "net/dns/dns_server.h"

struct dns_connection;
struct dns_question;

struct dns_server {
    struct dns_server_options options;
    struct dns_client **clients;
    size_t n_clients, capacity;
    size_t n_questions; /* with name servers */
};

struct dns_client {
    struct dns_server *server;
    char *instance;
    struct dns_client_options options;
    int udp_fd, tcp_fd;
    struct fd_watch *udp_watch;
    struct acceptor *acceptor;
    struct dns_question *questions;
    size_t n_questions;
    struct dns_connection *connections;
    size_t n_connections;
};

/* A question that was passed on to a name server. */
struct dns_question {
    struct dns_client *client;
    struct dns_question *next, *previous;
    struct dns_ask *ask;
    struct dns_connection *connection; /* over which it came; NULL: UDP */
    struct inet_address asker;         /* UDP */
    struct dns_buffer query;           /* owned; for the failure that may have to be told */
};

/* Answers at once into `out` (true), or passes the question on or drops it (false; *ret_question is
 * the question when it was passed on, else NULL). */
bool dns_client_ask(struct dns_client *client, bool tcp, const struct dns_buffer *query,
                    struct dns_buffer *out, struct dns_question **ret_question);
void dns_question_free(struct dns_question *question);

/* Connections of dns_connection.c. */
void dns_connection_new(struct dns_client *client, int take_fd);
void dns_connection_free(struct dns_connection *connection);
/* The reply to the question that was passed on; NULL: there is none to give. */
void dns_connection_reply(struct dns_connection *connection, const struct dns_buffer *reply);

#endif
