/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going on with a command line for a shell: `yawl __complete WORD... LAST`, where the last word,
 * which may be empty, is the one that is being written.
 *
 * What is printed is the protocol of cobra (github.com/spf13/cobra, "Shell Completions"), which
 * docker speaks with its plugins: a candidate a line, what it is behind a tab, and a line ":N" at
 * the end, whose bits say what the shell is to do beside it.
 */
#ifndef YAWL_ORCHESTRATOR_CLI_COMPLETION_H
#define YAWL_ORCHESTRATOR_CLI_COMPLETION_H

#include "orchestrator/cli/command.h"

struct completion {
    const char *word; /* the beginning of the last word */
    bool bare;        /* without what candidates are */
    bool glued;       /* more of the same word follows: no space behind it */
    bool files;       /* names of files will do as well */
    struct text candidates;
};

/* Whether the argument asks for a completion. */
bool completion_is_asked(const char *arg);

/* Where the arguments ask for a completion, takes what is between the question and the last word as
 * the arguments; false, and nothing changed, where they do not. */
bool completion_begin(struct completion *ret_completion, struct string_list *args);

/* Notes what may come behind the arguments: the value of an option, an option, or a command of the
 * table. NULL: an operand of the session's command, by its usage. */
void completion_fill(struct session *session, const struct option_parse *parse,
                     struct string_list args, const struct cli_command *table);

/* Notes the commands of a table. */
void completion_commands(struct completion *completion, const struct cli_command *table);

/* Prints it, and frees what was noted. Returns the exit code. */
int completion_print(struct completion *completion);

#endif
