/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/number_set.h"

int cgroup_limits_failed(const char *key, struct error *err)
{
    return error_wrap(err, "limit '%s'", key);
}

static int check_memory(const struct resource_spec *resources, struct error *err)
{
    int64_t memory = resources->memory_bytes;
    int64_t swap = resources->memory_swap_bytes;

    if (memory < 0 || (memory > 0 && memory < MEMORY_MIN_BYTES))
        return error_set(err, "limit 'mem_limit': %lld is less than the minimum of 6 MiB",
                         (long long)memory);
    if (swap < -1 || (swap > 0 && swap < memory))
        return error_set(err, "limit 'memswap_limit': %lld is less than 'mem_limit'",
                         (long long)swap);
    if (swap > 0 && memory == 0)
        return error_set(err, "limit 'memswap_limit': needs a 'mem_limit'");
    if (resources->memory_reservation_bytes < 0 ||
        (memory > 0 && resources->memory_reservation_bytes > memory))
        return error_set(err, "limit 'mem_reservation': %lld is more than 'mem_limit'",
                         (long long)resources->memory_reservation_bytes);
    return 0;
}

static bool is_cpu_list(const char *list)
{
    return *list && strspn(list, "0123456789,-") == strlen(list);
}

int cgroup_limits_check(const struct resource_spec *resources, struct error *err)
{
    int64_t quota = resources->cpu_quota_us;
    int64_t period = resources->cpu_period_us;

    if (check_memory(resources, err) < 0)
        return -1;
    if (quota < -1 || (quota > 0 && quota < CPU_QUOTA_MIN_US))
        return error_set(err, "limit 'cpus': a quota of %lld us is less than the minimum of %d us",
                         (long long)quota, CPU_QUOTA_MIN_US);
    if (period != 0 && (period < 1000 || period > 1000000))
        return error_set(err, "limit 'cpu_period': %lld us is not in 1000-1000000",
                         (long long)period);
    if (resources->pids < -1)
        return error_set(err, "limit 'pids_limit': %lld is negative", (long long)resources->pids);
    if (resources->cpuset && *resources->cpuset && !is_cpu_list(resources->cpuset))
        return error_set(err, "limit 'cpuset': '%s' is no list of CPUs", resources->cpuset);
    return 0;
}

static const char *setting_key(const struct resource_spec *resources,
                               enum cgroup_controller controller)
{
    for (size_t i = 0; i < resources->n_settings; i++)
        if (string_eq(resources->settings[i].controller, cgroup_controller_name(controller)))
            return resources->settings[i].key;
    return NULL;
}

const char *cgroup_limits_key(const struct resource_spec *resources,
                              enum cgroup_controller controller)
{
    switch (controller) {
    case CONTROLLER_MEMORY:
        if (resources->memory_bytes > 0)
            return "mem_limit";
        if (resources->memory_reservation_bytes > 0)
            return "mem_reservation";
        return setting_key(resources, controller);
    case CONTROLLER_CPU:
        if (resources->cpu_quota_us > 0)
            return "cpus";
        if (resources->cpu_period_us > 0)
            return "cpu_period";
        return resources->cpu_shares > 0 ? "cpu_shares" : setting_key(resources, controller);
    case CONTROLLER_CPUSET:
        return resources->cpuset && *resources->cpuset ? "cpuset" : NULL;
    case CONTROLLER_PIDS:
        return resources->pids > 0 ? "pids_limit" : NULL;
    case CONTROLLER_BLKIO:
        return setting_key(resources, controller);
    case CONTROLLER_DEVICES:
    case CONTROLLER_FREEZER:
    case CONTROLLER_CPUACCT:
    case CONTROLLER_HUGETLB:
    case CONTROLLER_NET_CLS:
    case CONTROLLER_NET_PRIO:
    case CONTROLLER_RDMA:
    case CONTROLLER_COUNT:
        break;
    }
    return NULL;
}

unsigned cgroup_limits_controllers(const struct resource_spec *resources)
{
    unsigned controllers = 0;

    for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
        if (cgroup_limits_key(resources, (enum cgroup_controller)i))
            controllers |= CONTROLLER_BIT(i);
    return controllers;
}

int64_t cgroup_limits_memory_and_swap(const struct resource_spec *resources)
{
    if (resources->memory_bytes <= 0 || resources->memory_swap_bytes != 0)
        return resources->memory_swap_bytes;
    return resources->memory_bytes > INT64_MAX / 2 ? -1 : resources->memory_bytes * 2;
}

int64_t cgroup_limits_cpu_period(const struct resource_spec *resources)
{
    return resources->cpu_period_us > 0 ? resources->cpu_period_us : CPU_PERIOD_DEFAULT_US;
}

uint64_t cgroup_limits_cpu_weight(uint64_t shares)
{
    double l;

    if (shares <= 2)
        return 1;
    if (shares >= 262144)
        return 10000;
    l = log2((double)shares);
    /* 126/612 is 7/34; one division keeps 1024 -> 100 exact. */
    return (uint64_t)ceil(pow(10, (l * l + 125 * l - 126) / 612));
}

bool cgroup_limits_cpus_within(const char *wanted, const char *available)
{
    struct number_set wanted_cpus, available_cpus;

    return number_set_parse(wanted, &wanted_cpus) && number_set_parse(available, &available_cpus) &&
           number_set_within(&wanted_cpus, &available_cpus);
}
