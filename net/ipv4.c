/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ipv4.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

bool ipv4_parse(const char *text, uint32_t *ret_address)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1)
        return false;
    *ret_address = ntohl(address.s_addr);
    return true;
}

const char *ipv4_format(uint32_t address, char ret_text[IPV4_TEXT_SIZE])
{
    (void)snprintf(ret_text, IPV4_TEXT_SIZE, "%u.%u.%u.%u", address >> 24, (address >> 16) & 255,
                   (address >> 8) & 255, address & 255);
    return ret_text;
}

bool ipv4_prefix_parse(const char *text, struct ipv4_prefix *ret_prefix)
{
    const char *slash = strchr(text, '/');
    char head[IPV4_TEXT_SIZE];
    unsigned long long length;
    uint32_t address;

    if (!slash || (size_t)(slash - text) >= sizeof(head))
        return false;
    memcpy(head, text, (size_t)(slash - text));
    head[slash - text] = '\0';
    if (!ipv4_parse(head, &address) || !string_to_u64(slash + 1, 32, &length))
        return false;
    ret_prefix->length = (unsigned)length;
    ret_prefix->address = address & ipv4_mask((unsigned)length);
    return true;
}

const char *ipv4_prefix_format(struct ipv4_prefix prefix, char ret_text[IPV4_PREFIX_TEXT_SIZE])
{
    char address[IPV4_TEXT_SIZE];

    (void)snprintf(ret_text, IPV4_PREFIX_TEXT_SIZE, "%s/%u", ipv4_format(prefix.address, address),
                   prefix.length & 63);
    return ret_text;
}

uint32_t ipv4_mask(unsigned length)
{
    return length == 0 ? 0 : UINT32_MAX << (32 - length);
}

uint32_t ipv4_prefix_last(struct ipv4_prefix prefix)
{
    return prefix.address | ~ipv4_mask(prefix.length);
}

bool ipv4_prefix_contains(struct ipv4_prefix prefix, uint32_t address)
{
    return (address & ipv4_mask(prefix.length)) == prefix.address;
}

bool ipv4_prefix_overlaps(struct ipv4_prefix a, struct ipv4_prefix b)
{
    return ipv4_prefix_contains(a, b.address) || ipv4_prefix_contains(b, a.address);
}

void ipv4_mac(uint32_t address, uint8_t ret_mac[MAC_SIZE])
{
    ret_mac[0] = 0x02;
    ret_mac[1] = 0x59;
    for (int i = 0; i < 4; i++)
        ret_mac[2 + i] = (uint8_t)(address >> (24 - 8 * i));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool mac_parse(const char *text, uint8_t ret_mac[MAC_SIZE])
{
    uint8_t mac[MAC_SIZE];
    bool zero = true;

    if (strlen(text) != 3 * MAC_SIZE - 1)
        return false;
    for (int i = 0; i < MAC_SIZE; i++) {
        int high = hex_digit(text[3 * i]);
        int low = hex_digit(text[3 * i + 1]);
        char end = text[3 * i + 2];

        if (high < 0 || low < 0 || (i < MAC_SIZE - 1 && end != ':' && end != '-'))
            return false;
        mac[i] = (uint8_t)(high * 16 + low);
        zero = zero && mac[i] == 0;
    }
    if (zero || (mac[0] & 1))
        return false;
    memcpy(ret_mac, mac, MAC_SIZE);
    return true;
}
