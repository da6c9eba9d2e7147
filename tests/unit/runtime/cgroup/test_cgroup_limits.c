/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_limits.h"

#include <criterion/criterion.h>

#include "common/text.h"

enum { MIB = 1024 * 1024 };

static const char *refusal(const struct resource_spec *resources, struct error *err)
{
    return cgroup_limits_check(resources, err) < 0 ? err->text : "";
}

Test(cgroup_limits, the_default_shares_are_the_default_weight)
{
    cr_expect_eq(cgroup_limits_cpu_weight(1024), 100);
}

Test(cgroup_limits, the_least_and_the_most_shares_are_the_least_and_the_most_weight)
{
    cr_expect_eq(cgroup_limits_cpu_weight(1), 1);
    cr_expect_eq(cgroup_limits_cpu_weight(2), 1);
    cr_expect_eq(cgroup_limits_cpu_weight(262144), 10000);
    cr_expect_eq(cgroup_limits_cpu_weight(UINT64_MAX), 10000);
}

Test(cgroup_limits, more_shares_are_never_less_weight)
{
    uint64_t last = 1;

    for (uint64_t shares = 2; shares <= 262144; shares++) {
        uint64_t weight = cgroup_limits_cpu_weight(shares);

        cr_assert_geq(weight, last, "%llu", (unsigned long long)shares);
        cr_assert_leq(weight, 10000);
        last = weight;
    }
}

Test(cgroup_limits, memory_and_swap_is_twice_the_memory_unless_given)
{
    cr_expect_eq(cgroup_limits_memory_and_swap(&(struct resource_spec){.memory_bytes = 100}), 200);
    cr_expect_eq(cgroup_limits_memory_and_swap(
                     &(struct resource_spec){.memory_bytes = 100, .memory_swap_bytes = 100}),
                 100);
    cr_expect_eq(cgroup_limits_memory_and_swap(
                     &(struct resource_spec){.memory_bytes = 100, .memory_swap_bytes = -1}),
                 -1);
    cr_expect_eq(cgroup_limits_memory_and_swap(&(struct resource_spec){0}), 0);
    cr_expect_eq(cgroup_limits_memory_and_swap(&(struct resource_spec){.memory_bytes = INT64_MAX}),
                 -1);
}

Test(cgroup_limits, no_limits_need_no_controllers)
{
    cr_expect_eq(cgroup_limits_controllers(&(struct resource_spec){.pids = -1, .cpuset = ""}), 0);
}

Test(cgroup_limits, each_limit_needs_its_controller_and_names_its_key)
{
    static const struct {
        struct resource_spec resources;
        enum cgroup_controller controller;
        const char *key;
    } cases[] = {
        {{.memory_bytes = 1}, CONTROLLER_MEMORY, "mem_limit"},
        {{.memory_reservation_bytes = 1}, CONTROLLER_MEMORY, "mem_reservation"},
        {{.cpu_quota_us = 1}, CONTROLLER_CPU, "cpus"},
        {{.cpu_period_us = 1}, CONTROLLER_CPU, "cpu_period"},
        {{.cpu_shares = 1}, CONTROLLER_CPU, "cpu_shares"},
        {{.cpuset = "0"}, CONTROLLER_CPUSET, "cpuset"},
        {{.pids = 1}, CONTROLLER_PIDS, "pids_limit"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cr_expect_eq(cgroup_limits_controllers(&cases[i].resources),
                     CONTROLLER_BIT(cases[i].controller));
        cr_expect_str_eq(cgroup_limits_key(&cases[i].resources, cases[i].controller), cases[i].key);
    }
}

Test(cgroup_limits, impossible_limits_are_refused_by_their_key)
{
    static const struct {
        struct resource_spec resources;
        const char *text;
    } cases[] = {
        {{.memory_bytes = 6 * MIB - 1}, "limit 'mem_limit'"},
        {{.memory_bytes = -1}, "limit 'mem_limit'"},
        {{.memory_bytes = 8 * MIB, .memory_swap_bytes = 7 * MIB}, "limit 'memswap_limit'"},
        {{.memory_swap_bytes = 7 * MIB}, "limit 'memswap_limit'"},
        {{.memory_bytes = 8 * MIB, .memory_reservation_bytes = 9 * MIB}, "limit 'mem_reservation'"},
        {{.cpu_quota_us = 999}, "limit 'cpus'"},
        {{.cpu_period_us = 999}, "limit 'cpu_period'"},
        {{.cpu_period_us = 1000001}, "limit 'cpu_period'"},
        {{.pids = -2}, "limit 'pids_limit'"},
        {{.cpuset = "0\n1"}, "limit 'cpuset'"},
        {{.cpuset = "all"}, "limit 'cpuset'"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err = {0};

        cr_expect(string_starts_with(refusal(&cases[i].resources, &err), cases[i].text),
                  "%zu: '%s'", i, err.text);
    }
}

Test(cgroup_limits, usual_limits_pass)
{
    struct resource_spec resources = {.memory_bytes = 6 * MIB,
                                      .memory_swap_bytes = 6 * MIB,
                                      .memory_reservation_bytes = 6 * MIB,
                                      .cpu_quota_us = 1000,
                                      .cpu_period_us = 1000000,
                                      .cpuset = "0-3,7",
                                      .pids = 100};
    struct error err = {0};

    cr_expect_str_eq(refusal(&resources, &err), "");
}

Test(cgroup_limits, lists_of_cpus_are_compared_as_sets)
{
    cr_expect(cgroup_limits_cpus_within("0", "0-1\n"));
    cr_expect(cgroup_limits_cpus_within("1,0", "0-1"));
    cr_expect(cgroup_limits_cpus_within("2-3,5", "0-3,5-7"));
    cr_expect_not(cgroup_limits_cpus_within("2-4", "0-3,5-7"));
    cr_expect_not(cgroup_limits_cpus_within("0-8192", "0-9000"));
    cr_expect_not(cgroup_limits_cpus_within("3-1", "0-3"));
    cr_expect_not(cgroup_limits_cpus_within("0-", "0-3"));
    cr_expect_not(cgroup_limits_cpus_within("-1", "0-3"));
    cr_expect_not(cgroup_limits_cpus_within("0 1", "0-3"));
}
