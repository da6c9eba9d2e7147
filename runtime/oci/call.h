/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the program: options that stand before the command, the command's own words, and
 * where errors go. What callers of an OCI runtime expect is runc's command line.
 */
#ifndef YAWL_RUNTIME_OCI_CALL_H
#define YAWL_RUNTIME_OCI_CALL_H

#include "common/arena.h"
#include "common/error.h"
#include "common/options.h"

struct oci_call {
    struct arena *arena;
    const char *root;        /* absolute: where containers' states are */
    const char *log;         /* a file, or NULL */
    const char *syslog_name; /* who we are in the system's log; NULL: nothing is written there */
    bool log_json, debug;
    bool systemd_cgroup;     /* control groups are systemd's scopes */
    const char *name;        /* of the command */
    struct string_list args; /* what follows it */
};

/* Each returns the exit status of the program; an error is in `err` when it is -1. */
MUST_CHECK int command_create(struct oci_call *call, struct error *err);
MUST_CHECK int command_run(struct oci_call *call, struct error *err);
MUST_CHECK int command_start(struct oci_call *call, struct error *err);
MUST_CHECK int command_state(struct oci_call *call, struct error *err);
MUST_CHECK int command_kill(struct oci_call *call, struct error *err);
MUST_CHECK int command_delete(struct oci_call *call, struct error *err);
MUST_CHECK int command_exec(struct oci_call *call, struct error *err);
MUST_CHECK int command_list(struct oci_call *call, struct error *err);
MUST_CHECK int command_ps(struct oci_call *call, struct error *err);
MUST_CHECK int command_pause(struct oci_call *call, struct error *err);
MUST_CHECK int command_resume(struct oci_call *call, struct error *err);
MUST_CHECK int command_update(struct oci_call *call, struct error *err);
MUST_CHECK int command_mounts(struct oci_call *call, struct error *err);
MUST_CHECK int command_events(struct oci_call *call, struct error *err);
MUST_CHECK int command_spec(struct oci_call *call, struct error *err);
MUST_CHECK int command_features(struct oci_call *call, struct error *err);

/* Parses the command's options; exactly `n_operands` must follow, or at least that many where
 * `and_more`. They stay in *ret_operands. `--help` prints `usage` and the options, and gives 1. */
struct oci_usage {
    const char *usage; /* "create [OPTIONS] ID" */
    const struct option_row *rows;
    size_t n_operands;
    bool and_more; /* what follows the operands belongs to another program */
};
MUST_CHECK int call_options(struct oci_call *call, const struct oci_usage *usage,
                            struct string_list *ret_operands, struct error *err);

/* Tells what went wrong, on standard error and in the log that the caller wants. */
void call_report(const struct oci_call *call, const char *level, const char *text);

#endif
