/* SPDX-License-Identifier: Apache-2.0 */
#include "net/inet_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static bool parse_v6(const char *text, struct sockaddr_in6 *ret_v6)
{
    char host[INET6_ADDRSTRLEN];
    const char *scope = strchr(text, '%');
    size_t length = scope ? (size_t)(scope - text) : strlen(text);

    if (length >= sizeof(host))
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    ret_v6->sin6_family = AF_INET6;
    ret_v6->sin6_scope_id = scope ? if_nametoindex(scope + 1) : 0;
    return inet_pton(AF_INET6, host, &ret_v6->sin6_addr) == 1;
}

int inet_address_parse(const char *text, uint16_t port, struct inet_address *ret_address,
                       struct error *err)
{
    struct inet_address address = {0};

    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
    } else if (parse_v6(text, &address.v6)) {
        address.v6.sin6_port = htons(port);
    } else {
        return error_set(err, "'%s' is no address", text);
    }
    *ret_address = address;
    return 0;
}

bool inet_address_from(const struct sockaddr *from, socklen_t length,
                       struct inet_address *ret_address)
{
    struct inet_address address = {0};

    if (from->sa_family == AF_INET && length >= sizeof(address.v4)) {
        memcpy(&address.v4, from, sizeof(address.v4));
        memset(address.v4.sin_zero, 0, sizeof(address.v4.sin_zero));
    } else if (from->sa_family == AF_INET6 && length >= sizeof(address.v6)) {
        memcpy(&address.v6, from, sizeof(address.v6));
        address.v6.sin6_flowinfo = 0;
        if (IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr)) {
            struct in_addr v4;

            memcpy(&v4, &address.v6.sin6_addr.s6_addr[12], sizeof(v4));
            *ret_address = inet_address_v4(v4, ntohs(address.v6.sin6_port));
            return true;
        }
    } else {
        return false;
    }
    *ret_address = address;
    return true;
}

struct inet_address inet_address_v4(struct in_addr host, uint16_t port)
{
    struct inet_address address = {0};

    address.v4.sin_family = AF_INET;
    address.v4.sin_addr = host;
    address.v4.sin_port = htons(port);
    return address;
}

struct inet_address inet_address_any(int family, uint16_t port)
{
    struct inet_address address = {0};

    if (family == AF_INET)
        return inet_address_v4((struct in_addr){htonl(INADDR_ANY)}, port);
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    return address;
}

bool inet_address_local(int fd, struct inet_address *ret_address)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof(storage);

    return getsockname(fd, (struct sockaddr *)&storage, &length) == 0 &&
           inet_address_from((struct sockaddr *)&storage, length, ret_address);
}

bool inet_address_peer(int fd, struct inet_address *ret_address)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof(storage);

    return getpeername(fd, (struct sockaddr *)&storage, &length) == 0 &&
           inet_address_from((struct sockaddr *)&storage, length, ret_address);
}

void inet_address_format(const struct inet_address *address, char ret_text[INET_ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool v4 = inet_address_is_v4(address);

    (void)inet_ntop(address->any.sa_family,
                    v4 ? (const void *)&address->v4.sin_addr : (const void *)&address->v6.sin6_addr,
                    host, sizeof(host));
    (void)snprintf(ret_text, INET_ADDRESS_TEXT_SIZE, v4 ? "%s:%u" : "[%s]:%u", host,
                   inet_address_port(address));
}

socklen_t inet_address_length(const struct inet_address *address)
{
    return inet_address_is_v4(address) ? sizeof(address->v4) : sizeof(address->v6);
}

uint16_t inet_address_port(const struct inet_address *address)
{
    return ntohs(inet_address_is_v4(address) ? address->v4.sin_port : address->v6.sin6_port);
}

bool inet_address_is_v4(const struct inet_address *address)
{
    return address->any.sa_family == AF_INET;
}

bool inet_address_is_loopback(const struct inet_address *address)
{
    if (inet_address_is_v4(address))
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

bool inet_address_is_any(const struct inet_address *address)
{
    if (inet_address_is_v4(address))
        return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

bool inet_address_same_host(const struct inet_address *a, const struct inet_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (inet_address_is_v4(a))
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr) &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

bool inet_address_equal(const struct inet_address *a, const struct inet_address *b)
{
    return inet_address_same_host(a, b) && inet_address_port(a) == inet_address_port(b);
}

/* The finaliser of MurmurHash3: every input bit reaches every output bit. */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33);
}

uint64_t inet_address_hash(const struct inet_address *address, uint64_t seed)
{
    uint64_t hash = mix(seed ^ inet_address_port(address));
    uint64_t half[2];

    if (inet_address_is_v4(address))
        return mix(hash ^ address->v4.sin_addr.s_addr);
    memcpy(half, &address->v6.sin6_addr, sizeof(half));
    return mix(mix(hash ^ half[0]) ^ half[1]);
}

int inet_subnet_parse(const char *text, struct inet_subnet *ret_subnet, struct error *err)
{
    const char *slash = strchr(text, '/');
    char base[INET6_ADDRSTRLEN];
    unsigned long long bits;
    struct inet_subnet subnet;

    if (!slash || (size_t)(slash - text) >= sizeof(base))
        return error_set(err, "'%s' is no subnet", text);
    memcpy(base, text, (size_t)(slash - text));
    base[slash - text] = '\0';
    if (inet_address_parse(base, 0, &subnet.base, NULL) < 0 ||
        !string_to_u64(slash + 1, inet_address_is_v4(&subnet.base) ? 32 : 128, &bits))
        return error_set(err, "'%s' is no subnet", text);
    subnet.length = (unsigned)bits;
    *ret_subnet = subnet;
    return 0;
}

static const uint8_t *address_bytes(const struct inet_address *address)
{
    return inet_address_is_v4(address) ? (const void *)&address->v4.sin_addr
                                       : (const void *)&address->v6.sin6_addr;
}

bool inet_subnet_contains(const struct inet_subnet *subnet, const struct inet_address *address)
{
    const uint8_t *base = address_bytes(&subnet->base), *bytes = address_bytes(address);
    unsigned whole = subnet->length / 8, rest = subnet->length % 8;

    if (subnet->base.any.sa_family != address->any.sa_family || memcmp(base, bytes, whole) != 0)
        return false;
    return rest == 0 || (base[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}
