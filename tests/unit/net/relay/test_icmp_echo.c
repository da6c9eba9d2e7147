/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay/icmp_echo.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

/* 10.89.0.2 asks 192.0.2.1: identifier 0x1234, sequence 7, data "ping!". */
static const uint8_t request[] = {
    0x45, 0, 0, 33, 0, 0,    0x40, 0,    64,   1, 0, 0,   10,  89,  0,   2,   192,
    0,    2, 1, 8,  0, 0xe5, 0xf3, 0x12, 0x34, 0, 7, 'p', 'i', 'n', 'g', '!',
};
enum { HEADER_BYTES = 20, MESSAGE_BYTES = sizeof(request) - HEADER_BYTES };

static uint16_t sum_of(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static bool reads(const uint8_t *packet, size_t length)
{
    struct icmp_echo echo;

    return icmp_echo_read_ipv4(packet, length, &echo);
}

Test(icmp_echo, a_request_says_who_asks_whom_and_what)
{
    char text[INET_ADDRESS_TEXT_SIZE];
    struct icmp_echo echo = {0};

    cr_assert(icmp_echo_read_ipv4(request, sizeof(request), &echo));
    inet_address_format(&echo.from, text);
    cr_expect_str_eq(text, "10.89.0.2:4660");
    inet_address_format(&echo.to, text);
    cr_expect_str_eq(text, "192.0.2.1:0");
    cr_expect(eq(u16, echo.sequence, 7));
    cr_expect(eq(sz, echo.length, MESSAGE_BYTES));
    cr_expect(eq(int, memcmp(echo.message + ICMP_ECHO_HEADER_BYTES, "ping!", 5), 0));
}

Test(icmp_echo, what_lies_behind_the_packet_is_no_part_of_it)
{
    uint8_t padded[sizeof(request) + 6] = {0};
    struct icmp_echo echo = {0};

    memcpy(padded, request, sizeof(request));
    cr_assert(icmp_echo_read_ipv4(padded, sizeof(padded), &echo));
    cr_expect(eq(sz, echo.length, MESSAGE_BYTES));
}

Test(icmp_echo, options_of_the_packet_are_passed_over)
{
    uint8_t packet[sizeof(request) + 4] = {0};
    struct icmp_echo echo = {0};

    memcpy(packet, request, HEADER_BYTES);
    packet[0] = 0x46;
    packet[3] = sizeof(packet);
    memcpy(packet + HEADER_BYTES + 4, request + HEADER_BYTES, MESSAGE_BYTES);
    cr_assert(icmp_echo_read_ipv4(packet, sizeof(packet), &echo));
    cr_expect(eq(u16, echo.sequence, 7));
}

Test(icmp_echo, no_part_of_a_request_is_one)
{
    for (size_t length = 0; length < sizeof(request); length++)
        cr_expect(not(reads(request, length)), "%zu bytes", length);
}

Test(icmp_echo, what_is_damaged_or_something_else_is_no_request)
{
    static const size_t places[] = {0 /* version */, 9 /* protocol */,  20 /* type */,
                                    21 /* code */,   22 /* checksum */, 30 /* data */};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint8_t packet[sizeof(request)];

        memcpy(packet, request, sizeof(packet));
        packet[places[i]] ^= 0x11;
        cr_expect(not(reads(packet, sizeof(packet))), "byte %zu", places[i]);
    }
}

Test(icmp_echo, an_answer_gets_the_identifier_of_who_asked)
{
    uint8_t reply[] = {0, 0, 0xff, 0xff, 0, 99, 0, 7, 'p', 'i', 'n', 'g', '!'};
    struct inet_address asker = inet_address_any(AF_INET, 0x1234);

    cr_assert(icmp_echo_readdress(reply, sizeof(reply), &asker));
    cr_expect(eq(u8, reply[4], 0x12));
    cr_expect(eq(u8, reply[5], 0x34));
    cr_expect(eq(u8, reply[7], 7));
    cr_expect(eq(u16, sum_of(reply, sizeof(reply)), 0xffff));
}

Test(icmp_echo, what_is_no_answer_is_not_readdressed)
{
    uint8_t question[] = {8, 0, 0, 0, 0, 99, 0, 7};
    uint8_t reply[] = {0, 0, 0, 0, 0, 99, 0, 7};
    struct inet_address asker = inet_address_any(AF_INET, 1),
                        asker6 = inet_address_any(AF_INET6, 1);

    cr_expect(not(icmp_echo_readdress(question, sizeof(question), &asker)));
    cr_expect(not(icmp_echo_readdress(reply, sizeof(reply) - 1, &asker)));
    cr_expect(not(icmp_echo_readdress(reply, sizeof(reply), &asker6)));
}

Test(icmp_echo, a_refusal_quotes_the_request)
{
    uint8_t message[ICMP_REFUSAL_MAX_BYTES];
    struct icmp_echo echo = {0};
    size_t length;

    cr_assert(icmp_echo_read_ipv4(request, sizeof(request), &echo));
    length = icmp_echo_refuse(&echo, ICMP_PROHIBITED, message);
    cr_expect(eq(sz, length, 8 + HEADER_BYTES + ICMP_ECHO_HEADER_BYTES));
    cr_expect(eq(u8, message[0], 3));
    cr_expect(eq(u8, message[1], 13));
    cr_expect(eq(u16, sum_of(message, length), 0xffff));
    cr_expect(eq(u16, sum_of(message + 8, HEADER_BYTES), 0xffff));
    /* Addresses, identifier and sequence are by what the asker knows its request again. */
    cr_expect(eq(int, memcmp(message + 8 + 12, request + 12, 8), 0));
    cr_expect(eq(u8, message[8 + HEADER_BYTES], 8));
    cr_expect(eq(int, memcmp(message + 8 + HEADER_BYTES + 4, request + HEADER_BYTES + 4, 4), 0));
    (void)icmp_echo_refuse(&echo, ICMP_UNREACHABLE, message);
    cr_expect(eq(u8, message[1], 1));
}

Test(icmp_echo, a_refusal_of_ipv6_quotes_the_request)
{
    static const uint8_t request6[] = {128, 0, 0, 0, 0x12, 0x34, 0, 7, 'x'};
    uint8_t message[ICMP_REFUSAL_MAX_BYTES];
    struct icmp_echo echo = {0};

    cr_assert(icmp_echo_read_ipv6(request6, sizeof(request6), &echo));
    echo.from.v6.sin6_addr.s6_addr[15] = 2;
    echo.to.v6.sin6_addr.s6_addr[15] = 9;
    cr_expect(eq(sz, icmp_echo_refuse(&echo, ICMP_PROHIBITED, message), ICMP_REFUSAL_MAX_BYTES));
    cr_expect(eq(u8, message[0], 1));
    cr_expect(eq(u8, message[1], 1));
    cr_expect(eq(u8, message[8], 0x60));
    cr_expect(eq(u8, message[8 + 6], 58));
    cr_expect(eq(u8, message[8 + 23], 2));
    cr_expect(eq(u8, message[8 + 39], 9));
    cr_expect(eq(u8, message[48], 128));
    cr_expect(eq(int, memcmp(message + 52, request6 + 4, 4), 0));
}
