/* SPDX-License-Identifier: Apache-2.0 */
#include "net/shared_registry.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/path.h"
#include "net/shared_network.h"

static char root[] = "/tmp/yawl-shared-XXXXXX";
static struct shared_registry *registry;
static struct arena *arena;

static void setup(void)
{
    struct error err = {0};

    cr_assert(mkdtemp(root) != NULL);
    arena = arena_new();
    cr_assert(mkdir(arena_printf(arena, "%s/data", root), 0700) == 0);
    cr_assert(mkdir(arena_printf(arena, "%s/run", root), 0700) == 0);
    cr_assert(shared_registry_open(arena_printf(arena, "%s/data", root),
                                   arena_printf(arena, "%s/run", root), &registry, &err) == 0,
              "%s", err.text);
}

static void teardown(void)
{
    shared_registry_free(registry);
    arena_free(arena);
    cr_expect(path_remove_tree(AT_FDCWD, root, NULL) == 0);
}

TestSuite(shared_registry, .init = setup, .fini = teardown);

static void define(const char *name, const char *project, const char *subnet)
{
    struct shared_definition definition = {
        .name = name, .project = project, .asked = {.subnet = subnet}};
    struct error err = {0};

    cr_assert(shared_registry_define(registry, &definition, arena, &err) == 0, "%s", err.text);
}

static void enter(const char *name, const char *project, const char *router)
{
    struct shared_place place = {.instance = "web-1", .address = "10.89.3.7", .rank = 2};
    struct shared_page page = {project, router, &place, 1};

    cr_assert(shared_registry_write_page(registry, name, &page, NULL) == 0);
}

static struct network_spec resolve(const char *project, const struct network_spec *asked)
{
    struct network_spec spec = {0};
    struct error err = {0};

    cr_assert(shared_registry_resolve(registry, project, asked, arena, &spec, &err) == 0, "%s",
              err.text);
    return spec;
}

static void refuse(const char *project, const struct network_spec *asked, const char *words)
{
    struct network_spec spec;
    struct error err = {0};

    cr_expect(eq(int, shared_registry_resolve(registry, project, asked, arena, &spec, &err), -1));
    cr_expect(strstr(err.text, words) != NULL, "%s", err.text);
}

static bool is_there(const char *name)
{
    struct shared_definition *definition = NULL;

    cr_assert(shared_registry_find(registry, name, arena, &definition, NULL) == 0);
    return definition != NULL;
}

Test(shared_registry, what_a_maker_leaves_open_is_settled_once)
{
    struct network_spec asked = {.name = "edge", .shared_name = "proxy", .external = true};
    struct network_spec first, second;

    define("proxy", NULL, NULL);
    first = resolve("shop", &asked);
    second = resolve("blog", &asked);
    cr_expect(first.subnet && first.gateway);
    cr_expect(string_eq(first.subnet, second.subnet));
    cr_expect(string_eq(first.name, "edge"));
}

Test(shared_registry, subnets_do_not_overlap)
{
    struct shared_definition other = {.name = "other", .asked = {.subnet = "10.89.3.128/25"}};
    struct error err = {0};

    define("proxy", NULL, "10.89.3.0/24");
    cr_expect(eq(int, shared_registry_define(registry, &other, arena, &err), -1));
    cr_expect(strstr(err.text, "overlaps 10.89.3.0/24 of another network") != NULL, "%s", err.text);
}

Test(shared_registry, an_external_network_must_be_there)
{
    struct network_spec asked = {.name = "edge", .shared_name = "proxy", .external = true};

    refuse("shop", &asked, "yawl network create proxy");
}

Test(shared_registry, a_definition_changes_only_while_nobody_else_uses_it)
{
    struct network_spec changed = {
        .name = "proxy", .shared_name = "proxy", .subnet = "10.89.4.0/24"};

    define("proxy", "shop", "10.89.3.0/24");
    enter("proxy", "shop", "10.89.3.1");
    cr_expect(string_eq(resolve("shop", &changed).subnet, "10.89.4.0/24"));
    enter("proxy", "blog", "10.89.3.2");
    refuse("shop", &changed, "others use it as it was: blog (web-1)");
    cr_expect(string_eq(resolve("blog", &changed).subnet, "10.89.3.0/24"));
}

Test(shared_registry, a_network_goes_with_its_project_unless_others_use_it)
{
    define("own", "shop", NULL);
    define("proxy", "shop", NULL);
    define("made", NULL, NULL);
    enter("proxy", "shop", "10.89.3.1");
    enter("proxy", "blog", "10.89.3.2");
    cr_assert(shared_registry_leave(registry, "shop", NULL) == 0);
    cr_expect(not(is_there("own")));
    cr_expect(is_there("proxy"));
    cr_expect(is_there("made"));
    cr_assert(shared_registry_leave(registry, "blog", NULL) == 0);
    cr_expect(is_there("proxy"));
    cr_assert(shared_registry_leave(registry, "shop", NULL) == 0);
    cr_expect(not(is_there("proxy")));
}

