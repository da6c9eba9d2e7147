/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/fd.h"
#include "orchestrator/cli/command.h"

static void help_print(const struct session *session, const struct option_row *rows)
{
    scoped_text struct text out = {0};

    text_appendf(&out, "Usage: yawl %s %s\n\n%s\n\nOptions:\n", session->command->name,
                 session->command->usage, session->command->summary);
    options_help(rows, &out);
    (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
}

int session_options(struct session *session, const struct option_row *rows, bool stop_at_operand,
                    struct string_list *ret_operands, struct error *err)
{
    struct option_parse parse = {
        .arena = session->arena, .rows = rows, .stop_at_operand = stop_at_operand};

    if (session->args.count > 0 && string_eq(session->args.items[0], "--help")) {
        help_print(session, rows);
        return 1;
    }
    return options_parse(&parse, session->args, ret_operands, err);
}

static void diagnostics_show(const struct diagnostics *diagnostics)
{
    scoped_text struct text out = {0};

    diagnostics_print(diagnostics, &out);
    (void)!fd_write_all(STDERR_FILENO, text_get(&out), out.length);
}

int session_load(struct session *session, struct string_list services, struct compose **ret_compose,
                 struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct compose_options options = session->compose;
    int result;

    options.services = services;
    result = compose_load(&options, diagnostics, ret_compose);
    diagnostics_show(diagnostics);
    if (result == 0 && diagnostics_count(diagnostics, SEVERITY_ERROR) > 0) {
        compose_free(*ret_compose);
        result = -1;
    }
    return result < 0 ? error_set(err, "%s", "") : 0;
}

int session_project_dir(struct session *session, const char **ret_name, struct roots *ret_roots,
                        struct project_dir **ret_dir, struct error *err)
{
    if (compose_project_name(&session->compose, session->arena, ret_name, err) < 0 ||
        roots_find(session->arena, ret_roots, err) < 0)
        return -1;
    return project_dir_open(session->arena, ret_roots, *ret_name, false, ret_dir, err);
}
