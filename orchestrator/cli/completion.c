/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/completion.h"

#include <string.h>
#include <unistd.h>

#include "common/fd.h"

/* cobra's ShellCompDirective. */
enum { NO_SPACE = 2, NO_FILES = 4 };

bool completion_is_asked(const char *arg)
{
    return string_eq(arg, "__complete") || string_eq(arg, "__completeNoDesc");
}

bool completion_begin(struct completion *ret_completion, struct string_list *args)
{
    size_t last = args->count - 1;

    if (args->count < 2 || !completion_is_asked(args->items[0]))
        return false;
    *ret_completion = (struct completion){.word = args->items[last],
                                          .bare = string_eq(args->items[0], "__completeNoDesc")};
    *args = (struct string_list){.items = args->items + 1, .count = last - 1};
    return true;
}

/* `end`: what the candidate goes on with, "" for a word that is whole. */
static void candidate_add(struct completion *completion, const char *name, const char *end,
                          const char *about)
{
    if (!string_starts_with(name, completion->word))
        return;
    text_appendf(&completion->candidates, "%s%s", name, end);
    if (!completion->bare && *about)
        text_appendf(&completion->candidates, "\t%s", about);
    text_append_char(&completion->candidates, '\n');
}

void completion_commands(struct completion *completion, const struct cli_command *table)
{
    for (; table->name; table++)
        candidate_add(completion, table->name, "", table->summary);
}

static void options_add(struct session *session, const struct option_row *rows)
{
    for (; rows->kind != OPTION_END; rows++)
        candidate_add(session->completion, arena_printf(session->arena, "--%s", rows->name), "",
                      rows->help);
}

/* Files that cannot be loaded have no services; the shell shows no errors. */
static void services_add(struct session *session, const char *end)
{
    struct compose *compose;
    struct string_list names;

    if (session_load_all(session, &compose, NULL) < 0)
        return;
    names = compose_names(compose, session->arena, "services");
    for (size_t i = 0; i < names.count; i++)
        candidate_add(session->completion, names.items[i], end, "");
    compose_free(compose);
}

/* By words of the usage: "SERVICE" is the first operand, "SERVICE..." each, and "SERVICE:PATH" and
 * "SERVICE=COUNT" begin with one. */
static void operand_fill(struct session *session, size_t n_operands)
{
    const char *usage = session->command->usage, *service = strstr(usage, "SERVICE");
    const char *behind = service ? service + strlen("SERVICE") : "";
    bool glued = *behind == ':' || *behind == '=';

    session->completion->files = strstr(usage, "FILE") || strstr(usage, "PATH");
    if (!service || (n_operands > 0 && !glued && !strstr(usage, "SERVICE...")))
        return;
    session->completion->glued = glued;
    services_add(session, *behind == ':' ? ":" : *behind == '=' ? "=" : "");
}

static void value_fill(struct session *session, const struct option_row *row)
{
    const char *argument = row->argument ? row->argument : "";

    if (strstr(argument, "SERVICE"))
        services_add(session, "");
    session->completion->files =
        strstr(argument, "FILE") || strstr(argument, "DIR") || strstr(argument, "PATH");
}

void completion_fill(struct session *session, const struct option_parse *parse,
                     struct string_list args, const struct cli_command *table)
{
    struct completion *completion = session->completion;
    struct string_list operands = {0};
    const struct option_row *waiting = NULL;

    if (options_parse(parse, args, &operands, NULL) < 0) {
        waiting = options_waiting(parse->rows, args.items[args.count - 1]);
        if (waiting)
            value_fill(session, waiting);
        return;
    }
    if (parse->stop_at_operand && operands.count > 0)
        completion->files = true; /* of the program that is run there, nothing is known */
    else if (completion->word[0] == '-')
        options_add(session, parse->rows);
    else if (table)
        completion_commands(completion, table);
    else
        operand_fill(session, operands.count);
}

int completion_print(struct completion *completion)
{
    struct text *out = &completion->candidates;
    int result;

    text_appendf(out, ":%d\n",
                 (completion->glued ? NO_SPACE : 0) | (completion->files ? 0 : NO_FILES));
    result = fd_write_all(STDOUT_FILENO, out->data, out->length);
    text_done(out);
    return result < 0 ? 1 : 0;
}
