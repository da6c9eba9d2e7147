/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/icmp_echo.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

enum {
    TYPE_OFFSET = 0,
    CODE_OFFSET = 1,
    CHECKSUM_OFFSET = 2,
    ID_OFFSET = 4,
    SEQUENCE_OFFSET = 6,
    HOPS = 64,
};

/* RFC 1071; of bytes with their own checksum in them it is 0. */
static uint16_t checksum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (length % 2 != 0)
        sum += (uint32_t)bytes[length - 1] << 8;
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint16_t get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void set_checksum(uint8_t *message, size_t length)
{
    put_u16(message + CHECKSUM_OFFSET, 0);
    put_u16(message + CHECKSUM_OFFSET, checksum(message, length));
}

static bool is_of_type(const uint8_t *message, size_t length, uint8_t type)
{
    return length >= ICMP_ECHO_HEADER_BYTES && message[TYPE_OFFSET] == type &&
           message[CODE_OFFSET] == 0;
}

bool icmp_echo_read_ipv4(const uint8_t *packet, size_t length, struct icmp_echo *ret_echo)
{
    struct iphdr header;
    struct icmp_echo echo = {0};
    size_t header_bytes, total_bytes;

    if (length < sizeof(header))
        return false;
    memcpy(&header, packet, sizeof(header));
    header_bytes = header.ihl * 4U;
    total_bytes = ntohs(header.tot_len);
    if (header.version != 4 || header.protocol != IPPROTO_ICMP || header_bytes < sizeof(header) ||
        total_bytes > length || total_bytes < header_bytes)
        return false;
    echo.message = packet + header_bytes;
    echo.length = total_bytes - header_bytes;
    if (!is_of_type(echo.message, echo.length, ICMP_ECHO) ||
        checksum(echo.message, echo.length) != 0)
        return false;
    echo.from = inet_address_v4((struct in_addr){header.saddr}, get_u16(echo.message + ID_OFFSET));
    echo.to = inet_address_v4((struct in_addr){header.daddr}, 0);
    echo.sequence = get_u16(echo.message + SEQUENCE_OFFSET);
    *ret_echo = echo;
    return true;
}

bool icmp_echo_read_ipv6(const uint8_t *message, size_t length, struct icmp_echo *ret_echo)
{
    struct icmp_echo echo = {.message = message, .length = length};

    if (!is_of_type(message, length, ICMP6_ECHO_REQUEST))
        return false;
    echo.from = inet_address_any(AF_INET6, get_u16(message + ID_OFFSET));
    echo.to = inet_address_any(AF_INET6, 0);
    echo.sequence = get_u16(message + SEQUENCE_OFFSET);
    *ret_echo = echo;
    return true;
}

bool icmp_echo_readdress(uint8_t *message, size_t length, const struct inet_address *to)
{
    bool v4 = inet_address_is_v4(to);

    if (!is_of_type(message, length, v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
        return false;
    put_u16(message + ID_OFFSET, inet_address_port(to));
    set_checksum(message, length);
    return true;
}

/* The header that the packet in question had, as far as anybody compares it. */
static size_t quote_header(const struct icmp_echo *echo, uint8_t *bytes)
{
    struct iphdr v4 = {.version = 4, .ihl = sizeof(v4) / 4, .ttl = HOPS, .protocol = IPPROTO_ICMP};
    struct ip6_hdr v6 = {0};

    if (inet_address_is_v4(&echo->from)) {
        v4.tot_len = htons(sizeof(v4) + ICMP_ECHO_HEADER_BYTES);
        v4.saddr = echo->from.v4.sin_addr.s_addr;
        v4.daddr = echo->to.v4.sin_addr.s_addr;
        memcpy(bytes, &v4, sizeof(v4));
        put_u16(bytes + offsetof(struct iphdr, check), checksum(bytes, sizeof(v4)));
        return sizeof(v4);
    }
    v6.ip6_flow = htonl(6U << 28);
    v6.ip6_plen = htons(ICMP_ECHO_HEADER_BYTES);
    v6.ip6_nxt = IPPROTO_ICMPV6;
    v6.ip6_hlim = HOPS;
    v6.ip6_src = echo->from.v6.sin6_addr;
    v6.ip6_dst = echo->to.v6.sin6_addr;
    memcpy(bytes, &v6, sizeof(v6));
    return sizeof(v6);
}

size_t icmp_echo_refuse(const struct icmp_echo *echo, enum icmp_refusal why,
                        uint8_t ret_message[ICMP_REFUSAL_MAX_BYTES])
{
    bool v4 = inet_address_is_v4(&echo->from), prohibited = why == ICMP_PROHIBITED;
    size_t length = ICMP_ECHO_HEADER_BYTES;
    uint8_t *quote;

    memset(ret_message, 0, ICMP_REFUSAL_MAX_BYTES);
    if (v4) {
        ret_message[TYPE_OFFSET] = ICMP_DEST_UNREACH;
        ret_message[CODE_OFFSET] = prohibited ? ICMP_PKT_FILTERED : ICMP_HOST_UNREACH;
    } else {
        ret_message[TYPE_OFFSET] = ICMP6_DST_UNREACH;
        ret_message[CODE_OFFSET] = prohibited ? ICMP6_DST_UNREACH_ADMIN : ICMP6_DST_UNREACH_ADDR;
    }
    length += quote_header(echo, ret_message + length);
    quote = ret_message + length;
    quote[TYPE_OFFSET] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    put_u16(quote + ID_OFFSET, inet_address_port(&echo->from));
    put_u16(quote + SEQUENCE_OFFSET, echo->sequence);
    length += ICMP_ECHO_HEADER_BYTES;
    set_checksum(ret_message, length);
    return length;
}
