/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes are a packet that a container has sent, of either family. A request lies within them;
 * its answer bears the asker's identifier again, and its refusal is of a known length.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "net/relay/icmp_echo.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct icmp_echo *echo, const uint8_t *data, size_t size)
{
    bool v4 = inet_address_is_v4(&echo->from);
    uint8_t refusal[ICMP_REFUSAL_MAX_BYTES];
    uint8_t *reply = malloc(echo->length);
    size_t length = icmp_echo_refuse(echo, ICMP_UNREACHABLE, refusal);

    fuzz_require(reply);
    fuzz_require(echo->length >= ICMP_ECHO_HEADER_BYTES);
    fuzz_require(echo->message >= data && echo->message + echo->length <= data + size);
    memcpy(reply, echo->message, echo->length);
    fuzz_require(!icmp_echo_readdress(reply, echo->length, &echo->from));
    reply[0] = v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
    reply[4] ^= 1;
    fuzz_require(icmp_echo_readdress(reply, echo->length, &echo->from));
    fuzz_require(memcmp(reply + 4, echo->message + 4, echo->length - 4) == 0);
    fuzz_require(length == (v4 ? 36 : ICMP_REFUSAL_MAX_BYTES));
    fuzz_require(memcmp(refusal + length - 4, echo->message + 4, 4) == 0);
    free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct icmp_echo echo = {0};

    if (icmp_echo_read_ipv4(data, size, &echo))
        check(&echo, data, size);
    if (icmp_echo_read_ipv6(data, size, &echo))
        check(&echo, data, size);
    return 0;
}
