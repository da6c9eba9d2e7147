/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/orchestrator/plan/plan_fixture.h"

Test(plan_network, one_host_port_for_two_containers_is_an_error_that_suggests_a_range)
{
    struct fixture fixture;
    struct service_port port = {.target = 80, .published = "8080", .protocol = "tcp"};

    fixture_init(&fixture);
    fixture.service.ports = &port;
    fixture.service.n_ports = 1;
    fixture.service.scale = 2;
    (void)fixture_plan(&fixture);
    cr_expect_eq(diagnostics_count(fixture.diagnostics, SEVERITY_ERROR), 1);
    cr_expect_not_null(strstr(first_error(&fixture), "8080-8081:80"), "%s", first_error(&fixture));
    fixture_done(&fixture);
}

Test(plan_network, a_range_of_host_ports_is_kept)
{
    struct fixture fixture;
    struct service_port port = {.target = 53, .published = "8000-8010", .protocol = "udp"};
    struct plan *plan;

    fixture_init(&fixture);
    fixture.service.ports = &port;
    fixture.service.n_ports = 1;
    plan = fixture_plan(&fixture);
    cr_assert_not_null(plan);
    cr_expect_eq(plan->instances[0].ports[0].host_port, 8000);
    cr_expect_eq(plan->instances[0].ports[0].host_port_end, 8010);
    cr_expect(plan->instances[0].ports[0].udp);
    fixture_done(&fixture);
}

Test(plan_network, host_gateway_is_the_reserved_address_and_asks_for_access)
{
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    string_list_add(fixture.arena, &fixture.service.extra_hosts, "host=host-gateway");
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_str_eq(plan->instances[0].hosts.items[0], HOST_GATEWAY_ADDRESS " host");
    cr_expect_eq(plan->instances[0].host_access, HOST_ACCESS_OWN);
    fixture_done(&fixture);
}

Test(plan_network, the_reserved_address_alone_gives_no_access_to_the_host)
{
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    fixture.service.host_gateway = "loopback";
    string_list_add(fixture.arena, &fixture.service.extra_hosts, "host=" HOST_GATEWAY_ADDRESS);
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_eq(plan->instances[0].host_access, HOST_ACCESS_NONE);
    fixture_done(&fixture);
}

Test(plan_network, host_gateway_leads_to_loopback_only_by_that_word)
{
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    string_list_add(fixture.arena, &fixture.service.extra_hosts, "host=host-gateway");
    fixture.service.host_gateway = "loopback";
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_eq(plan->instances[0].host_access, HOST_ACCESS_LOOPBACK);
    fixture.service.host_gateway = "anything";
    (void)fixture_plan(&fixture);
    cr_expect_str_eq(first_error(&fixture), "'anything' is not known; there is 'loopback'");
    fixture_done(&fixture);
}

static void add_network(struct fixture *fixture, struct network *network,
                        struct service_network *joined)
{
    fixture->project.networks = network;
    fixture->project.n_networks = 1;
    joined->network = network->key;
    fixture->service.networks = joined;
    fixture->service.n_networks = 1;
}

Test(plan_network, a_port_with_a_name_is_found_by_it)
{
    struct network network = {.key = "default", .enable_ipv4 = true};
    struct service_port ports[] = {{.target = 80, .published = "8080", .protocol = "tcp"},
                                   {.name = "talk", .target = 81, .protocol = "udp"}};
    struct service_network joined = {0};
    struct string_list names;
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    add_network(&fixture, &network, &joined);
    fixture.service.ports = ports;
    fixture.service.n_ports = ARRAY_LENGTH(ports);
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    names = plan->instances[0].endpoints[0].names;
    cr_expect(string_list_has(&names, "_talk._udp.a=81"));
    cr_expect(string_list_has(&names, "_talk._udp.p-a-1=81"));
    for (size_t i = 0; i < names.count; i++)
        cr_expect(!strstr(names.items[i], "=80"), "%s", names.items[i]);
    fixture_done(&fixture);
}

Test(plan_network, ports_of_a_station_alone_are_told_to_lead_nowhere_and_left_out)
{
    struct network network = {.key = "lan", .driver = "macvlan", .enable_ipv4 = true};
    struct pair parent = {.name = "parent", .value = "eth0"};
    struct service_port port = {.target = 80, .published = "8080"};
    struct service_network joined = {0};
    struct fixture fixture;
    const struct plan *plan;

    network.driver_opts = (struct pair_list){.items = &parent, .count = 1};
    fixture_init(&fixture);
    add_network(&fixture, &network, &joined);
    fixture.service.ports = &port;
    fixture.service.n_ports = 1;
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_eq(diagnostics_count(fixture.diagnostics, SEVERITY_WARNING), 1);
    cr_expect_eq(plan->instances[0].n_ports, 0);
    fixture_done(&fixture);
}

Test(plan_network, a_link_with_an_alias_is_a_name_of_the_containers_own)
{
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    string_list_add(fixture.arena, &fixture.service.links, "db");
    string_list_add(fixture.arena, &fixture.service.links, "db:database");
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_assert_eq(plan->instances[0].links.count, 1);
    cr_expect_str_eq(plan->instances[0].links.items[0], "database=db");
    fixture_done(&fixture);
}

