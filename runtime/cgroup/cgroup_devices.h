/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which device nodes a container may use: a short default list, and what its specification adds.
 *
 * In the v2 tree a small BPF program decides, on v1 the devices controller. Both forbid what no
 * rule allows; where rules contradict each other the later one counts.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_DEVICES_H
#define YAWL_RUNTIME_CGROUP_CGROUP_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "runtime/container_spec.h"

enum {
    DEVICE_ANY = -1,
    DEVICE_RULES_MAX = 512,
};

enum device_access { ACCESS_MKNOD = 1, ACCESS_READ = 2, ACCESS_WRITE = 4, ACCESS_ALL = 7 };

struct device_rule {
    char type;                      /* 'c', 'b', or 'a' for both */
    int major_number, minor_number; /* or DEVICE_ANY */
    unsigned access;                /* some of device_access */
    bool denies;
};

struct device_rules {
    struct device_rule items[DEVICE_RULES_MAX];
    size_t count;
};

/* Reads "c 189:*": the type (a, b, c), and the numbers or '*' for all; with this access. */
MUST_CHECK int device_rule_parse(const char *text, const char *permissions,
                                 struct device_rule *ret_rule, struct error *err);

/* The default list, then one rule for each device; a directory stands for the devices below it. */
MUST_CHECK int device_rules_make(const struct device_spec *devices, size_t n_devices,
                                 struct device_rules *ret_rules, struct error *err);

/* Adds the default list to rules that were made by hand. */
MUST_CHECK int device_rules_add_default(struct device_rules *rules, struct error *err);

/* Writes the rules to a group of the v1 devices controller. */
MUST_CHECK int device_rules_write_v1(const struct device_rules *rules, int cgroup_fd,
                                     struct error *err);

#endif
