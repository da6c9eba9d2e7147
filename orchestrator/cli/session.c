/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/completion.h"
#include "orchestrator/cli/heal.h"

static void help_print(const struct session *session, const struct option_row *rows)
{
    scoped_text struct text out = {0};

    text_appendf(&out, "Usage: yawl %s%s %s\n\n%s\n\nOptions:\n",
                 session->group ? session->group : "", session->command->name,
                 session->command->usage, session->command->summary);
    options_help(rows, &out);
    (void)!fd_write_all(STDOUT_FILENO, out.data, out.length);
}

/* The command's rows, which come first where a letter is in both, and that of help. */
static const struct option_row *rows_with_help(struct arena *arena, const struct option_row *rows,
                                               bool *help)
{
    struct option_row *all;
    size_t count = 0;

    while (rows[count].kind != OPTION_END)
        count++;
    all = arena_new_array(arena, struct option_row, count + 2);
    memcpy(all, rows, count * sizeof(*rows));
    all[count] = (struct option_row){'h', "help", OPTION_FLAG, help, NULL, "show this"};
    all[count + 1] = rows[count];
    return all;
}

int session_options(struct session *session, const struct option_row *rows, bool stop_at_operand,
                    struct string_list *ret_operands, struct error *err)
{
    bool help = false;
    const struct option_row *all = rows_with_help(session->arena, rows, &help);
    struct option_parse parse = {
        .arena = session->arena, .rows = all, .stop_at_operand = stop_at_operand};

    if (session->completion) {
        completion_fill(session, &parse, session->args, NULL);
        return 1;
    }
    if (options_parse(&parse, session->args, ret_operands, err) < 0)
        return -1;
    if (!help)
        return 0;
    help_print(session, all);
    return 1;
}

int session_progress(const struct session *session, bool quiet, struct progress_mode *ret_mode,
                     struct error *err)
{
    if (progress_mode_find(session->progress, session->ansi, ret_mode, err) < 0)
        return -1;
    if (quiet)
        ret_mode->form = PROGRESS_QUIET;
    return 0;
}

int session_report(const struct diagnostics *diagnostics, struct error *err)
{
    scoped_text struct text out = {0};

    diagnostics_print(diagnostics, &out);
    (void)!fd_write_all(STDERR_FILENO, text_get(&out), out.length);
    return diagnostics_count(diagnostics, SEVERITY_ERROR) > 0 ? error_set(err, "%s", "") : 0;
}

/* A model with errors is of no use to any command. */
static int load_end(int result, const struct diagnostics *diagnostics, struct compose **compose,
                    struct error *err)
{
    if (result == 0 && diagnostics_count(diagnostics, SEVERITY_ERROR) > 0) {
        compose_free(steal(*compose));
        result = -1;
    }
    return result < 0 ? error_set(err, "%s", "") : 0;
}

int session_load(struct session *session, struct string_list services, struct compose **ret_compose,
                 struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct compose_options options = session->compose;
    int result;

    options.services = services;
    result = compose_load(&options, diagnostics, ret_compose);
    (void)!session_report(diagnostics, NULL);
    return load_end(result, diagnostics, ret_compose, err);
}

int session_load_all(struct session *session, struct compose **ret_compose, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct compose_options options = session->compose;
    int result;

    options.profiles = (struct string_list){0};
    string_list_add(session->arena, &options.profiles, "*");
    result =
        load_end(compose_load(&options, diagnostics, ret_compose), diagnostics, ret_compose, err);
    if (result < 0)
        (void)!session_report(diagnostics, NULL);
    return result;
}

int session_project_dir(struct session *session, const char **ret_name, struct roots *ret_roots,
                        struct project_dir **ret_dir, struct error *err)
{
    if (compose_project_name(&session->compose, session->arena, ret_name, err) < 0 ||
        roots_find(session->arena, ret_roots, err) < 0)
        return -1;
    return project_dir_open(session->arena, ret_roots, *ret_name, false, ret_dir, err);
}

int session_records(struct session *session, const char **ret_project, struct record ***ret_records,
                    size_t *ret_count, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;
    struct roots roots;

    *ret_records = NULL;
    *ret_count = 0;
    if (session_project_dir(session, ret_project, &roots, &dir, err) < 0)
        return -1;
    if (!dir)
        return 0;
    if (project_heal(dir, *ret_project, err) < 0)
        return -1;
    records_fd = record_dir_open(dir);
    return record_list(records_fd, session->arena, ret_records, ret_count, err);
}
