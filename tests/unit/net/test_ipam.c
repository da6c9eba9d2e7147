/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ipam.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

static struct ipam *small_ipam(unsigned length)
{
    struct ipv4_prefix subnet = {0x0a590300, length};
    struct ipam_spec spec = {"default", subnet, subnet, 0x0a590301};

    return ipam_new(&spec);
}

static uint32_t claim(struct ipam *ipam, const char *instance, uint32_t wanted)
{
    struct error err = {0};
    uint32_t address = 0;

    cr_assert(ipam_claim(ipam, instance, wanted, &address, &err) == 0, "%s", err.text);
    return address;
}

static void refuse(struct ipam *ipam, const char *instance, uint32_t wanted, const char *words)
{
    struct error err = {0};
    uint32_t address = 0;

    cr_expect(eq(int, ipam_claim(ipam, instance, wanted, &address, &err), -1));
    cr_expect(strcmp(err.text, words) == 0, "%s", err.text);
}

Test(ipam, the_choice_follows_from_the_names)
{
    scoped(ipam_free) struct ipam *first = small_ipam(24);
    scoped(ipam_free) struct ipam *second = small_ipam(24);

    (void)claim(second, "db-1", 0);
    cr_expect(eq(u32, claim(first, "web-1", 0), claim(second, "web-1", 0)));
}

/* One address in the first subnet, 10.89.3.2, and those of 10.90.0.128/25 after it. */
static struct ipam *two_pools(void)
{
    static const struct ipam_pool pool = {{0x0a5a0000, 24}, {0x0a5a0080, 25}, 0x0a5a00fe};
    struct ipam *ipam = small_ipam(30);

    ipam_add_pool(ipam, &pool);
    return ipam;
}

Test(ipam, a_later_subnet_gives_when_those_before_it_have_nothing)
{
    scoped(ipam_free) struct ipam *ipam = two_pools();

    cr_expect(eq(u32, claim(ipam, "web-1", 0), 0x0a590302));
    for (int i = 0; i < 126; i++) {
        char name[16];
        uint32_t address;

        (void)snprintf(name, sizeof(name), "more-%d", i);
        address = claim(ipam, name, 0);
        cr_expect(address >= 0x0a5a0080 && address < 0x0a5a00fe, "%x", address);
    }
    refuse(ipam, "last-1", 0,
           "network 'default' has no free address for 'last-1': all of 10.89.3.0/30, "
           "10.90.0.128/25 are taken");
}

Test(ipam, a_wanted_address_is_in_any_of_the_subnets)
{
    scoped(ipam_free) struct ipam *ipam = two_pools();

    cr_expect(eq(u32, claim(ipam, "web-1", 0x0a5a0005), 0x0a5a0005));
    refuse(ipam, "web-2", 0x0a5a00fe,
           "address 10.90.0.254 of 'web-2' is the gateway of network 'default'");
    refuse(ipam, "web-2", 0x0a5b0001,
           "address 10.91.0.1 of 'web-2' is not in subnet 10.89.3.0/30, 10.90.0.0/24 of network "
           "'default'");
    /* Out of the automatic ones of its subnet, it goes when it is not asked for. */
    cr_expect(eq(u32, claim(ipam, "web-1", 0), 0x0a590302));
}

Test(ipam, an_instance_keeps_its_address)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);
    uint32_t address = claim(ipam, "web-1", 0);

    (void)claim(ipam, "web-2", 0);
    cr_expect(eq(u32, claim(ipam, "web-1", 0), address));
}

Test(ipam, all_addresses_differ_and_spare_the_gateway_and_the_ends)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);
    bool seen[256] = {[0] = true, [1] = true, [255] = true};
    char name[16];

    for (int i = 0; i < 253; i++) {
        uint32_t address;

        (void)snprintf(name, sizeof(name), "web-%d", i);
        address = claim(ipam, name, 0);
        cr_assert(eq(u32, address >> 8, 0x0a5903));
        cr_assert(not(seen[address & 255]));
        seen[address & 255] = true;
    }
}

Test(ipam, exhaustion_names_the_network_and_its_range)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(30);

    (void)claim(ipam, "web-1", 0);
    refuse(ipam, "web-2", 0,
           "network 'default' has no free address for 'web-2': all of 10.89.3.0/30 are taken");
}

Test(ipam, a_remembered_address_is_chosen_again)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);

    ipam_remember(ipam, "web-1", 0x0a590309);
    cr_expect(eq(u32, claim(ipam, "web-1", 0), 0x0a590309));
}

Test(ipam, a_remembered_address_is_not_given_to_others_while_there_are_free_ones)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(29);
    char name[16];

    ipam_remember(ipam, "db-1", 0x0a590303);
    for (int i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof(name), "web-%d", i);
        cr_expect(ne(u32, claim(ipam, name, 0), 0x0a590303));
    }
}

Test(ipam, the_last_free_address_is_one_that_is_only_remembered)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(30);

    ipam_remember(ipam, "db-1", 0x0a590302);
    cr_expect(eq(u32, claim(ipam, "web-1", 0), 0x0a590302));
    refuse(ipam, "db-1", 0,
           "network 'default' has no free address for 'db-1': all of 10.89.3.0/30 are taken");
}

