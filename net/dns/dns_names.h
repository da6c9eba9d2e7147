/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names lead to which addresses, seen from one instance: names belong to networks, and an
 * instance resolves those of its own networks alone.
 *
 * A name that the project declares is never anybody else's business: it is answered here even while
 * nothing of that name runs.
 */
#ifndef YAWL_NET_DNS_DNS_NAMES_H
#define YAWL_NET_DNS_DNS_NAMES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "net/dns/dns_message.h"
#include "net/inet_address.h"
#include "net/net.h"

struct dns_names;

/* An instance's place on one network. */
struct dns_place {
    const char *network;
    struct in_addr address;   /* 0.0.0.0: none */
    struct in6_addr address6; /* "::": none */
    struct string_list names; /* as in struct endpoint_spec */
};

struct dns_names *dns_names_new(void);
void dns_names_free(struct dns_names *names);
DEFINE_SCOPED(struct dns_names *, dns_names_free)

/* For "web.shop_default" beside "web.default"; texts are copied. */
void dns_names_set_project(struct dns_names *names, const char *project);

/* Replaces what is known of the instance; its rank stays, and is NAME_HIDDEN in the beginning.
 * Bounds are the caller's. */
void dns_names_set(struct dns_names *names, const char *instance, const struct dns_place *places,
                   size_t n_places);
/* More names for what the instance looks up, as in struct view_spec; known to itself alone, and
 * until the next dns_names_set(). */
void dns_names_link(struct dns_names *names, const char *instance, struct string_list links);
/* What is known of an instance: its places one by one, NULL beyond the last, and its rank.
 * Borrowed. */
const struct dns_place *dns_names_place(const struct dns_names *names, const char *instance,
                                        size_t index);
int dns_names_rank(const struct dns_names *names, const char *instance);
void dns_names_remove(struct dns_names *names, const char *instance);
void dns_names_set_rank(struct dns_names *names, const char *instance, int rank);
void dns_names_declare(struct dns_names *names, struct string_list declared);
/* The host's search domains: a resolver may try "db.corp.example" for "db". */
void dns_names_set_search(struct dns_names *names, struct string_list domains);

enum dns_owner {
    DNS_OURS,    /* the project's; found or not */
    DNS_FOREIGN, /* to be forwarded, if the asker may */
};

/* A port that has a name. */
struct dns_service {
    const char *target; /* name of the container */
    uint16_t port;
};

struct dns_found {
    enum dns_owner owner;
    bool exists; /* ours, and something of that name runs */
    /* In the caller's arena, of both families: of ready ones, else of those that start; shuffled.
     */
    struct inet_address *addresses;
    size_t n_addresses;
    struct dns_service *services; /* of a name like "_http._tcp.web", likewise, in no order */
    size_t n_services;
};

/* `name` is in lower case without a final dot. */
void dns_names_lookup(struct dns_names *names, const char *asker, const char *name,
                      struct arena *arena, struct dns_found *ret_found);

/* The name of an address, "shop-web-1.shop_default", in the arena; *ret_name is NULL when nobody
 * visible has it. */
enum dns_owner dns_names_reverse(struct dns_names *names, const char *asker,
                                 const struct inet_address *address, struct arena *arena,
                                 const char **ret_name);

#endif