Test(shared_registry, names_are_those_that_docker_takes)
{
    cr_expect(shared_name_is_valid("a"));
    cr_expect(shared_name_is_valid("Proxy_1.front-end"));
    cr_expect(not(shared_name_is_valid("")));
    cr_expect(not(shared_name_is_valid(".")));
    cr_expect(not(shared_name_is_valid("../x")));
    cr_expect(not(shared_name_is_valid("a/b")));
}

/* -- a project's part in it */

/* The network as a project joins it. */
static struct network *join(const char *project)
{
    struct network_spec asked = {.name = "edge", .shared_name = "proxy", .external = true};
    struct network_spec spec = resolve(project, &asked);
    struct prefix_list none = {0};
    struct network_place place = {project, NULL, &none, NULL, 0};
    struct shared_site site = {registry, project};
    struct network *network = NULL;
    struct error err = {0};

    cr_assert(network_new(&spec, &place, &network, &err) == 0, "%s", err.text);
    cr_assert(shared_network_join(network, &site, "proxy", &err) == 0, "%s", err.text);
    return network;
}

static uint32_t claim(struct network *network, const char *instance)
{
    struct error err = {0};
    uint32_t address = 0;

    cr_assert(network_claim(network, instance, 0, &address, &err) == 0, "%s", err.text);
    return address;
}

Test(shared_registry, every_project_has_a_gateway_of_its_own_and_keeps_it)
{
    scoped(network_free) struct network *shop = NULL, *blog = NULL, *again = NULL;

    define("proxy", NULL, "10.89.3.0/29");
    shop = join("shop");
    blog = join("blog");
    cr_expect(eq(str, shop->gateway_text, "10.89.3.1"));
    cr_expect(ne(u32, shop->gateway, blog->gateway));
    again = join("blog");
    cr_expect(eq(u32, again->gateway, blog->gateway));
}

Test(shared_registry, no_address_is_given_twice_and_each_is_kept)
{
    scoped(network_free) struct network *shop = NULL, *blog = NULL, *again = NULL;
    uint32_t addresses[4];
    struct error err = {0};

    /* Six of which the two routers have one each: as many as there are containers. */
    define("proxy", NULL, "10.89.3.0/29");
    shop = join("shop");
    blog = join("blog");
    addresses[0] = claim(shop, "web-1");
    addresses[1] = claim(blog, "web-1");
    addresses[2] = claim(shop, "web-2");
    addresses[3] = claim(blog, "web-2");
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            cr_expect(ne(u32, addresses[i], addresses[j]));
    cr_expect(eq(int, network_claim(shop, "web-3", 0, &addresses[0], &err), -1));
    cr_expect(strstr(err.text, "no free address") != NULL, "%s", err.text);
    again = join("blog");
    cr_expect(eq(u32, claim(again, "web-2"), addresses[3]));
}

Test(shared_registry, what_a_project_had_is_free_when_it_has_left_and_nothing_else_is)
{
    scoped(network_free) struct network *shop = NULL, *blog = NULL;
    uint32_t address;

    define("proxy", NULL, "10.89.3.0/30");
    blog = join("blog");
    address = claim(blog, "web-1");
    cr_assert(shared_registry_leave(registry, "blog", NULL) == 0);
    shop = join("shop");
    cr_expect(eq(u32, claim(shop, "api-1"), address));
}

Test(shared_registry, a_projects_own_network_is_shared_with_the_addresses_that_it_has)
{
    scoped(network_free) struct network *own = NULL, *blog = NULL;
    struct network_spec spec = {.name = "default", .subnet = "10.89.3.0/29"};
    struct network_place place = {"shop", NULL, &(struct prefix_list){0}, NULL, 0};
    struct shared_site site = {registry, "shop"};
    uint32_t address;

    cr_assert(network_new(&spec, &place, &own, NULL) == 0);
    address = claim(own, "web-1");
    define("proxy", "shop", "10.89.3.0/29");
    cr_assert(shared_network_convert(own, &site, "proxy", NULL) == 0);
    cr_expect(eq(u32, claim(own, "web-1"), address));
    blog = join("blog");
    cr_expect(ne(u32, claim(blog, "a"), address));
    cr_expect(ne(u32, claim(blog, "b"), address));
    cr_expect(ne(u32, claim(blog, "c"), address));
}

/* -- several subnets of a family */

static void define_pools(void)
{
    struct pool_spec pools[] = {{.subnet = "10.89.5.0/24", .gateway = "10.89.5.254"},
                                {.subnet = "fd00:5::/64"},
                                {.subnet = "10.89.6.0/24"}};
    struct shared_definition definition = {.name = "proxy",
                                           .asked = {.subnet = "10.89.3.0/29",
                                                     .ipv6 = true,
                                                     .subnet6 = "fd00:3::/64",
                                                     .pools = pools,
                                                     .n_pools = ARRAY_LENGTH(pools)}};
    struct error err = {0};

    cr_assert(shared_registry_define(registry, &definition, arena, &err) == 0, "%s", err.text);
}

