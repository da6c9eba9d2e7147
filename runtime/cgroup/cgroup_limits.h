/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the limits of a container mean for the kernel, apart from the files they are written to.
 *
 * Numbers and defaults are docker's, because Compose files rely on them.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_LIMITS_H
#define YAWL_RUNTIME_CGROUP_CGROUP_LIMITS_H

#include <stdint.h>

#include "common/error.h"
#include "runtime/cgroup/cgroup_layout.h"
#include "runtime/container_spec.h"

enum {
    CPU_PERIOD_DEFAULT_US = 100000,
    CPU_QUOTA_MIN_US = 1000,
    MEMORY_MIN_BYTES = 6 * 1024 * 1024,
};

/* Refuses what no kernel can do or what would never work; names the Compose key. */
MUST_CHECK int cgroup_limits_check(const struct resource_spec *resources, struct error *err);

/* The controllers that the limits need, as a set of CONTROLLER_BIT(). */
unsigned cgroup_limits_controllers(const struct resource_spec *resources);

/* The Compose key of the first limit that needs the controller, for messages. */
const char *cgroup_limits_key(const struct resource_spec *resources,
                              enum cgroup_controller controller);

/* Memory and swap together: -1 is unlimited, 0 is not to be set. Twice the memory when not given.
 */
int64_t cgroup_limits_memory_and_swap(const struct resource_spec *resources);

/* The period to write: the given one or the kernel's default. */
int64_t cgroup_limits_cpu_period(const struct resource_spec *resources);

/* cpu.weight (1..10000) of cpu.shares (2..262144) so that the defaults, 100 and 1024, meet. */
uint64_t cgroup_limits_cpu_weight(uint64_t shares);

/* Whether every CPU of the list `wanted` ("0-3,6") is in the list `available`. */
bool cgroup_limits_cpus_within(const char *wanted, const char *available);

/* Puts "limit 'KEY'" in front of the error. Returns -1. */
int cgroup_limits_failed(const char *key, struct error *err);

#endif
