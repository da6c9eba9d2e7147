/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ipv4.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/cleanup.h"

Test(ipv4, addresses_are_four_decimal_numbers_and_nothing_else)
{
    static const char *const wrong[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "::1"};
    uint32_t address = 0;

    cr_expect(ipv4_parse("10.89.3.2", &address));
    cr_expect(eq(u32, address, 0x0a590302));
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        cr_expect(not(ipv4_parse(wrong[i], &address)), "'%s'", wrong[i]);
}

Test(ipv4, a_prefix_loses_the_bits_beyond_its_length)
{
    struct ipv4_prefix prefix;
    char text[IPV4_PREFIX_TEXT_SIZE];

    cr_assert(ipv4_prefix_parse("10.89.3.77/24", &prefix));
    (void)ipv4_prefix_format(prefix, text);
    cr_expect(eq(str, text, "10.89.3.0/24"));
    cr_expect(eq(u32, ipv4_prefix_last(prefix), 0x0a5903ff));
}

Test(ipv4, a_prefix_needs_a_length_of_0_to_32)
{
    static const char *const wrong[] = {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                                        "10.0.0/8", "/8",        "10.0.0.0/8x"};
    struct ipv4_prefix prefix;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        cr_expect(not(ipv4_prefix_parse(wrong[i], &prefix)), "'%s'", wrong[i]);
    cr_expect(ipv4_prefix_parse("0.0.0.0/0", &prefix));
    cr_expect(ipv4_prefix_contains(prefix, UINT32_MAX));
}

Test(ipv4, prefixes_overlap_when_one_contains_the_other)
{
    struct ipv4_prefix wide = {0x0a000000, 8}, narrow = {0x0a590300, 24}, other = {0x0b000000, 8};

    cr_expect(ipv4_prefix_overlaps(wide, narrow));
    cr_expect(ipv4_prefix_overlaps(narrow, wide));
    cr_expect(not(ipv4_prefix_overlaps(wide, other)));
}

Test(ipv4, a_derived_mac_is_local_and_for_one_station)
{
    uint8_t mac[MAC_SIZE];

    ipv4_mac(0x0a590302, mac);
    cr_expect(eq(int, mac[0] & 3, 2));
    cr_expect(eq(int, mac[5], 2));
}

Test(ipv4, a_mac_of_the_user_must_be_one_that_an_interface_can_have)
{
    static const char *const wrong[] = {"",
                                        "02:00:00:00:00",
                                        "01:00:00:00:00:01",
                                        "0:0:0:0:0:1",
                                        "00:00:00:00:00:00",
                                        "02:00:00:00:00:0g",
                                        "02:00:00:00:00:01:",
                                        "02 00 00 00 00 01"};
    uint8_t mac[MAC_SIZE] = {0};

    cr_assert(mac_parse("02:42:AC:11:00:7f", mac));
    cr_expect(eq(int, mac[2], 0xac));
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        cr_expect(not(mac_parse(wrong[i], mac)), "'%s'", wrong[i]);
}
