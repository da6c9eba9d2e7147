/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_message.h"

#include <criterion/criterion.h>
#include <string.h>

/* "www.example" A IN, id 0x1234, recursion desired. */
static const uint8_t query[] = {0x12, 0x34, 0x01, 0x00, 0,   1,   0, 0,   0,   0,
                                0,    0,    3,    'w',  'W', 'w', 7, 'e', 'x', 'a',
                                'm',  'p',  'l',  'e',  0,   0,   1, 0,   1};

static struct dns_message decoded(const uint8_t *bytes, size_t size)
{
    struct dns_message message;
    struct error err = {0};

    cr_assert_eq(dns_message_decode(&message, bytes, size, &err), 0, "%s", err.text);
    return message;
}

/* The query with bytes behind it, and the given number of additional records. */
static size_t with_tail(uint8_t *out, const uint8_t *tail, size_t length, uint8_t n_additional)
{
    memcpy(out, query, sizeof(query));
    out[11] = n_additional;
    memcpy(out + sizeof(query), tail, length);
    return sizeof(query) + length;
}

Test(dns_message, a_query_is_read)
{
    struct dns_message message = decoded(query, sizeof(query));
    char name[DNS_NAME_TEXT_SIZE];

    cr_expect_eq(message.id, 0x1234);
    cr_expect(message.recursion_desired);
    cr_expect_not(message.response);
    cr_expect_eq(message.type, DNS_A);
    cr_expect_eq(message.class, DNS_CLASS_IN);
    cr_expect(dns_name_to_text(&message.name, name));
    cr_expect_str_eq(name, "www.example");
}

Test(dns_message, the_case_of_the_name_is_kept)
{
    uint8_t bytes[64];
    struct dns_message message = decoded(query, sizeof(query));

    cr_expect_eq(dns_message_encode(&message, bytes, sizeof(bytes)), sizeof(query));
    cr_expect_arr_eq(bytes, query, sizeof(query));
}

Test(dns_message, every_shorter_packet_is_refused)
{
    for (size_t size = 0; size < sizeof(query); size++) {
        struct dns_message message;

        cr_expect_lt(dns_message_decode(&message, query, size, NULL), 0, "%zu bytes", size);
    }
}

Test(dns_message, edns_is_read)
{
    static const uint8_t opt[] = {0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 0};
    uint8_t bytes[64];
    struct dns_message message = decoded(bytes, with_tail(bytes, opt, sizeof(opt), 1));

    cr_expect(message.edns);
    cr_expect_eq(message.edns_bytes, 4096);
    cr_expect(message.edns_do);
    cr_expect(dns_message_survives_round_trip(&message));
}

Test(dns_message, edns_never_means_less_than_512_bytes)
{
    static const uint8_t opt[] = {0, 0, 41, 0, 1, 0, 0, 0, 0, 0, 0};
    uint8_t bytes[64];
    struct dns_message message = decoded(bytes, with_tail(bytes, opt, sizeof(opt), 1));

    cr_expect_eq(message.edns_bytes, DNS_UDP_BYTES);
}

Test(dns_message, a_second_opt_record_is_refused)
{
    static const uint8_t opts[] = {0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0,
                                   0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0};
    uint8_t bytes[64];
    struct dns_message message;

    cr_expect_lt(dns_message_decode(&message, bytes, with_tail(bytes, opts, sizeof(opts), 2), NULL),
                 0);
}

Test(dns_message, a_name_that_points_at_itself_is_refused)
{
    uint8_t bytes[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
    struct dns_message message;

    cr_expect_lt(dns_message_decode(&message, bytes, sizeof(bytes), NULL), 0);
}

Test(dns_message, a_name_that_points_ahead_is_refused)
{
    uint8_t bytes[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 14, 1, 'a', 0, 0, 1, 0, 1};
    struct dns_message message;

    cr_expect_lt(dns_message_decode(&message, bytes, sizeof(bytes), NULL), 0);
}

Test(dns_message, labels_that_point_back_into_themselves_are_refused)
{
    uint8_t bytes[] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0xc0, 12, 0, 1, 0, 1};
    struct dns_message message;

    cr_expect_lt(dns_message_decode(&message, bytes, sizeof(bytes), NULL), 0);
}

Test(dns_message, a_name_of_255_bytes_is_read_and_a_longer_one_refused)
{
    uint8_t bytes[DNS_HEADER_BYTES + 300] = {0};
    struct dns_message message;
    size_t at = DNS_HEADER_BYTES;

    bytes[5] = 1;
    for (int i = 0; i < 3; i++) {
        bytes[at] = 63;
        memset(&bytes[at + 1], 'a', 63);
        at += 64;
    }
    bytes[at] = 61; /* 3 * 64 + 62 + 1 = 255 */
    memset(&bytes[at + 1], 'b', 62);
    bytes[at + 62] = 0;
    cr_expect_eq(dns_message_decode(&message, bytes, at + 63 + 4, NULL), 0);
    cr_expect_eq(message.name.length, 255);
    bytes[at] = 62;
    bytes[at + 62] = 'b';
    bytes[at + 63] = 0;
    cr_expect_lt(dns_message_decode(&message, bytes, at + 64 + 4, NULL), 0);
}

Test(dns_message, another_opcode_is_read_up_to_its_header)
{
    uint8_t bytes[DNS_HEADER_BYTES] = {0xab, 0xcd, 0x28}; /* UPDATE */
    struct dns_message message = decoded(bytes, sizeof(bytes));

    cr_expect_eq(message.opcode, 5);
    cr_expect_eq(message.id, 0xabcd);
    cr_expect(dns_message_survives_round_trip(&message));
}

Test(dns_message, texts_become_names_and_back)
{
    struct dns_name name;
    char text[DNS_NAME_TEXT_SIZE];

    cr_assert(dns_name_from_text("Shop-Web_1.default.", &name));
    cr_expect(dns_name_to_text(&name, text));
    cr_expect_str_eq(text, "shop-web_1.default");
}

Test(dns_message, texts_that_are_no_names_are_refused)
{
    static const char long_label[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct dns_name name;

    cr_expect_not(dns_name_from_text("a..b", &name));
    cr_expect_not(dns_name_from_text(".a", &name));
    cr_expect_not(dns_name_from_text(long_label, &name));
}

Test(dns_message, names_with_foreign_bytes_have_no_text)
{
    struct dns_name dot = {.length = 5, .wire = {3, 'a', '.', 'b', 0}};
    struct dns_name zero = {.length = 3, .wire = {1, 0, 0}};
    char text[DNS_NAME_TEXT_SIZE];

    cr_expect_not(dns_name_to_text(&dot, text));
    cr_expect_not(dns_name_to_text(&zero, text));
}
