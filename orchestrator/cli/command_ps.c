/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/heal.h"
#include "orchestrator/cli/list_format.h"
#include "orchestrator/cli/ps_object.h"
#include "orchestrator/cli/table.h"

struct ps {
    struct session *session;
    bool all, quiet, services, orphans, no_trunc;
    const char *format;
    enum list_kind kind;
    struct string_list names, states; /* empty: all */
    struct string_list known;         /* services of the file, without `orphans` */
    const char *project;
    struct roots roots;
    struct project_dir *dir; /* NULL: there is no project */
    int records_fd;
    struct record **records; /* those that are shown */
    size_t count;
};

/* -- who is shown */

static bool is_up(const struct record *record)
{
    return record->phase == PHASE_RUNNING || record->phase == PHASE_STARTING ||
           record->will_restart;
}

static bool ps_shows(const struct ps *ps, const struct record *record)
{
    bool all = ps->all || ps->states.count > 0;

    if ((record->oneoff || record->hook) && !all)
        return false;
    if (ps->names.count > 0 && !string_list_has(&ps->names, record->service))
        return false;
    if (ps->states.count > 0 && !string_list_has(&ps->states, ps_state_word(record)))
        return false;
    if (!ps->orphans && !string_list_has(&ps->known, record->service))
        return false;
    return all || is_up(record);
}

/* "status=running" of --filter becomes one of --status. */
static int filters_read(struct ps *ps, struct string_list filters, struct error *err)
{
    static const char *const known[] = {"paused",  "restarting", "removing", "running",
                                        "created", "exited",     "dead"};

    for (size_t i = 0; i < filters.count; i++) {
        if (!string_starts_with(filters.items[i], "status="))
            return error_set(err, "unknown filter '%s': status=STATE", filters.items[i]);
        string_list_add(ps->session->arena, &ps->states, filters.items[i] + strlen("status="));
    }
    for (size_t i = 0; i < ps->states.count; i++) {
        bool is_known = false;

        for (size_t j = 0; j < ARRAY_LENGTH(known); j++)
            is_known = is_known || string_eq(known[j], ps->states.items[i]);
        if (!is_known)
            return error_set(err,
                             "unknown status '%s': running, exited, created, paused or "
                             "restarting",
                             ps->states.items[i]);
    }
    return 0;
}

static int known_read(struct ps *ps, struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    const struct project *project;

    if (session_load_all(ps->session, &compose, err) < 0)
        return -1;
    project = compose_project(compose);
    for (size_t i = 0; i < project->n_services; i++)
        string_list_add(ps->session->arena, &ps->known,
                        arena_strdup(ps->session->arena, project->services[i].name));
    return 0;
}

static int records_read(struct ps *ps, struct error *err)
{
    struct arena *arena = ps->session->arena;
    struct record **all;
    size_t count;

    if (session_project_dir(ps->session, &ps->project, &ps->roots, &ps->dir, err) < 0)
        return -1;
    if (!ps->dir)
        return 0;
    if (project_heal(ps->dir, ps->project, err) < 0)
        return -1;
    ps->records_fd = record_dir_open(ps->dir);
    if (record_list(ps->records_fd, arena, &all, &count, err) < 0)
        return -1;
    ps->records = arena_new_array(arena, struct record *, count);
    for (size_t i = 0; i < count; i++)
        if (ps_shows(ps, all[i]))
            ps->records[ps->count++] = all[i];
    return 0;
}

/* -- as a table */

/* Docker cuts the command to twenty characters, quotes included. */
static void command_text(const struct ps *ps, const struct record *record, struct text *out)
{
    const char *command = record->command ? record->command : "";

    if (ps->no_trunc || strlen(command) <= 18)
        text_appendf(out, "\"%s\"", command);
    else
        text_appendf(out, "\"%.18s…\"", command);
}

static void ps_row(const struct ps *ps, const struct record *record, uint64_t now_ns,
                   struct table *table)
{
    scoped_text struct text command = {0}, created = {0}, status = {0}, ports = {0};

