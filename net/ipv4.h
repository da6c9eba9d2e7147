/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 addresses and subnets as numbers, in host byte order, and their text.
 */
#ifndef YAWL_NET_IPV4_H
#define YAWL_NET_IPV4_H

#include <stdbool.h>
#include <stdint.h>

enum { IPV4_TEXT_SIZE = 16, IPV4_PREFIX_TEXT_SIZE = 19, MAC_SIZE = 6 };

/* A subnet; the bits of `address` beyond `length` are zero. */
struct ipv4_prefix {
    uint32_t address;
    unsigned length; /* 0-32 */
};

/* Four decimal numbers and nothing else; false otherwise. */
bool ipv4_parse(const char *text, uint32_t *ret_address);
const char *ipv4_format(uint32_t address, char ret_text[IPV4_TEXT_SIZE]);

/* "10.89.3.0/24"; bits beyond the length are cleared. */
bool ipv4_prefix_parse(const char *text, struct ipv4_prefix *ret_prefix);
const char *ipv4_prefix_format(struct ipv4_prefix prefix, char ret_text[IPV4_PREFIX_TEXT_SIZE]);

uint32_t ipv4_mask(unsigned length);
/* The last address of the subnet: its broadcast address where it has one. */
uint32_t ipv4_prefix_last(struct ipv4_prefix prefix);
bool ipv4_prefix_contains(struct ipv4_prefix prefix, uint32_t address);
bool ipv4_prefix_overlaps(struct ipv4_prefix a, struct ipv4_prefix b);

/* A locally administered MAC that follows from the address, so that a re-used address keeps its MAC
 * and no neighbour holds a stale one. */
void ipv4_mac(uint32_t address, uint8_t ret_mac[MAC_SIZE]);
/* "02:00:0a:59:00:02"; false for anything else, a group address or zero. */
bool mac_parse(const char *text, uint8_t ret_mac[MAC_SIZE]);

#endif