Test(ipam, a_remembered_address_that_does_not_fit_is_forgotten)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(30);

    ipam_remember(ipam, "gateway", 0x0a590301);
    ipam_remember(ipam, "broadcast", 0x0a590303);
    ipam_remember(ipam, "elsewhere", 0x0a590402);
    cr_expect(eq(u32, claim(ipam, "gateway", 0), 0x0a590302));
}

Test(ipam, a_wanted_address_replaces_the_automatic_one)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);

    (void)claim(ipam, "web-1", 0);
    cr_expect(eq(u32, claim(ipam, "web-1", 0x0a590363), 0x0a590363));
    cr_expect(eq(u32, claim(ipam, "web-1", 0x0a590363), 0x0a590363));
}

Test(ipam, a_wanted_address_takes_over_what_another_merely_remembers)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);

    ipam_remember(ipam, "db-1", 0x0a590363);
    cr_expect(eq(u32, claim(ipam, "web-1", 0x0a590363), 0x0a590363));
    cr_expect(ne(u32, claim(ipam, "db-1", 0), 0x0a590363));
}

Test(ipam, wanted_addresses_that_cannot_be_are_refused_in_words)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);
    struct error err;

    (void)claim(ipam, "db-1", 0x0a590363);
    cr_assert(eq(int, ipam_reserve(ipam, 0x0a590364, &err), 0));
    refuse(ipam, "web-1", 0x0a590463,
           "address 10.89.4.99 of 'web-1' is not in subnet 10.89.3.0/24 of network 'default'");
    refuse(ipam, "web-1", 0x0a590301,
           "address 10.89.3.1 of 'web-1' is the gateway of network 'default'");
    refuse(ipam, "web-1", 0x0a590363,
           "address 10.89.3.99 of 'web-1' is taken by 'db-1' in network 'default'");
    refuse(ipam, "web-1", 0x0a590364,
           "address 10.89.3.100 of 'web-1' is reserved in network 'default'");
    refuse(ipam, "web-1", 0x0a5903ff,
           "address 10.89.3.255 of 'web-1' is reserved in network 'default'");
}

Test(ipam, automatic_addresses_come_from_the_range_alone)
{
    struct ipam_spec spec = {"default", {0x0a590300, 24}, {0x0a590380, 30}, 0x0a590301};
    scoped(ipam_free) struct ipam *ipam = ipam_new(&spec);
    char name[16];

    for (int i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof(name), "web-%d", i);
        cr_expect(eq(u32, claim(ipam, name, 0) & ~3u, 0x0a590380));
    }
    refuse(ipam, "web-5", 0,
           "network 'default' has no free address for 'web-5': all of 10.89.3.128/30 are taken");
}

Test(ipam, the_subnet_follows_from_the_names)
{
    struct ipv4_prefix first = ipam_choose_subnet("shop", "default", NULL, 0);
    struct ipv4_prefix again = ipam_choose_subnet("shop", "default", NULL, 0);
    struct ipv4_prefix other = ipam_choose_subnet("shop", "back", NULL, 0);

    cr_expect(eq(u32, first.length, 24));
    cr_expect(eq(u32, first.address, again.address));
    cr_expect(ne(u32, first.address, other.address));
}

Test(ipam, a_subnet_that_is_avoided_is_not_chosen)
{
    struct ipv4_prefix avoid = ipam_choose_subnet("shop", "default", NULL, 0);
    struct ipv4_prefix next = ipam_choose_subnet("shop", "default", &avoid, 1);

    cr_expect(not(ipv4_prefix_overlaps(avoid, next)));
}

Test(ipam, a_vpn_over_all_of_10_leaves_the_other_private_ranges)
{
    struct ipv4_prefix vpn = {0x0a000000, 8};
    struct ipv4_prefix chosen = ipam_choose_subnet("shop", "default", &vpn, 1);

    cr_expect(eq(u32, chosen.address >> 20, 0xac1));
}

Test(ipam, when_everything_is_taken_the_first_choice_stands)
{
    struct ipv4_prefix all = {0, 0};
    struct ipv4_prefix free_choice = ipam_choose_subnet("shop", "default", NULL, 0);

    cr_expect(eq(u32, ipam_choose_subnet("shop", "default", &all, 1).address, free_choice.address));
}

Test(ipam, what_an_instance_has_claimed_is_known_as_long_as_it_fits)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);
    uint32_t address = claim(ipam, "db-1", 0), known = 0;

    ipam_remember(ipam, "web-1", 0x0a590309);
    cr_expect(ipam_has_claimed(ipam, "db-1", 0, &known));
    cr_expect(eq(u32, known, address));
    cr_expect(not(ipam_has_claimed(ipam, "db-1", 0x0a5903fe, &known)));
    cr_expect(not(ipam_has_claimed(ipam, "web-1", 0, &known)));
}

Test(ipam, only_those_of_a_prefix_are_kept)
{
    scoped(ipam_free) struct ipam *ipam = small_ipam(24);
    uint32_t address = claim(ipam, "shop/web-1", 0), known;
    const char *instance;

    (void)claim(ipam, "blog/web-1", 0);
    ipam_remember(ipam, "blog/web-2", 0x0a590309);
    ipam_keep_only(ipam, "shop/");
    cr_assert(ipam_entry(ipam, 0, &instance, &known));
    cr_expect(eq(u32, known, address));
    cr_expect(not(ipam_entry(ipam, 1, &instance, &known)));
}
