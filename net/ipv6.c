/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ipv6.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

bool ipv6_parse(const char *text, struct in6_addr *ret_address)
{
    return inet_pton(AF_INET6, text, ret_address) == 1;
}

const char *ipv6_format(const struct in6_addr *address, char ret_text[IPV6_TEXT_SIZE])
{
    return inet_ntop(AF_INET6, address, ret_text, IPV6_TEXT_SIZE);
}

bool ipv6_equal(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

struct in6_addr ipv6_mask(unsigned length)
{
    struct in6_addr mask = {0};

    for (unsigned i = 0; i < length; i++)
        mask.s6_addr[i / 8] |= (uint8_t)(0x80 >> (i % 8));
    return mask;
}

static struct in6_addr masked(const struct in6_addr *address, unsigned length)
{
    struct in6_addr mask = ipv6_mask(length);

    for (size_t i = 0; i < sizeof(mask.s6_addr); i++)
        mask.s6_addr[i] &= address->s6_addr[i];
    return mask;
}

bool ipv6_prefix_parse(const char *text, struct ipv6_prefix *ret_prefix)
{
    const char *slash = strchr(text, '/');
    char head[IPV6_TEXT_SIZE];
    unsigned long long length;
    struct in6_addr address;

    if (!slash || (size_t)(slash - text) >= sizeof(head))
        return false;
    memcpy(head, text, (size_t)(slash - text));
    head[slash - text] = '\0';
    if (!ipv6_parse(head, &address) || !string_to_u64(slash + 1, 128, &length))
        return false;
    ret_prefix->length = (unsigned)length;
    ret_prefix->address = masked(&address, (unsigned)length);
    return true;
}

const char *ipv6_prefix_format(const struct ipv6_prefix *prefix,
                               char ret_text[IPV6_PREFIX_TEXT_SIZE])
{
    char address[IPV6_TEXT_SIZE];

    (void)snprintf(ret_text, IPV6_PREFIX_TEXT_SIZE, "%s/%u", ipv6_format(&prefix->address, address),
                   prefix->length & 255);
    return ret_text;
}

bool ipv6_prefix_contains(const struct ipv6_prefix *prefix, const struct in6_addr *address)
{
    struct in6_addr base = masked(address, prefix->length);

    return ipv6_equal(&base, &prefix->address);
}

bool ipv6_prefix_overlaps(const struct ipv6_prefix *a, const struct ipv6_prefix *b)
{
    return ipv6_prefix_contains(a, &b->address) || ipv6_prefix_contains(b, &a->address);
}

struct in6_addr ipv6_plus(const struct in6_addr *address, uint64_t number)
{
    struct in6_addr sum = *address;
    unsigned carry = 0;

    for (size_t i = sizeof(sum.s6_addr); i-- > sizeof(sum.s6_addr) / 2; number >>= 8) {
        carry += sum.s6_addr[i] + (unsigned)(number & 255);
        sum.s6_addr[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return sum;
}
