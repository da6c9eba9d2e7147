/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command gets, and the table of commands.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_COMMAND_H
#define YAWL_ORCHESTRATOR_CLI_COMMAND_H

#include "common/arena.h"
#include "common/diagnostics.h"
#include "common/error.h"
#include "common/options.h"
#include "orchestrator/cli/progress_mode.h"
#include "orchestrator/compose/compose.h"
#include "orchestrator/state/record.h"
#include "orchestrator/state/roots.h"

/* What a command that a signal has ended exits with. */
enum { EXIT_INTERRUPTED = 130 };

/* One run of the program. Everything in it lives in the arena. */
struct session {
    struct arena *arena;
    char **argv;                    /* of the program */
    struct compose_options compose; /* -f, -p, --profile, ... */
    struct string_list global;      /* the same and all else before the command, as it was given */
    const char *ansi, *progress;
    bool dry_run;      /* --dry-run before the command */
    const char *group; /* "image " while one of its commands runs, else NULL */
    const struct cli_command *command;
    struct string_list args;       /* of the command, without its name */
    struct completion *completion; /* not NULL: the command line is not run, but gone on with */
};

struct cli_command {
    const char *name;
    const char *summary;
    const char *usage; /* "[OPTIONS] [SERVICE...]" */
    /* Returns the exit code. On -1 the error is shown and the exit code is 1. */
    int (*run)(struct session *session, struct error *err);
    bool outside; /* opens nothing of the state: an ordinary user needs no namespace for it */
    bool plans;   /* can tell what it would do: --dry-run */
};

extern const struct cli_command commands[];

/* Runs the command of this name. Returns its exit code; an error is shown and is 1. The tables end
 * with a row without a name. */
int command_table_run(struct session *session, const struct cli_command *table, const char *name);

/* Runs a command of a group, "image ": the first argument names it. Shows what there is when none
 * does. */
int command_group_run(struct session *session, const struct cli_command *table, const char *group,
                      const char *about);

/* A line for each command. */
void command_table_help(const struct cli_command *table, struct text *out);

/* Parses the command's options; shows help and returns 1 when --help was given, 0 to go on, -1 on
 * error. For a completion (completion.h) it notes what may come next, and returns 1. */
MUST_CHECK int session_options(struct session *session, const struct option_row *rows,
                               bool stop_at_operand, struct string_list *ret_operands,
                               struct error *err);

/* Loads the Compose files with the services selected (empty: all). Diagnostics are printed; errors
 * end in -1 with an empty error text. */
MUST_CHECK int session_load(struct session *session, struct string_list services,
                            struct compose **ret_compose, struct error *err);

/* As above, all services with all profiles, in silence unless it fails. */
MUST_CHECK int session_load_all(struct session *session, struct compose **ret_compose,
                                struct error *err);

/* How progress is told: by --progress and --ansi, or not at all with a command's own --quiet. */
MUST_CHECK int session_progress(const struct session *session, bool quiet,
                                struct progress_mode *ret_mode, struct error *err);

/* Prints the diagnostics; -1 with an empty error text when there is an error among them. */
MUST_CHECK int session_report(const struct diagnostics *diagnostics, struct error *err);

/* The project's directories by name alone. *ret_dir is NULL when nothing of it is there. */
MUST_CHECK int session_project_dir(struct session *session, const char **ret_name,
                                   struct roots *ret_roots, struct project_dir **ret_dir,
                                   struct error *err);

/* What is known of the project's containers, sorted by name; none when it is not there. A project
 * whose supervisor is gone gets a new one first. */
MUST_CHECK int session_records(struct session *session, const char **ret_project,
                               struct record ***ret_records, size_t *ret_count, struct error *err);

int command_attach(struct session *session, struct error *err);
int command_build(struct session *session, struct error *err);
int command_check(struct session *session, struct error *err);
int command_completion(struct session *session, struct error *err);
int command_config(struct session *session, struct error *err);
int command_cp(struct session *session, struct error *err);
int command_create(struct session *session, struct error *err);
int command_down(struct session *session, struct error *err);
int command_events(struct session *session, struct error *err);
int command_exec(struct session *session, struct error *err);
int command_image(struct session *session, struct error *err);
int command_images(struct session *session, struct error *err);
int command_import(struct session *session, struct error *err);
int command_kill(struct session *session, struct error *err);
int command_load(struct session *session, struct error *err);
int command_lock(struct session *session, struct error *err);
int command_logs(struct session *session, struct error *err);
int command_ls(struct session *session, struct error *err);
int command_net(struct session *session, struct error *err);
int command_network(struct session *session, struct error *err);
int command_pause(struct session *session, struct error *err);
int command_plan(struct session *session, struct error *err);
int command_port(struct session *session, struct error *err);
int command_ps(struct session *session, struct error *err);
int command_pull(struct session *session, struct error *err);
int command_push(struct session *session, struct error *err);
int command_restart(struct session *session, struct error *err);
int command_restore(struct session *session, struct error *err);
int command_rm(struct session *session, struct error *err);
int command_run(struct session *session, struct error *err);
int command_save(struct session *session, struct error *err);
int command_scale(struct session *session, struct error *err);
int command_start(struct session *session, struct error *err);
int command_stats(struct session *session, struct error *err);
int command_stop(struct session *session, struct error *err);
int command_tag(struct session *session, struct error *err);
int command_timeline(struct session *session, struct error *err);
int command_top(struct session *session, struct error *err);
int command_unpause(struct session *session, struct error *err);
int command_up(struct session *session, struct error *err);
int command_version(struct session *session, struct error *err);
int command_volumes(struct session *session, struct error *err);
int command_wait(struct session *session, struct error *err);
int command_watch(struct session *session, struct error *err);
int command_why(struct session *session, struct error *err);

#endif
