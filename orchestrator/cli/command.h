/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command gets, and the table of commands.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_COMMAND_H
#define YAWL_ORCHESTRATOR_CLI_COMMAND_H

#include "common/arena.h"
#include "common/error.h"
#include "orchestrator/cli/options.h"
#include "orchestrator/compose/compose.h"
#include "orchestrator/state/roots.h"

/* One run of the program. Everything in it lives in the arena. */
struct session {
    struct arena *arena;
    struct compose_options compose; /* -f, -p, --profile, ... */
    const char *ansi, *progress;
    const struct cli_command *command;
    struct string_list args; /* of the command, without its name */
};

struct cli_command {
    const char *name;
    const char *summary;
    const char *usage; /* "[OPTIONS] [SERVICE...]" */
    /* Returns the exit code. On -1 the error is shown and the exit code is 1. */
    int (*run)(struct session *session, struct error *err);
};

extern const struct cli_command commands[];

/* Parses the command's options; shows help and returns 1 when --help was given, 0 to go on, -1 on
 * error. */
MUST_CHECK int session_options(struct session *session, const struct option_row *rows,
                               bool stop_at_operand, struct string_list *ret_operands,
                               struct error *err);

/* Loads the Compose files with the services selected (empty: all). Diagnostics are printed; errors
 * end in -1 with an empty error text. */
MUST_CHECK int session_load(struct session *session, struct string_list services,
                            struct compose **ret_compose, struct error *err);

/* The project's directories by name alone. *ret_dir is NULL when nothing of it is there. */
MUST_CHECK int session_project_dir(struct session *session, const char **ret_name,
                                   struct roots *ret_roots, struct project_dir **ret_dir,
                                   struct error *err);

int command_check(struct session *session, struct error *err);
int command_config(struct session *session, struct error *err);
int command_down(struct session *session, struct error *err);
int command_exec(struct session *session, struct error *err);
int command_kill(struct session *session, struct error *err);
int command_load(struct session *session, struct error *err);
int command_logs(struct session *session, struct error *err);
int command_ls(struct session *session, struct error *err);
int command_ps(struct session *session, struct error *err);
int command_restart(struct session *session, struct error *err);
int command_start(struct session *session, struct error *err);
int command_stop(struct session *session, struct error *err);
int command_up(struct session *session, struct error *err);
int command_version(struct session *session, struct error *err);

#endif
