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

/* What a command has done itself, for the journal: `up` before it asks, `exec` without asking. */
struct request_phase {
    const char *kind;             /* the name of an event: "load", "pull", "exec_start", ... */
    const char *service, *detail; /* or NULL */
    uint64_t began_ns, ended_ns;  /* CLOCK_MONOTONIC */
};

struct request {
    const char *command; /* apply, start, stop, restart, kill, pause, unpause, remove, down, watch,
                            handover, note, share */
    const char *file;    /* handover: the program */
    struct string_list services;   /* empty: all; share: networks, as the file names them */
    struct string_list containers; /* these alone, instead of services */
    struct string_list named;      /* apply: those that the user named; empty: all */
    struct string_list known; /* apply: all services of the file; others' containers are orphans */
    bool force_recreate, no_recreate, remove_orphans;
    bool recreate_deps; /* those that the user did not name, too */
    bool renew_volumes; /* anonymous ones, by replacing their containers */
    bool no_start;
    bool no_deps; /* restart: dependents with `restart: true` are left alone */
    bool has_grace;
    int64_t grace_ms;
    int signal_number; /* kill */
    uint64_t up;       /* apply: the name of an `up` for the journal, see event.h; or 0 */
    struct request_phase *phases; /* apply, note */
    size_t n_phases;
    int exit_code; /* note: with "exec_die" */
    /* apply: the plan (plan.h), a file that goes along as a descriptor; the sender's. It may be
     * larger than a message, and a name would not outlive a project that ends meanwhile. 0: none.
     */
    int plan_fd;
};

extern const struct codec_field request_codec[];

#endif
