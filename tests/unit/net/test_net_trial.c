/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "net/net_trial.h"

static struct net_trial *trial_with(const char *subnet)
{
    struct net_trial *trial = net_trial_new("p");
    const struct network_spec spec = {.name = "left", .subnet = subnet};
    struct error err = {0};

    cr_assert_eq(net_trial_network(trial, &spec, &err), 0, "%s", err.text);
    return trial;
}

Test(net_trial, networks_are_tried_beside_those_before_them)
{
    scoped(net_trial_free) struct net_trial *trial = trial_with("10.99.1.0/24");
    const struct network_spec beside = {.name = "right", .subnet = "10.99.2.0/24"};
    const struct network_spec over = {.name = "over", .subnet = "10.99.0.0/16"};
    const struct network_spec open = {.name = "open"};
    struct error err = {0};

    cr_expect_eq(net_trial_network(trial, &beside, &err), 0, "%s", err.text);
    cr_expect_eq(net_trial_network(trial, &open, &err), 0, "%s", err.text);
    cr_expect_lt(net_trial_network(trial, &over, &err), 0);
    cr_expect_not_null(strstr(err.text, "10.99.0.0/16 overlaps 10.99.1.0/24"), "%s", err.text);
}

Test(net_trial, the_subnets_of_one_network_lie_beside_each_other_and_beside_others)
{
    scoped(net_trial_free) struct net_trial *trial = trial_with("10.99.1.0/24");
    struct pool_spec pools[] = {{.subnet = "10.99.3.0/24"}, {.subnet = "fd00:3::/64"}};
    const struct network_spec several = {.name = "several",
                                         .subnet = "10.99.2.0/24",
                                         .ipv6 = true,
                                         .subnet6 = "fd00:2::/64",
                                         .pools = pools,
                                         .n_pools = 2};
    const struct network_spec after = {.name = "after", .subnet = "10.99.3.128/25"};
    const struct network_spec after6 = {
        .name = "after6", .subnet = "10.99.4.0/24", .ipv6 = true, .subnet6 = "fd00:3::/80"};
    const struct endpoint_spec fixed = {
        .network = "several", .ipv4_address = "10.99.3.9", .ipv6_address = "fd00:3::9"};
    struct error err = {0};

    pools[0].subnet = "10.99.1.128/25";
    cr_expect_lt(net_trial_network(trial, &several, &err), 0);
    cr_expect_not_null(strstr(err.text, "10.99.1.128/25 overlaps 10.99.1.0/24"), "%s", err.text);
    pools[0].subnet = "10.99.2.128/25";
    cr_expect_lt(net_trial_network(trial, &several, &err), 0);
    pools[0].subnet = "10.99.3.0/24";
    pools[1].subnet = "fd00:2::/80";
    cr_expect_lt(net_trial_network(trial, &several, &err), 0);
    cr_expect_not_null(strstr(err.text, "fd00:2::/80 overlaps fd00:2::/64"), "%s", err.text);
    pools[1].subnet = "fd00:3::/64";
    cr_expect_eq(net_trial_network(trial, &several, &err), 0, "%s", err.text);
    cr_expect_eq(net_trial_endpoint(trial, "p-a-1", &fixed, &err), 0, "%s", err.text);
    cr_expect_lt(net_trial_network(trial, &after, &err), 0);
    cr_expect_not_null(strstr(err.text, "10.99.3.128/25 overlaps 10.99.3.0/24"), "%s", err.text);
    cr_expect_lt(net_trial_network(trial, &after6, &err), 0);
    cr_expect_not_null(strstr(err.text, "fd00:3::/80 overlaps fd00:3::/64"), "%s", err.text);
}

Test(net_trial, an_address_is_given_once)
{
    scoped(net_trial_free) struct net_trial *trial = trial_with("10.99.1.0/24");
    const struct endpoint_spec fixed = {.network = "left", .ipv4_address = "10.99.1.5"};
    const struct endpoint_spec outside = {.network = "left", .ipv4_address = "10.98.0.7"};
    const struct endpoint_spec elsewhere = {.network = "open", .ipv4_address = "10.98.0.7"};
    struct error err = {0};

    cr_expect_eq(net_trial_endpoint(trial, "p-a-1", &fixed, &err), 0, "%s", err.text);
    cr_expect_lt(net_trial_endpoint(trial, "p-b-1", &fixed, &err), 0);
    cr_expect_not_null(strstr(err.text, "taken by 'p-a-1'"), "%s", err.text);
    cr_expect_lt(net_trial_endpoint(trial, "p-c-1", &outside, &err), 0);
    cr_expect_not_null(strstr(err.text, "not in subnet 10.99.1.0/24"), "%s", err.text);
    cr_expect_eq(net_trial_endpoint(trial, "p-c-1", &elsewhere, &err), 0, "%s", err.text);
}

Test(net_trial, a_subnet_can_be_too_small_for_its_members)
{
    scoped(net_trial_free) struct net_trial *trial = trial_with("10.99.1.0/30");
    const struct endpoint_spec any = {.network = "left"};
    struct error err = {0};

    cr_expect_eq(net_trial_endpoint(trial, "p-a-1", &any, &err), 0, "%s", err.text);
    cr_expect_lt(net_trial_endpoint(trial, "p-a-2", &any, &err), 0);
    cr_expect_not_null(strstr(err.text, "no free address"), "%s", err.text);
}
