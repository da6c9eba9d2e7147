/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sysctls:` of a container. Only those of namespaces that are the container's own may be written,
 * and only through a procfs that nobody else could mount over.
 */
#ifndef YAWL_RUNTIME_SYSCTLS_H
#define YAWL_RUNTIME_SYSCTLS_H

#include "runtime/container_spec.h"
#include "runtime/failure.h"

struct sysctl {
    const char *path; /* below the root of procfs: "sys/net/core/somaxconn" */
    const char *value;
};

struct sysctls {
    struct sysctl *items;
    size_t count;
};

/* Checks "name=value" of the spec and turns names into paths; in the arena. */
MUST_CHECK int sysctls_plan(const struct container_spec *spec, struct arena *arena,
                            struct sysctls *ret_sysctls, struct error *err);

/* In the child. */
MUST_CHECK int sysctls_write(const struct sysctls *sysctls, int proc_fd, struct failure *failure);

/* In the child: what docker sets in every network namespace of a container, as far as the kernel
 * has it. `n_ids` is how many group ids exist inside. */
void sysctls_write_defaults(int proc_fd, uint32_t n_ids);

#endif
