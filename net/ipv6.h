/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv6 addresses and subnets, and their text.
 */
#ifndef YAWL_NET_IPV6_H
#define YAWL_NET_IPV6_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { IPV6_TEXT_SIZE = INET6_ADDRSTRLEN, IPV6_PREFIX_TEXT_SIZE = INET6_ADDRSTRLEN + 4 };

/* A subnet; the bits of `address` beyond `length` are zero. */
struct ipv6_prefix {
    struct in6_addr address;
    unsigned length; /* 0-128 */
};

/* Without a scope; false for anything else. */
bool ipv6_parse(const char *text, struct in6_addr *ret_address);
const char *ipv6_format(const struct in6_addr *address, char ret_text[IPV6_TEXT_SIZE]);
bool ipv6_equal(const struct in6_addr *a, const struct in6_addr *b);

/* "fd00:1::/64"; bits beyond the length are cleared. */
bool ipv6_prefix_parse(const char *text, struct ipv6_prefix *ret_prefix);
const char *ipv6_prefix_format(const struct ipv6_prefix *prefix,
                               char ret_text[IPV6_PREFIX_TEXT_SIZE]);
/* The bits that belong to the prefix are ones. */
struct in6_addr ipv6_mask(unsigned length);
bool ipv6_prefix_contains(const struct ipv6_prefix *prefix, const struct in6_addr *address);
bool ipv6_prefix_overlaps(const struct ipv6_prefix *a, const struct ipv6_prefix *b);

/* So many addresses further; the sum stays in the lower half of the address. */
struct in6_addr ipv6_plus(const struct in6_addr *address, uint64_t number);

#endif
