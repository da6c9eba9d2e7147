/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/dns_answer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "net/net_limits.h"
#include "tests/unit/net/dns/dns_packets.h"

/*
 * The project "shop": web and two replicas of api on "front"; api and db on "back". Everything is
 * ready but db, which is hidden.
 */
struct shop {
    struct dns_names *names;
    struct network_table *networks;
    struct packet_answer answer;
};

static void add(struct shop *shop, const char *instance, const char *service,
                const char *const *places)
{
    struct dns_place built[2] = {0};
    const char *names[2][2];
    size_t n = 0;

    for (; places[n * 2]; n++) {
        names[n][0] = service;
        names[n][1] = instance;
        built[n].network = places[n * 2];
        built[n].names = (struct string_list){.items = names[n], .count = 2};
        cr_assert_eq(inet_pton(AF_INET, places[n * 2 + 1], &built[n].address), 1);
    }
    dns_names_set(shop->names, instance, built, n);
    dns_names_set_rank(shop->names, instance, NAME_READY);
}

static void open_shop(struct shop *shop)
{
    const char *declared[] = {"web", "api", "db", "worker"};
    const char *domains[] = {"corp.example"};
    const struct told_network front = {.name = "front", .subnet = "10.1.0.0/24"};
    const struct told_network back = {
        .name = "back", .subnet = "10.2.0.0/24", .subnet6 = "fd00:2::/64", .internal = true};

    shop->names = dns_names_new();
    shop->networks = network_table_new();
    dns_names_set_project(shop->names, "shop");
    add(shop, "shop-web-1", "web", (const char *[]){"front", "10.1.0.2", NULL});
    add(shop, "shop-api-1", "api", (const char *[]){"front", "10.1.0.3", "back", "10.2.0.3", NULL});
    add(shop, "shop-api-2", "api", (const char *[]){"front", "10.1.0.4", NULL});
    add(shop, "shop-db-1", "db", (const char *[]){"back", "10.2.0.5", NULL});
    dns_names_set_rank(shop->names, "shop-db-1", NAME_HIDDEN);
    dns_names_declare(shop->names, (struct string_list){.items = declared, .count = 4});
    dns_names_set_search(shop->names, (struct string_list){.items = domains, .count = 1});
    cr_assert_eq(network_table_set(shop->networks, &front, NULL), 0);
    cr_assert_eq(network_table_set(shop->networks, &back, NULL), 0);
}

static void close_shop(struct shop *shop)
{
    dns_names_free(shop->names);
    network_table_free(shop->networks);
}

/* What becomes of the packet; an answer is taken apart into shop->answer. */
static enum dns_verdict ask_packet(struct shop *shop, const struct dns_asker *asker, uint8_t *bytes,
                                   size_t length)
{
    uint8_t out[DNS_MESSAGE_BYTES];
    struct dns_buffer query = {.bytes = bytes, .size = length, .length = length};
    struct dns_buffer answer = {.bytes = out, .size = sizeof(out)};
    enum dns_verdict verdict = dns_answer(shop->names, shop->networks, asker, &query, &answer);

    if (verdict == DNS_ANSWER)
        packet_read(out, answer.length, &shop->answer);
    return verdict;
}

static enum dns_verdict ask(struct shop *shop, const char *instance, const char *name,
                            uint16_t type)
{
    struct dns_asker asker = {.instance = instance, .may_forward = true};
    uint8_t bytes[DNS_UDP_BYTES];

    return ask_packet(shop, &asker, bytes, packet_question(bytes, sizeof(bytes), name, type, 0));
}

#define EXPECT_ADDRESSES(shop, count)                                                              \
    do {                                                                                           \
        cr_expect_eq((shop)->answer.head.rcode, DNS_NOERROR);                                      \
        cr_expect_eq((shop)->answer.n_addresses, (size_t)(count));                                 \
    } while (0)