Test(shared_registry, all_subnets_of_a_network_are_kept_with_their_gateways)
{
    struct network_spec asked = {.name = "edge", .shared_name = "proxy", .external = true};
    struct network_spec spec;

    define_pools();
    spec = resolve("shop", &asked);
    cr_assert(eq(sz, spec.n_pools, 3));
    cr_expect(string_eq(spec.pools[0].gateway, "10.89.5.254"));
    cr_expect(string_eq(spec.pools[1].gateway, "fd00:5::1"));
    cr_expect(string_eq(spec.pools[2].gateway, "10.89.6.1"));
}

Test(shared_registry, no_subnet_of_one_network_overlaps_one_of_another)
{
    struct pool_spec pools[] = {{.subnet = "10.89.6.128/25"}};
    struct shared_definition other = {
        .name = "other", .asked = {.subnet = "10.89.7.0/24", .pools = pools, .n_pools = 1}};
    struct error err = {0};

    define_pools();
    cr_expect(eq(int, shared_registry_define(registry, &other, arena, &err), -1));
    cr_expect(strstr(err.text, "overlaps 10.89.6.0/24 of another network") != NULL, "%s", err.text);
}

Test(shared_registry, only_the_first_router_has_the_gateways_of_all_subnets)
{
    scoped(network_free) struct network *shop = NULL, *blog = NULL, *again = NULL;
    const uint32_t in_second = 0x0a590509;

    define_pools();
    shop = join("shop");
    blog = join("blog");
    cr_expect(eq(u32, network_pool_of(shop, in_second).gateway, 0x0a5905fe));
    cr_expect(eq(u32, network_pool_of(blog, in_second).gateway, blog->router));
    cr_expect(ipv6_equal(&blog->v6.pools[0].gateway, &blog->v6.gateway));
    cr_expect(not(ipv6_equal(&shop->v6.gateway, &blog->v6.gateway)));
    again = join("blog");
    cr_expect(eq(u32, again->router, blog->router));
}

Test(shared_registry, projects_fill_the_first_subnet_together_and_go_on_in_the_next)
{
    scoped(network_free) struct network *shop = NULL, *blog = NULL;
    const struct ipv4_prefix first = {0x0a590300, 29}, second = {0x0a590500, 24};
    char name[] = "web-0";
    uint32_t address;

    /* Six, of which the routers have two. */
    define_pools();
    shop = join("shop");
    blog = join("blog");
    for (int i = 0; i < 4; i++) {
        name[4] = (char)('0' + i);
        cr_expect(ipv4_prefix_contains(first, claim(i % 2 ? shop : blog, name)));
    }
    cr_expect(ipv4_prefix_contains(second, claim(shop, "api-1")));
    address = claim(blog, "api-1");
    cr_expect(ipv4_prefix_contains(second, address));
    cr_expect(ne(u32, address, claim(shop, "api-1")));
}

/* -- IPv6 */

static int claim6(struct network *network, const char *instance, const char *wanted, char *ret_text,
                  struct error *err)
{
    uint32_t number = network_number_of(network, claim(network, instance));
    struct in6_addr address;

    if (network_claim6(network, instance, wanted, number, &address, err) < 0)
        return -1;
    (void)ipv6_format(&address, ret_text);
    return 0;
}

static void define6(void)
{
    struct shared_definition definition = {
        .name = "proxy",
        .asked = {.subnet = "10.89.3.0/24", .ipv6 = true, .subnet6 = "fd00:3::/64"}};

    cr_assert(shared_registry_define(registry, &definition, arena, NULL) == 0);
}

Test(shared_registry, an_ipv6_address_that_a_project_fixes_is_no_others)
{
    scoped(network_free) struct network *shop = NULL, *blog = NULL, *again = NULL;
    char text[IPV6_TEXT_SIZE], automatic[IPV6_TEXT_SIZE];
    struct error err = {0};

    define6();
    shop = join("shop");
    blog = join("blog");
    cr_assert(claim6(shop, "web-1", "fd00:3::9", text, &err) == 0, "%s", err.text);
    cr_expect(eq(int, claim6(blog, "web-1", "fd00:3::9", text, &err), -1));
    cr_expect(strstr(err.text, "taken by 'shop/web-1'") != NULL, "%s", err.text);
    cr_assert(claim6(shop, "api-1", NULL, automatic, &err) == 0, "%s", err.text);
    cr_expect(eq(int, claim6(blog, "web-1", automatic, text, &err), -1));
    cr_expect(strstr(err.text, "taken by 'shop/api-1'") != NULL, "%s", err.text);
    /* Another supervisor of the same project finds its own. */
    again = join("shop");
    cr_expect(eq(int, claim6(again, "web-1", "fd00:3::9", text, &err), 0));
    cr_assert(shared_registry_leave(registry, "shop", NULL) == 0);
    cr_expect(eq(int, claim6(blog, "web-1", "fd00:3::9", text, &err), 0));
}
