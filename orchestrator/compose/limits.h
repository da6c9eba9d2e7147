/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of a service or a build that are lists: of the kernel's resources, and of block devices.
 */
#ifndef YAWL_ORCHESTRATOR_COMPOSE_LIMITS_H
#define YAWL_ORCHESTRATOR_COMPOSE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct ulimit {
    const char *name;
    int64_t soft, hard;
};
struct ulimit_list {
    struct ulimit *items;
    size_t count;
};

/* One value of `blkio_config`. */
struct block_limit {
    const char *key;  /* "weight", "device_read_bps", ... */
    const char *path; /* of the device; NULL: all */
    int64_t value;
};

#endif