    command_text(ps, record, &command);
    ps_created_text(record, now_ns, &created);
    record_status_text(record, now_ns, &status);
    if (record->phase == PHASE_RUNNING)
        ps_ports_text(record, &ports);
    table_add(table, record->name);
    table_add(table, record->image ? record->image : "");
    table_add(table, text_get(&command));
    table_add(table, record->service);
    table_add(table, text_get(&created));
    table_add(table, text_get(&status));
    table_add(table, text_get(&ports));
}

static void ps_table(const struct ps *ps, struct text *out)
{
    static const char *const heads[] = {"NAME",    "IMAGE",  "COMMAND", "SERVICE",
                                        "CREATED", "STATUS", "PORTS",   NULL};
    struct table table = table_start(ps->session->arena, heads);

    for (size_t i = 0; i < ps->count; i++)
        ps_row(ps, ps->records[i], clock_realtime_ns(), &table);
    table_print(&table, out);
}

/* -- as objects */

static int ps_objects(const struct ps *ps, json_t *array, struct error *err)
{
    struct arena *arena = ps->session->arena;
    struct plan shared = {0};
    struct ps_facts facts = {.project = ps->project,
                             .data_root = ps->roots.data,
                             .shared = &shared,
                             .now_ns = clock_realtime_ns()};
    bool there;

    if (ps->dir && plan_shared_read(ps->dir->run_fd, arena, &shared, &there, err) < 0)
        return -1;
    for (size_t i = 0; i < ps->count; i++) {
        struct plan_instance *made;
        struct error damage = {0};

        /* One that is damaged ends its container, and hides no other. */
        if (plan_instance_read(ps->records_fd, ps->records[i]->name, "made", arena, &made,
                               &damage) < 0)
            made = NULL;
        facts.made = made;
        json_array_append_new(array, ps_object(ps->records[i], &facts));
    }
    return 0;
}

/* One a line, as docker compose prints them. */
static int ps_formatted(const struct ps *ps, struct text *out, struct error *err)
{
    scoped(json_release) json_t *array = json_array();

    if (ps_objects(ps, array, err) < 0)
        return -1;
    return list_format_rows(ps->kind == LIST_JSON ? "{{json .}}" : ps->format, array,
                            ps->session->arena, out, err);
}

static void ps_names(const struct ps *ps, struct text *out)
{
    for (size_t i = 0; i < ps->count; i++) {
        const struct record *record = ps->records[i];

        /* Sorted by name, so the replicas of a service stand together. */
        if (ps->services && i > 0 && string_eq(ps->records[i - 1]->service, record->service))
            continue;
        text_appendf(out, "%s\n", ps->services ? record->service : record->name);
    }
}

static int ps_print(const struct ps *ps, struct error *err)
{
    scoped_text struct text out = {0};

    if (ps->quiet || ps->services)
        ps_names(ps, &out);
    else if (ps->kind == LIST_TABLE)
        ps_table(ps, &out);
    else if (ps_formatted(ps, &out, err) < 0)
        return -1;
    return fd_write_all(STDOUT_FILENO, text_get(&out), out.length) < 0
               ? error_sys(err, "write the list")
               : 0;
}

int command_ps(struct session *session, struct error *err)
{
    struct ps ps = {.session = session, .orphans = true, .records_fd = -1};
    struct string_list filters = {0};
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &ps.all, NULL, "stopped containers too"},
        {'q', "quiet", OPTION_FLAG, &ps.quiet, NULL, "only names"},
        {0, "services", OPTION_FLAG, &ps.services, NULL, "only services"},
        {0, "status", OPTION_LIST, &ps.states, "STATE", "only those in this state (repeatable)"},
        {0, "filter", OPTION_LIST, &filters, "status=STATE", "the same"},
        {0, "orphans", OPTION_FLAG, &ps.orphans, NULL, "services that the file lacks, too (true)"},
        {0, "no-trunc", OPTION_FLAG, &ps.no_trunc, NULL, "commands to their end"},
        {0, "format", OPTION_STRING, &ps.format, "FORMAT", "table, json or '{{.Name}} {{.State}}'"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &ps.names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    result = -1;
    if (list_format_kind(ps.format, &ps.kind, err) == 0 && filters_read(&ps, filters, err) == 0 &&
        (ps.orphans || known_read(&ps, err) == 0) && records_read(&ps, err) == 0)
        result = ps_print(&ps, err);
    fd_close(ps.records_fd);
    project_dir_close(ps.dir);
    return result;
}
