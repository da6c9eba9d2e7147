/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client asks of the supervisor: a change of what is wanted.
 */
#ifndef YAWL_ORCHESTRATOR_SUPERVISE_REQUEST_H
#define YAWL_ORCHESTRATOR_SUPERVISE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/codec.h"

struct request {
    const char *command; /* apply, start, stop, restart, kill, pause, unpause, remove, down, watch,
                            handover */
    const char *file; /* apply: name of the plan below the run directory; handover: the program */
    struct string_list services;   /* empty: all */
    struct string_list containers; /* these alone, instead of services */
    struct string_list named;      /* apply: those that the user named; empty: all */
    struct string_list known; /* apply: all services of the file; others' containers are orphans */
    bool force_recreate, no_recreate, remove_orphans;
    bool recreate_deps; /* those that the user did not name, too */
    bool renew_volumes; /* anonymous ones, by replacing their containers */
    bool no_start;
    bool has_grace;
    int64_t grace_ms;
    int signal_number; /* kill */
};

extern const struct codec_field request_codec[];

#endif
