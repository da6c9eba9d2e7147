/* SPDX-License-Identifier: Apache-2.0 */
/* `ls`: the projects of this machine, or of this user. */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/json.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/table.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/state/record.h"

struct ls {
    struct session *session;
    struct roots roots;
    bool all, quiet, json;
    struct string_list filters; /* "name=REGEX" */
    json_t *projects;           /* what is shown */
};

static void status_append(struct text *status, const char *word, size_t count)
{
    if (count > 0)
        text_appendf(status, "%s%s(%zu)", status->length ? ", " : "", word, count);
}

/* "running(2), exited(1)". Returns how many run. */
static size_t status_text(struct record *const *records, size_t count, struct text *out)
{
    size_t running = 0, exited = 0, created = 0;

    for (size_t i = 0; i < count; i++) {
        running += records[i]->phase == PHASE_RUNNING;
        exited += records[i]->phase == PHASE_DONE || records[i]->phase == PHASE_FAILED;
        created += records[i]->phase == PHASE_CREATED;
    }
    status_append(out, "running", running);
    status_append(out, "exited", exited);
    status_append(out, "created", created);
    return running;
}

static void files_text(const struct plan *plan, struct text *out)
{
    for (size_t i = 0; i < plan->files.count; i++)
        text_appendf(out, "%s%s", i ? "," : "", plan->files.items[i]);
}

static int ls_add(struct ls *ls, const char *name, struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;
    scoped_text struct text status = {0}, files = {0};
    struct arena *arena = ls->session->arena;
    struct plan plan = {0};
    struct record **records;
    size_t count = 0;
    bool there;

    if (project_dir_open(arena, &ls->roots, name, false, &dir, err) < 0)
        return -1;
    records_fd = record_dir_open(dir);
    if (record_list(records_fd, arena, &records, &count, err) < 0 ||
        (dir && plan_shared_read(dir->run_fd, arena, &plan, &there, err) < 0))
        return -1;
    if (status_text(records, count, &status) == 0 && !ls->all)
        return 0;
    files_text(&plan, &files);
    json_array_append_new(ls->projects,
                          json_pack("{s:s,s:s,s:s}", "Name", name, "Status", text_get(&status),
                                    "ConfigFiles", text_get(&files)));
    return 0;
}

/* Whether all filters let the name through. */
static int filters_match(const struct string_list *filters, const char *name, bool *ret_matches,
                         struct error *err)
{
    *ret_matches = true;
    for (size_t i = 0; i < filters->count; i++) {
        regex_t expression;

        if (!string_starts_with(filters->items[i], "name="))
            return error_set(err, "unknown filter '%s': name=REGEX", filters->items[i]);
        if (regcomp(&expression, filters->items[i] + strlen("name="), REG_EXTENDED | REG_NOSUB) !=
            0)
            return error_set(err, "--filter: '%s' is no regular expression", filters->items[i]);
        *ret_matches = *ret_matches && regexec(&expression, name, 0, NULL, 0) == 0;
        regfree(&expression);
    }
    return 0;
}

static void ls_print(const struct ls *ls)
{
    static const char *const heads[] = {"NAME", "STATUS", "CONFIG FILES", NULL};
    struct table table = table_start(ls->session->arena, heads);
    scoped_text struct text out = {0};

    if (ls->json && !ls->quiet) {
        json_format(ls->projects, &out);
        text_append_char(&out, '\n');
    }
    for (size_t i = 0; i < json_array_size(ls->projects); i++) {
        const json_t *project = json_array_get(ls->projects, i);

        if (ls->quiet)
            text_appendf(&out, "%s\n", json_get_string(project, "Name", ""));
        table_add(&table, json_get_string(project, "Name", ""));
        table_add(&table, json_get_string(project, "Status", ""));
        table_add(&table, json_get_string(project, "ConfigFiles", ""));
    }
    if (!ls->json && !ls->quiet)
        table_print(&table, &out);
    (void)printf("%s", text_get(&out));
}

static int ls_run(struct ls *ls, struct error *err)
{
    struct string_list names = {0};
    bool matches;

    if (roots_find(ls->session->arena, &ls->roots, err) < 0 ||
        project_dir_list(ls->session->arena, &ls->roots, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (filters_match(&ls->filters, names.items[i], &matches, err) < 0 ||
            (matches && ls_add(ls, names.items[i], err) < 0))
            return -1;
    ls_print(ls);
    return 0;
}

int command_ls(struct session *session, struct error *err)
{
    struct ls ls = {.session = session};
    const char *format = NULL;
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &ls.all, NULL, "stopped projects too"},
        {'q', "quiet", OPTION_FLAG, &ls.quiet, NULL, "only names"},
        {0, "filter", OPTION_LIST, &ls.filters, "name=REGEX", "only those of such a name"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "table or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    ls.json = string_eq(format, "json");
    if (format && !ls.json && !string_eq(format, "table"))
        return error_set(err, "unknown format '%s': table or json", format);
    ls.projects = json_array();
    result = ls_run(&ls, err);
    json_release(ls.projects);
    return result;
}
