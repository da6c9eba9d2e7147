/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses with ports, IPv4 and IPv6 alike, and subnets.
 *
 * An IPv4 address that the kernel reports in IPv6 clothes (::ffff:1.2.3.4) is undressed on the way
 * in.
 */
#ifndef YAWL_NET_INET_ADDRESS_H
#define YAWL_NET_INET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/error.h"

struct inet_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

enum { INET_ADDRESS_TEXT_SIZE = 64 };

/* "10.0.0.1", "fe80::1" or "fe80::1%eth0", without a port. */
MUST_CHECK int inet_address_parse(const char *text, uint16_t port, struct inet_address *ret_address,
                                  struct error *err);
/* Any address of the family, AF_INET or AF_INET6. */
struct inet_address inet_address_any(int family, uint16_t port);
/* From what the kernel wrote; false when it is of another family. */
bool inet_address_from(const struct sockaddr *from, socklen_t length,
                       struct inet_address *ret_address);
struct inet_address inet_address_v4(struct in_addr address, uint16_t port);
/* An end of a connected socket; false when there is none. */
bool inet_address_local(int fd, struct inet_address *ret_address);
bool inet_address_peer(int fd, struct inet_address *ret_address);

/* "10.0.0.1:80" or "[::1]:80". */
void inet_address_format(const struct inet_address *address, char ret_text[INET_ADDRESS_TEXT_SIZE]);

socklen_t inet_address_length(const struct inet_address *address);
uint16_t inet_address_port(const struct inet_address *address);
bool inet_address_is_v4(const struct inet_address *address);
bool inet_address_is_loopback(const struct inet_address *address);
bool inet_address_is_any(const struct inet_address *address);
bool inet_address_equal(const struct inet_address *a, const struct inet_address *b);
bool inet_address_same_host(const struct inet_address *a, const struct inet_address *b);
/* Of address and port, seeded so that strangers cannot choose collisions. */
uint64_t inet_address_hash(const struct inet_address *address, uint64_t seed);

struct inet_subnet {
    struct inet_address base;
    unsigned length;
};

/* "10.89.3.0/24", "fd00:1::/64". */
MUST_CHECK int inet_subnet_parse(const char *text, struct inet_subnet *ret_subnet,
                                 struct error *err);
bool inet_subnet_contains(const struct inet_subnet *subnet, const struct inet_address *address);

#endif
