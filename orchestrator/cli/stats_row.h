/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `stats` says of one container: two measurements, and the words made of them as docker has
 * them.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_STATS_ROW_H
#define YAWL_ORCHESTRATOR_CLI_STATS_ROW_H

#include <stdint.h>

#include "common/arena.h"
#include "runtime/cgroup/cgroup_usage.h"

struct stats_sample {
    uint64_t at_us; /* CLOCK_MONOTONIC */
    struct cgroup_usage usage;
    uint64_t received_bytes, sent_bytes; /* over all interfaces but loopback */
};

struct stats_row {
    const char *cpu;    /* "12.34%" of one CPU, since the measurement before */
    const char *memory; /* "1.953MiB / 15.6GiB" */
    const char *memory_share;
    const char *net;    /* "1.05kB / 0B": received and sent */
    const char *blocks; /* read and written */
    const char *tasks;
};

/* Adds the interfaces of a /proc/net/dev. */
void stats_sample_add_interfaces(const char *text, struct stats_sample *sample);

/* `before` may be all zero: a container whose CPU use is not known yet. Texts live in the arena. */
struct stats_row stats_row_make(const struct stats_sample *before, const struct stats_sample *now,
                                struct arena *arena);

#endif
