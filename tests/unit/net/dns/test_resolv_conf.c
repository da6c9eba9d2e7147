/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns/resolv_conf.h"

#include <criterion/criterion.h>

#include "common/text.h"

static struct resolv_conf parsed(struct arena *arena, const char *text)
{
    struct resolv_conf conf;

    resolv_conf_parse(text, arena, &conf);
    return conf;
}

static void expect_server(const struct resolv_conf *conf, size_t index, const char *text)
{
    char address[INET_ADDRESS_TEXT_SIZE];

    cr_assert_lt(index, conf->n_servers);
    inet_address_format(&conf->servers[index], address);
    cr_expect_str_eq(address, text);
}

Test(resolv_conf, name_servers_and_search_domains_are_read)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct resolv_conf conf = parsed(arena, "# from DHCP\n"
                                            "nameserver 192.0.2.1\n"
                                            "  nameserver\t2001:db8::1  trailing\n"
                                            "options edns0\n"
                                            "search corp.example example.org.\n");

    cr_expect_eq(conf.n_servers, 2);
    expect_server(&conf, 0, "192.0.2.1:53");
    expect_server(&conf, 1, "[2001:db8::1]:53");
    cr_assert_eq(conf.search.count, 2);
    cr_expect_str_eq(conf.search.items[0], "corp.example");
}

Test(resolv_conf, an_empty_file_means_the_local_server)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct resolv_conf conf = parsed(arena, "");

    cr_expect_eq(conf.n_servers, 1);
    expect_server(&conf, 0, "127.0.0.1:53");
}

Test(resolv_conf, the_last_search_line_counts)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct resolv_conf conf = parsed(arena, "domain a.example\nsearch b.example c.example");

    cr_expect_eq(conf.search.count, 2);
}

Test(resolv_conf, lines_that_make_no_sense_are_skipped)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct resolv_conf conf = parsed(arena, "nameserver\nnameserver not-an-address\n"
                                            "nameserverx 192.0.2.9\n;nameserver 192.0.2.8\n"
                                            "nameserver 127.0.0.53\nsearch . a..b ok.example\n");

    cr_expect_eq(conf.n_servers, 1);
    expect_server(&conf, 0, "127.0.0.53:53");
    cr_expect_eq(conf.search.count, 1);
}

Test(resolv_conf, excess_is_ignored)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text text = {0};
    struct resolv_conf conf;

    for (int i = 0; i < 100; i++)
        text_appendf(&text, "nameserver 192.0.2.%d\n", i + 1);
    text_append(&text, "search");
    for (int i = 0; i < 100; i++)
        text_appendf(&text, " d%d.example", i);
    conf = parsed(arena, text_get(&text));
    cr_expect_eq(conf.n_servers, NET_LIMIT_NAME_SERVERS);
    cr_expect_eq(conf.search.count, NET_LIMIT_SEARCH_DOMAINS);
}