Test(dns_answer, a_service_name_leads_to_all_its_replicas_on_the_askers_network)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "api", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 2);
    cr_expect(strcmp(shop.answer.addresses[0], shop.answer.addresses[1]) != 0);
    cr_expect_eq(shop.answer.longest_ttl, 0);
    cr_expect(shop.answer.head.authoritative);
    cr_expect(shop.answer.head.recursion_available);
    close_shop(&shop);
}

Test(dns_answer, the_order_of_replicas_varies)
{
    struct shop shop;
    bool first_seen = false, second_seen = false;

    open_shop(&shop);
    for (int i = 0; i < 200; i++) {
        cr_assert_eq(ask(&shop, "shop-web-1", "api", DNS_A), DNS_ANSWER);
        first_seen |= strcmp(shop.answer.addresses[0], "10.1.0.3") == 0;
        second_seen |= strcmp(shop.answer.addresses[0], "10.1.0.4") == 0;
    }
    cr_expect(first_seen && second_seen);
    close_shop(&shop);
}

Test(dns_answer, letter_case_does_not_matter_and_is_echoed)
{
    struct shop shop;
    struct dns_name asked;

    open_shop(&shop);
    cr_assert(dns_name_from_text("wEb", &asked));
    cr_expect_eq(ask(&shop, "shop-api-1", "wEb", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect(dns_name_equal(&shop.answer.head.name, &asked));
    close_shop(&shop);
}

Test(dns_answer, names_of_other_networks_are_not_there_and_do_not_leak)
{
    struct shop shop;

    open_shop(&shop);
    dns_names_set_rank(shop.names, "shop-db-1", NAME_READY);
    cr_expect_eq(ask(&shop, "shop-web-1", "db", DNS_A), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    cr_expect_eq(ask(&shop, "shop-api-1", "db", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    close_shop(&shop);
}

Test(dns_answer, aaaa_and_other_types_of_an_own_name_are_empty_not_missing)
{
    static const uint16_t types[] = {DNS_AAAA, 15, 16, 33, 65};
    struct shop shop;

    open_shop(&shop);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        cr_expect_eq(ask(&shop, "shop-web-1", "api", types[i]), DNS_ANSWER);
        EXPECT_ADDRESSES(&shop, 0);
        cr_expect_eq(shop.answer.head.n_answers, 0);
    }
    close_shop(&shop);
}

Test(dns_answer, a_declared_name_without_a_running_instance_is_answered_here)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "worker", DNS_A), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    cr_expect_eq(ask(&shop, "shop-web-1", "worker", DNS_AAAA), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    close_shop(&shop);
}

Test(dns_answer, a_declared_name_with_a_search_domain_does_not_leak)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "worker.corp.example", DNS_A), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    cr_expect_eq(ask(&shop, "shop-web-1", "intranet.corp.example", DNS_A), DNS_FORWARD);
    close_shop(&shop);
}

Test(dns_answer, a_strangers_name_is_forwarded)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "www.example.org", DNS_A), DNS_FORWARD);
    close_shop(&shop);
}

