/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/completion.h"
#include "orchestrator/supervise/user_entry.h"

enum { COMMANDS_MOST = 64 };

void command_table_help(const struct cli_command *table, struct text *out)
{
    text_append(out, "\nCommands:\n");
    for (; table->name; table++)
        text_appendf(out, "  %-10s %s\n", table->name, table->summary);
}

static const struct cli_command *command_find(const struct cli_command *table, const char *name)
{
    for (; table->name; table++)
        if (string_eq(table->name, name))
            return table;
    return NULL;
}

static int command_unknown(const struct session *session, const struct cli_command *table,
                           const char *name)
{
    const char *group = session->group ? session->group : "";
    const char *names[COMMANDS_MOST];
    size_t count = 0;
    const char *near;

    for (; table->name && count < COMMANDS_MOST; table++)
        names[count++] = table->name;
    near = string_suggest(name, names, count);
    if (near)
        log_error("unknown command: '%s%s' (did you mean '%s'?)", group, name, near);
    else
        log_error("unknown command: '%s%s' (see 'yawl %s--help')", group, name, group);
    return 1;
}

/* Into the user's namespace, unless the command only talks. */
static int command_enter(const struct session *session, struct error *err)
{
    bool help = session->args.count > 0 && (string_eq(session->args.items[0], "--help") ||
                                            string_eq(session->args.items[0], "-h"));

    return session->command->outside || session->completion || help ? 0 : user_entry(err);
}

int command_table_run(struct session *session, const struct cli_command *table, const char *name)
{
    struct error err = {0};
    int result;

    session->command = command_find(table, name);
    if (!session->command)
        return command_unknown(session, table, name);
    if (session->dry_run && !session->command->plans) {
        log_error("--dry-run: '%s' cannot tell beforehand what it would do", name);
        return 1;
    }
    result = command_enter(session, &err);
    if (result == 0)
        result = session->command->run(session, &err);
    if (result >= 0)
        return result;
    if (*err.text)
        log_error("%s", err.text);
    return 1;
}

int command_group_run(struct session *session, const struct cli_command *table, const char *group,
                      const char *about)
{
    const char *name = session->args.count > 0 ? session->args.items[0] : "--help";
    struct string_list rest = {0};
    scoped_text struct text out = {0};

    if (session->completion && session->args.count == 0) {
        completion_commands(session->completion, table);
        return 1;
    }
    if (string_eq(name, "--help") || string_eq(name, "-h")) {
        text_appendf(&out, "Usage: yawl %sCOMMAND\n\n%s\n", group, about);
        command_table_help(table, &out);
        (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
        return session->args.count > 0 ? 0 : 1;
    }
    for (size_t i = 1; i < session->args.count; i++)
        string_list_add(session->arena, &rest, session->args.items[i]);
    session->args = rest;
    session->group = group;
    return command_table_run(session, table, name);
}
