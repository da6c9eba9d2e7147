/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Echo requests ("ping") of containers as bytes (RFC 792, RFC 4443): what a raw socket delivers,
 * and what goes back. Nothing here touches a socket.
 */
#ifndef YAWL_NET_RELAY_ICMP_ECHO_H
#define YAWL_NET_RELAY_ICMP_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet_address.h"

enum {
    ICMP_ECHO_HEADER_BYTES = 8,
    ICMP_REFUSAL_MAX_BYTES = 8 + 40 + ICMP_ECHO_HEADER_BYTES, /* about an IPv6 packet */
};

struct icmp_echo {
    struct inet_address from, to; /* the port of `from` is the identifier, that of `to` 0 */
    uint16_t sequence;
    const uint8_t *message; /* of ICMP: header and data; borrowed */
    size_t length;
};

/* From an IPv4 packet with its header. False: no whole, intact echo request. */
bool icmp_echo_read_ipv4(const uint8_t *packet, size_t length, struct icmp_echo *ret_echo);
/* From an ICMPv6 message, whose checksum the kernel has seen to. It says no addresses: those of
 * `from` and `to` are left to the caller. */
bool icmp_echo_read_ipv6(const uint8_t *message, size_t length, struct icmp_echo *ret_echo);

/* Makes an echo reply that a ping socket got one to `to`, whose identifier is its port. False: it
 * is none. */
bool icmp_echo_readdress(uint8_t *message, size_t length, const struct inet_address *to);

enum icmp_refusal { ICMP_UNREACHABLE, ICMP_PROHIBITED };

/* The "destination unreachable" message about a request (its message is not looked at). Returns its
 * length. The checksum of IPv6 is left to the kernel. */
size_t icmp_echo_refuse(const struct icmp_echo *echo, enum icmp_refusal why,
                        uint8_t ret_message[ICMP_REFUSAL_MAX_BYTES]);

#endif
