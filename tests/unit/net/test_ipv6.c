/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ipv6.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "net/network_v6.h"

static struct in6_addr address_of(const char *text)
{
    struct in6_addr address;

    cr_assert(ipv6_parse(text, &address), "%s", text);
    return address;
}

Test(ipv6, a_prefix_loses_the_bits_beyond_its_length)
{
    struct ipv6_prefix prefix;
    char text[IPV6_PREFIX_TEXT_SIZE];

    cr_assert(ipv6_prefix_parse("fd00:1:2:3ff::9/59", &prefix));
    cr_expect_str_eq(ipv6_prefix_format(&prefix, text), "fd00:1:2:3e0::/59");
}

Test(ipv6, a_prefix_needs_an_address_and_a_length_of_0_to_128)
{
    const char *const wrong[] = {"fd00::",    "fd00::/",    "fd00::/129",
                                 "fd00::/-1", "10.0.0.0/8", "/64"};
    struct ipv6_prefix prefix;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_expect(not(ipv6_prefix_parse(wrong[i], &prefix)), "%s", wrong[i]);
}

Test(ipv6, prefixes_overlap_when_one_contains_the_other)
{
    struct ipv6_prefix wide, narrow, other;

    cr_assert(ipv6_prefix_parse("fd00::/16", &wide) && ipv6_prefix_parse("fd00:5::/64", &narrow) &&
              ipv6_prefix_parse("fd01::/64", &other));
    cr_expect(ipv6_prefix_overlaps(&wide, &narrow));
    cr_expect(ipv6_prefix_overlaps(&narrow, &wide));
    cr_expect(not(ipv6_prefix_overlaps(&narrow, &other)));
}

Test(ipv6, addition_carries)
{
    struct in6_addr base = address_of("fd00::1:ffff"), sum = ipv6_plus(&base, 0x1ffff);
    char text[IPV6_TEXT_SIZE];

    cr_expect_str_eq(ipv6_format(&sum, text), "fd00::3:fffe");
}

static const struct ipv4_prefix numbers = {0x0a590000, 24};

static int init(struct network_v6 *v6, const struct network_spec *spec, struct error *err)
{
    *v6 = (struct network_v6){0};
    return network_v6_init(v6, "shop", spec, numbers, err);
}

Test(network_v6, the_subnet_follows_from_the_names_and_is_local)
{
    const struct network_spec front = {.name = "front", .ipv6 = true};
    const struct network_spec back = {.name = "back", .ipv6 = true};
    struct network_v6 first, second, other;

    cr_assert(init(&first, &front, NULL) == 0 && init(&second, &front, NULL) == 0 &&
              init(&other, &back, NULL) == 0);
    cr_expect(network_v6_is_same(&first, &second));
    cr_expect(not(network_v6_is_same(&first, &other)));
    cr_expect(eq(int, first.subnet.address.s6_addr[0], 0xfd));
    cr_expect(eq(uint, first.subnet.length, 64));
    network_v6_done(&first);
    network_v6_done(&second);
    network_v6_done(&other);
}

Test(network_v6, automatic_addresses_follow_from_the_number_and_spare_the_first_block)
{
    const struct network_spec spec = {.name = "n", .ipv6 = true, .subnet6 = "2001:db8:1::/64"};
    struct in6_addr address;
    struct network_v6 v6;
    char text[IPV6_TEXT_SIZE];

    cr_assert(init(&v6, &spec, NULL) == 0);
    cr_expect_str_eq(ipv6_format(&v6.gateway, text), "2001:db8:1::1");
    cr_assert(network_v6_claim(&v6, "web-1", NULL, 2, &address, NULL) == 0);
    cr_expect_str_eq(ipv6_format(&address, text), "2001:db8:1::102");
    network_v6_done(&v6);
}

Test(network_v6, what_cannot_be_is_refused_in_words)
{
    const char *reserved = "fd00::7";
    const struct network_spec spec = {
        .name = "n", .ipv6 = true, .subnet6 = "fd00::/64", .reserved6 = {&reserved, 1}};
    static const struct {
        const char *wanted, *text;
    } cases[] = {
        {"fd01::9", "address fd01::9 of 'b-1' is not in subnet fd00::/64"},
        {"fd00::1", "address fd00::1 of 'b-1' is reserved"},
        {"fd00::7", "address fd00::7 of 'b-1' is reserved"},
        {"fd00::9", "address fd00::9 of 'b-1' is taken by 'a-1'"},
        {"10.0.0.1", "address '10.0.0.1' of 'b-1' is not an IPv6 address"},
    };
    struct in6_addr address;
    struct network_v6 v6;

    cr_assert(init(&v6, &spec, NULL) == 0);
    cr_assert(network_v6_claim(&v6, "a-1", "fd00::9", 2, &address, NULL) == 0);
    cr_expect(network_v6_claim(&v6, "a-1", "fd00::9", 2, &address, NULL) == 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};

        cr_expect(eq(int, network_v6_claim(&v6, "b-1", cases[i].wanted, 3, &address, &err), -1));
        cr_expect_str_eq(err.text, cases[i].text);
    }
    network_v6_done(&v6);
}

Test(network_v6, a_subnet_that_is_too_small_for_the_numbers_is_refused)
{
    const struct network_spec spec = {.name = "n", .ipv6 = true, .subnet6 = "fd00::/122"};
    struct network_v6 v6;
    struct error err = {0};

    cr_expect(eq(int, init(&v6, &spec, &err), -1));
    cr_expect(
        eq(str, err.text, "fd00::/122 has less room than the network has IPv4 addresses (a /24)"));
    network_v6_done(&v6);
}