Test(plan_network, a_link_names_each_container_of_the_service)
{
    struct service services[2];
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    string_list_add(fixture.arena, &fixture.service.links, "db");
    string_list_add(fixture.arena, &fixture.service.external_links, "q-mail-1:mail");
    services[0] = fixture.service;
    services[1] = (struct service){.name = "db", .image = "img"};
    fixture.project.services = services;
    fixture.project.n_services = 2;
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_assert_eq(plan->instances[0].links.count, 2);
    cr_expect_str_eq(plan->instances[0].links.items[0], "db-#=p-db-#");
    cr_expect_str_eq(plan->instances[0].links.items[1], "mail=q-mail-1");
    services[1].container_name = "store";
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_assert_eq(plan->instances[0].links.count, 3);
    cr_expect_str_eq(plan->instances[0].links.items[0], "db-1=store");
    cr_expect_str_eq(plan->instances[0].links.items[1], "p-db-1=store");
    fixture_done(&fixture);
}

Test(plan_network, options_of_dockers_bridge_driver_take_effect)
{
    struct pair options[] = {
        {.name = "com.docker.network.driver.mtu", .value = "1400"},
        {.name = "com.docker.network.bridge.enable_icc", .value = "false"},
        {.name = "com.docker.network.bridge.host_binding_ipv4", .value = "127.0.0.1"},
        {.name = "com.docker.network.container_iface_prefix", .value = "net"}};
    struct network network = {
        .key = "n", .enable_ipv4 = true, .driver_opts = {.items = options, .count = 4}};
    struct service_network joined = {0};
    struct service_port port = {.target = 80, .published = "8080"};
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    add_network(&fixture, &network, &joined);
    fixture.service.ports = &port;
    fixture.service.n_ports = 1;
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_eq(diagnostics_length(fixture.diagnostics), 0);
    cr_expect_eq(plan->networks[0].mtu, 1400);
    cr_expect(plan->networks[0].isolated);
    cr_expect_str_eq(plan->instances[0].ports[0].host_ip, "127.0.0.1");
    cr_expect_str_eq(plan->instances[0].endpoints[0].interface_name, "net0");
    fixture_done(&fixture);
}

Test(plan_network, options_of_a_services_place_on_a_network_take_effect)
{
    struct pair options[] = {
        {.name = "com.docker.network.endpoint.ifname", .value = "wan0"},
        {.name = "com.docker.network.endpoint.sysctls",
         .value = "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2"}};
    struct network network = {.key = "n", .enable_ipv4 = true};
    struct service_network joined = {.driver_opts = {.items = options, .count = 2}};
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    add_network(&fixture, &network, &joined);
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_eq(diagnostics_length(fixture.diagnostics), 0);
    cr_expect_str_eq(plan->instances[0].endpoints[0].interface_name, "wan0");
    cr_assert_eq(plan->instances[0].endpoints[0].settings.count, 2);
    cr_expect_str_eq(plan->instances[0].endpoints[0].settings.items[0],
                     "ipv4/conf/IFNAME/log_martians=1");
    cr_expect_str_eq(plan->instances[0].endpoints[0].settings.items[1],
                     "ipv6/conf/IFNAME/accept_ra=2");
    fixture_done(&fixture);
}

Test(plan_network, a_parameter_that_is_not_an_interfaces_is_refused)
{
    static const char *const wrong[] = {
        "net.ipv4.ip_forward=1",         "net.ipv4.conf.IFNAME.log_martians",
        "kernel.x.IFNAME.y=1",           "net.ipv4.conf/../IFNAME.x=1",
        "net.ipv4.conf..IFNAME.rate=1",  "net.core.conf.IFNAME.x=1",
        "net.ipv4.conf.eth0.rp_filter=1"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct pair option = {.name = "com.docker.network.endpoint.sysctls", .value = wrong[i]};
        struct network network = {.key = "n", .enable_ipv4 = true};
        struct service_network joined = {.driver_opts = {.items = &option, .count = 1}};
        struct fixture fixture;

        fixture_init(&fixture);
        add_network(&fixture, &network, &joined);
        (void)fixture_plan(&fixture);
        cr_expect(strstr(first_error(&fixture), "no parameter of an interface"), "%s", wrong[i]);
        fixture_done(&fixture);
    }
}

Test(plan_network, options_of_a_network_that_do_nothing_are_told_of)
{
    struct pair options[] = {
        {.name = "com.docker.network.bridge.gateway_mode_ipv4", .value = "routed"},
        {.name = "com.example.unheard", .value = "x"}};
    struct network network = {
        .key = "n", .enable_ipv4 = true, .driver_opts = {.items = options, .count = 2}};
    struct service_network joined = {0};
    struct fixture fixture;

    fixture_init(&fixture);
    add_network(&fixture, &network, &joined);
    cr_expect(fixture_plan(&fixture));
    cr_expect_eq(diagnostics_length(fixture.diagnostics), 2);
    cr_expect_str_eq(diagnostics_get(fixture.diagnostics, 0)->message,
                     "'routed' has no effect: what leaves the network is relayed");
    cr_expect_str_eq(diagnostics_get(fixture.diagnostics, 1)->message, "the option is not known");
    fixture_done(&fixture);
}

Test(plan_network, the_services_hardware_address_must_be_that_of_its_first_network)
{
    struct network network = {.key = "n", .enable_ipv4 = true};
    struct service_network joined = {0};
    struct fixture fixture;
    const struct plan *plan;

    fixture_init(&fixture);
    add_network(&fixture, &network, &joined);
    fixture.service.mac_address = "02:00:00:00:00:01";
    plan = fixture_plan(&fixture);
    cr_assert(plan, "%s", first_error(&fixture));
    cr_expect_str_eq(plan->instances[0].endpoints[0].mac_address, "02:00:00:00:00:01");
    joined.mac_address = "02:00:00:00:00:02";
    (void)fixture_plan(&fixture);
    cr_expect_str_eq(first_error(&fixture),
                     "'02:00:00:00:00:01' is not '02:00:00:00:00:02', which network 'n' says");
    fixture_done(&fixture);
}