Test(dns_answer, a_strangers_name_does_not_exist_for_internal_askers)
{
    struct shop shop;
    struct dns_asker asker = {.instance = "shop-db-1"};
    uint8_t bytes[DNS_UDP_BYTES];

    open_shop(&shop);
    cr_expect_eq(ask_packet(&shop, &asker, bytes,
                            packet_question(bytes, sizeof(bytes), "www.example.org", DNS_A, 0)),
                 DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    close_shop(&shop);
}

Test(dns_answer, starting_replicas_are_answered_only_while_none_is_ready)
{
    struct shop shop;

    open_shop(&shop);
    dns_names_set_rank(shop.names, "shop-api-1", NAME_STARTING);
    cr_expect_eq(ask(&shop, "shop-web-1", "api", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_str_eq(shop.answer.addresses[0], "10.1.0.4");
    dns_names_set_rank(shop.names, "shop-api-2", NAME_HIDDEN);
    cr_expect_eq(ask(&shop, "shop-web-1", "api", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_str_eq(shop.answer.addresses[0], "10.1.0.3");
    close_shop(&shop);
}

Test(dns_answer, a_name_with_its_network_leads_to_that_network)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-api-1", "shop-api-1.shop_back", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_str_eq(shop.answer.addresses[0], "10.2.0.3");
    cr_expect_eq(ask(&shop, "shop-api-1", "shop-api-1.front", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_str_eq(shop.answer.addresses[0], "10.1.0.3");
    cr_expect_eq(ask(&shop, "shop-web-1", "db.shop_back", DNS_A), DNS_FORWARD);
    close_shop(&shop);
}

/* "shop-db-1" with IPv6 alone, "shop-api-1" with both, on "back". */
static void give_ipv6(struct shop *shop)
{
    const char *names[] = {"db", "api"};
    struct dns_place db = {.network = "back", .names = {.items = names, .count = 1}};
    struct dns_place api = {.network = "back", .names = {.items = &names[1], .count = 1}};

    cr_assert(inet_pton(AF_INET6, "fd00:2::105", &db.address6) == 1 &&
              inet_pton(AF_INET6, "fd00:2::103", &api.address6) == 1 &&
              inet_pton(AF_INET, "10.2.0.3", &api.address) == 1);
    dns_names_set(shop->names, "shop-db-1", &db, 1);
    dns_names_set(shop->names, "shop-api-1", &api, 1);
    dns_names_set_rank(shop->names, "shop-db-1", NAME_READY);
}

Test(dns_answer, a_name_leads_to_addresses_of_the_family_that_was_asked_for)
{
    struct shop shop;

    open_shop(&shop);
    give_ipv6(&shop);
    cr_expect_eq(ask(&shop, "shop-db-1", "api", DNS_AAAA), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_str_eq(shop.answer.addresses[0], "fd00:2::103");
    cr_expect_eq(ask(&shop, "shop-db-1", "api", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_str_eq(shop.answer.addresses[0], "10.2.0.3");
    close_shop(&shop);
}

Test(dns_answer, a_name_with_ipv6_alone_exists_for_ipv4_too)
{
    struct shop shop;

    open_shop(&shop);
    give_ipv6(&shop);
    cr_expect_eq(ask(&shop, "shop-api-1", "db", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 0);
    close_shop(&shop);
}

Test(dns_answer, an_ipv6_address_leads_to_the_containers_name)
{
    static const char known[] =
        "5.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.0.0.d.f.ip6.arpa";
    static const char unknown[] =
        "6.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.0.0.d.f.ip6.arpa";
    static const char strange[] =
        "6.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.0.0.0.0.0.d.f.ip6.arpa";
    struct shop shop;

    open_shop(&shop);
    give_ipv6(&shop);
    cr_expect_eq(ask(&shop, "shop-api-1", known, DNS_PTR), DNS_ANSWER);
    cr_expect_str_eq(shop.answer.pointer, "shop-db-1.shop_back");
    cr_expect_eq(ask(&shop, "shop-api-1", unknown, DNS_PTR), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    cr_expect_eq(ask(&shop, "shop-api-1", strange, DNS_PTR), DNS_FORWARD);
    close_shop(&shop);
}

Test(dns_answer, a_link_is_one_more_name_for_the_asker_alone)
{
    const char *links[] = {"Backend=api"};
    struct shop shop;

    open_shop(&shop);
    dns_names_link(shop.names, "shop-web-1", (struct string_list){.items = links, .count = 1});
    cr_expect_eq(ask(&shop, "shop-web-1", "backend", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 2);
    cr_expect_eq(ask(&shop, "shop-web-1", "back", DNS_A), DNS_FORWARD);
    cr_expect_eq(ask(&shop, "shop-api-1", "backend", DNS_A), DNS_FORWARD);
    close_shop(&shop);
}

Test(dns_answer, a_link_may_stand_for_any_number)
{
    const char *links[] = {"api-#=shop-api-#"};
    struct shop shop;

    open_shop(&shop);
    dns_names_link(shop.names, "shop-web-1", (struct string_list){.items = links, .count = 1});
    cr_expect_eq(ask(&shop, "shop-web-1", "api-1", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 1);
    cr_expect_eq(ask(&shop, "shop-web-1", "api-", DNS_A), DNS_FORWARD);
    cr_expect_eq(ask(&shop, "shop-web-1", "api-1x", DNS_A), DNS_FORWARD);
    cr_expect_eq(ask(&shop, "shop-api-1", "api-1", DNS_A), DNS_FORWARD);
    close_shop(&shop);
}

Test(dns_answer, an_address_leads_to_the_containers_name)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "3.0.1.10.in-addr.arpa", DNS_PTR), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NOERROR);
    cr_expect_str_eq(shop.answer.pointer, "shop-api-1.shop_front");
    close_shop(&shop);
}

static void name_port(struct shop *shop)
{
    const char *names[] = {"api", "shop-api-2", "_http._tcp.api=8000", "_HTTP._tcp.shop-api-2=8000",
                           "_broken._tcp.api=port"};
    struct dns_place place = {.network = "front",
                              .names = {.items = names, .count = ARRAY_LENGTH(names)}};

    cr_assert_eq(inet_pton(AF_INET, "10.1.0.4", &place.address), 1);
    dns_names_set(shop->names, "shop-api-2", &place, 1);
}

Test(dns_answer, a_port_with_a_name_leads_to_its_number_and_to_who_has_it)
{
    const char *names[] = {"_http._tcp.api", "_Http._Tcp.Api", "_http._tcp.shop-api-2",
                           "_http._tcp.api.front", "_http._tcp.api.shop_front"};
    struct shop shop;

    open_shop(&shop);
    name_port(&shop);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        cr_expect_eq(ask(&shop, "shop-web-1", names[i], DNS_SRV), DNS_ANSWER);
        EXPECT_ADDRESSES(&shop, 0);
        cr_expect_eq(shop.answer.n_services, 1, "%s", names[i]);
        cr_expect_eq(shop.answer.port, 8000);
        cr_expect_str_eq(shop.answer.pointer, "shop-api-2.shop_front");
        cr_expect_eq(ask(&shop, "shop-web-1", shop.answer.pointer, DNS_A), DNS_ANSWER);
        EXPECT_ADDRESSES(&shop, 1);
    }
    close_shop(&shop);
}

Test(dns_answer, a_port_with_a_name_has_no_address_and_none_without_one_exists)
{
    struct shop shop;

    open_shop(&shop);
    name_port(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "_http._tcp.api", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 0);
    cr_expect_eq(ask(&shop, "shop-web-1", "api", DNS_SRV), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 0);
    cr_expect_eq(shop.answer.n_services, 0);
    cr_expect_eq(ask(&shop, "shop-web-1", "api", DNS_A), DNS_ANSWER);
    EXPECT_ADDRESSES(&shop, 2);
    close_shop(&shop);
}

Test(dns_answer, ports_of_declared_names_are_never_asked_for_elsewhere)
{
    const char *names[] = {"_smtp._tcp.api", "_broken._tcp.api", "_http._tcp.worker",
                           "_http._tcp.api.corp.example"};
    struct shop shop;

    open_shop(&shop);
    name_port(&shop);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        cr_expect_eq(ask(&shop, "shop-web-1", names[i], DNS_SRV), DNS_ANSWER, "%s", names[i]);
        cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN, "%s", names[i]);
    }
    cr_expect_eq(ask(&shop, "shop-web-1", "_http._tcp.example.org", DNS_SRV), DNS_FORWARD);
    cr_expect_eq(ask(&shop, "shop-web-1", "_http.api", DNS_SRV), DNS_FORWARD);
    cr_expect_eq(ask(&shop, "shop-web-1", "_http._tcp", DNS_SRV), DNS_FORWARD);
    close_shop(&shop);
}

Test(dns_answer, addresses_of_the_projects_subnets_are_never_forwarded)
{
    struct shop shop;

    open_shop(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "99.0.2.10.in-addr.arpa", DNS_PTR), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    cr_expect_eq(ask(&shop, "shop-web-1", "8.8.8.8.in-addr.arpa", DNS_PTR), DNS_FORWARD);
    close_shop(&shop);
}

/* 300 replicas of "many" on front. */
static void add_many(struct shop *shop)
{
    for (int i = 0; i < 300; i++) {
        char instance[32], address[16];

        (void)snprintf(instance, sizeof(instance), "shop-many-%d", i);
        (void)snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250 + 1);
        add(shop, instance, "many", (const char *[]){"front", address, NULL});
    }
}

Test(dns_answer, what_does_not_fit_into_512_bytes_is_cut_and_marked)
{
    struct shop shop;

    open_shop(&shop);
    add_many(&shop);
    cr_expect_eq(ask(&shop, "shop-web-1", "many", DNS_A), DNS_ANSWER);
    cr_expect(shop.answer.head.truncated);
    cr_expect_leq(shop.answer.size, DNS_UDP_BYTES);
    cr_expect_gt(shop.answer.n_addresses, 20);
    close_shop(&shop);
}

Test(dns_answer, an_asker_with_edns_gets_as_much_as_it_takes)
{
    struct shop shop;
    struct dns_asker asker = {.instance = "shop-web-1", .may_forward = true};
    uint8_t bytes[DNS_UDP_BYTES];

    open_shop(&shop);
    add_many(&shop);
    (void)ask_packet(&shop, &asker, bytes,
                     packet_question(bytes, sizeof(bytes), "many", DNS_A, 1232));
    cr_expect(shop.answer.head.truncated);
    cr_expect(shop.answer.head.edns);
    cr_expect_leq(shop.answer.size, 1232);
    cr_expect_gt(shop.answer.size, 1100);
    close_shop(&shop);
}

Test(dns_answer, an_asker_by_tcp_gets_everything)
{
    struct shop shop;
    struct dns_asker asker = {.instance = "shop-web-1", .may_forward = true, .tcp = true};
    uint8_t bytes[DNS_UDP_BYTES];

    open_shop(&shop);
    add_many(&shop);
    (void)ask_packet(&shop, &asker, bytes, packet_question(bytes, sizeof(bytes), "many", DNS_A, 0));
    cr_expect_not(shop.answer.head.truncated);
    EXPECT_ADDRESSES(&shop, 300);
    close_shop(&shop);
}

Test(dns_answer, other_opcodes_are_not_implemented)
{
    struct shop shop;
    struct dns_asker asker = {.instance = "shop-web-1", .may_forward = true};
    uint8_t bytes[DNS_HEADER_BYTES] = {0xab, 0xcd, 0x28};

    open_shop(&shop);
    cr_expect_eq(ask_packet(&shop, &asker, bytes, sizeof(bytes)), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NOTIMP);
    cr_expect_eq(shop.answer.head.id, 0xabcd);
    close_shop(&shop);
}

Test(dns_answer, malformed_packets_and_answers_are_dropped)
{
    struct shop shop;
    struct dns_asker asker = {.instance = "shop-web-1", .may_forward = true};
    uint8_t bytes[DNS_UDP_BYTES];
    size_t length = packet_question(bytes, sizeof(bytes), "web", DNS_A, 0);

    open_shop(&shop);
    cr_expect_eq(ask_packet(&shop, &asker, bytes, 11), DNS_DROP);
    cr_expect_eq(ask_packet(&shop, &asker, bytes, length - 1), DNS_DROP);
    bytes[2] |= 0x80;
    cr_expect_eq(ask_packet(&shop, &asker, bytes, length), DNS_DROP);
    close_shop(&shop);
}

Test(dns_answer, a_removed_instance_is_forgotten_but_its_declared_name_is_not_forwarded)
{
    struct shop shop;

    open_shop(&shop);
    dns_names_remove(shop.names, "shop-web-1");
    cr_expect_eq(ask(&shop, "shop-api-1", "web", DNS_A), DNS_ANSWER);
    cr_expect_eq(shop.answer.head.rcode, DNS_NXDOMAIN);
    close_shop(&shop);
}
