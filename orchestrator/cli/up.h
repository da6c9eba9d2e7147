/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `up` and its kin (`create`, `scale`): what the command line says, and when it has come true.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_UP_H
#define YAWL_ORCHESTRATOR_CLI_UP_H

#include "orchestrator/cli/command.h"
#include "orchestrator/cli/follow.h"
#include "orchestrator/cli/log_style.h"
#include "orchestrator/cli/phases.h"
#include "orchestrator/cli/project_prepare.h"

struct up {
    const struct plan *plan;
    bool detach, wait, abort_on_exit, abort_on_failure;
    bool no_start; /* create only */
    const char *exit_code_from;
    struct string_list attached; /* containers whose output is shown */
    uint64_t attached_ns;        /* from then on, CLOCK_REALTIME */
    int exit_code;
    bool aborting;
    const char *awaited; /* the container that keeps the goal from being reached; of the plan */

    struct string_list named; /* services that the user named; empty: all */
    struct string_list scales, attach, no_attach;
    bool attach_dependencies, yes, quiet, menu;
    bool dry_run;
    bool watch;             /* `develop.watch` goes on as long as `up`, or after it if detached */
    bool watch_quiet;       /* no progress of its rebuilds */
    struct watch *watching; /* what is to be, or is, watched; or NULL */
    const char *format;     /* of the dry run: "json", or NULL: text */
    struct preparation prepare;
    struct request request;
    struct phases phases;
    struct progress progress;
    struct follow_options follow;
    struct log_style style;
    const char *timeout, *grace;
};

enum { UP_MAX_ROWS = 40 };

/* The options of `up`, of `create`, of `scale` and of `plan`, each ended by OPTION_END. */
void up_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS]);
void create_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS]);
void plan_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS]);
void scale_rows(struct up *up, struct option_row ret_rows[UP_MAX_ROWS]);

/* After parsing: numbers, and options that exclude each other. */
MUST_CHECK int up_options_settle(struct up *up, const struct session *session, struct error *err);
/* How what happens is shown. */
MUST_CHECK int up_progress_settle(struct up *up, const struct session *session, struct error *err);
/* "SERVICE=COUNT" of --scale and of `scale`. */
MUST_CHECK int up_scale_parse(struct up *up, const char *text, struct arena *arena,
                              struct error *err);

/* Carries out what the options say; returns the exit code or -1. */
MUST_CHECK int up_run(struct session *session, struct up *up, struct error *err);

/* Has the supervisor apply `up->plan` and follows it until it has come true. Returns as above. */
MUST_CHECK int up_carry_out(struct session *session, struct up *up, struct error *err);

/* Prints what `up` would change of this, and changes nothing. Returns EXIT_NOTHING_TO_DO or
 * EXIT_CHANGES. `up->follow.dir` is NULL where nothing of the project exists. */
enum { EXIT_NOTHING_TO_DO = 0, EXIT_CHANGES = 2 };
MUST_CHECK int up_plan(struct session *session, const struct up *up, const struct compose *compose,
                       const struct roots *roots, struct error *err);

/* A judge for struct follow_options; the owner is the struct up. */
enum verdict up_judge(struct follow *follow, void *owner, struct error *err);

#endif
