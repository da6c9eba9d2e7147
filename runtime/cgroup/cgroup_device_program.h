/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules as a BPF program on a group of the v2 tree: the last rule that matches decides, and
 * what none matches is denied.
 */
#ifndef YAWL_RUNTIME_CGROUP_CGROUP_DEVICE_PROGRAM_H
#define YAWL_RUNTIME_CGROUP_CGROUP_DEVICE_PROGRAM_H

#include <linux/bpf.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "runtime/cgroup/cgroup_devices.h"

enum { DEVICE_PROGRAM_MAX = 10 + DEVICE_RULES_MAX * 9 }; /* instructions; the kernel takes more */

/* Writes the program into `insns`, which has room for DEVICE_PROGRAM_MAX. Returns its length. */
size_t device_program_compile(const struct device_rules *rules, struct bpf_insn *insns);

/* The program that was attached last: whoever starts the only container of a project again has no
 * neighbour to find it in. */
struct device_program_cache;
struct device_program_cache *device_program_cache_new(void);
void device_program_cache_free(struct device_program_cache *cache);
DEFINE_SCOPED(struct device_program_cache *, device_program_cache_free)

/* Attaches the program to a group that has none; `cache` may be NULL. For an ordinary user the
 * kernel refuses, and there is nothing to guard either, since such a user's containers cannot make
 * device nodes: that is success. */
MUST_CHECK int device_program_attach(const struct device_rules *rules, int cgroup_fd,
                                     struct device_program_cache *cache, struct error *err);

#endif
