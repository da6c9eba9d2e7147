/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/process.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/heal.h"
#include "orchestrator/state/record.h"

enum { COLUMNS = 7 };

struct ps {
    bool all, quiet, services;
    const char *format;
    struct string_list names;
    struct record **records;
    size_t count;
};

static void ports_text(const struct record *record, struct text *out)
{
    for (size_t i = 0; i < record->n_ports; i++) {
        const struct record_port *port = &record->ports[i];
        const char *protocol = port->udp ? "udp" : "tcp";
        const char *separator = out->length ? ", " : "";

        if (port->host_ip)
            text_appendf(out, "%s%s:%d->%d/%s", separator, port->host_ip, port->host_port,
                         port->container_port, protocol);
        else
            text_appendf(out, "%s0.0.0.0:%d->%d/%s, [::]:%d->%d/%s", separator, port->host_port,
                         port->container_port, protocol, port->host_port, port->container_port,
                         protocol);
    }
}

/* Docker cuts the command to twenty characters, quotes included. */
static void command_text(const struct record *record, struct text *out)
{
    const char *command = record->command ? record->command : "";

    if (strlen(command) <= 18)
        text_appendf(out, "\"%s\"", command);
    else
        text_appendf(out, "\"%.18s…\"", command);
}

static void created_text(const struct record *record, uint64_t now_ns, struct text *out)
{
    /* The words for a span are those of the status: "Up 4 seconds" without its first word. */
    struct record born = {.phase = PHASE_RUNNING, .started_ns = record->created_ns};
    scoped_text struct text status = {0};

    record_status_text(&born, now_ns, &status);
    text_appendf(out, "%s ago", text_get(&status) + strlen("Up "));
}

static bool ps_shows(const struct ps *ps, const struct record *record)
{
    bool named = ps->names.count == 0;

    for (size_t i = 0; i < ps->names.count; i++)
        named = named || string_eq(ps->names.items[i], record->service);
    return named && (ps->all || record->phase == PHASE_RUNNING || record->phase == PHASE_STARTING ||
                     record->will_restart);
}

static void ps_row(const struct record *record, uint64_t now_ns, struct text cells[COLUMNS])
{
    text_append(&cells[0], record->name);
    text_append(&cells[1], record->image ? record->image : "");
    command_text(record, &cells[2]);
    text_append(&cells[3], record->service);
    created_text(record, now_ns, &cells[4]);
    record_status_text(record, now_ns, &cells[5]);
    if (record->phase == PHASE_RUNNING)
        ports_text(record, &cells[6]);
}

/* Characters on the screen, not bytes. */
static size_t text_width(const struct text *text)
{
    size_t width = 0;

    for (size_t i = 0; i < text->length; i++)
        width += ((unsigned char)text->data[i] & 0xc0) != 0x80;
    return width;
}

static void table_print(struct text (*rows)[COLUMNS], size_t n_rows)
{
    size_t widths[COLUMNS] = {0};

    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            if (text_width(&rows[i][j]) > widths[j])
                widths[j] = text_width(&rows[i][j]);
    for (size_t i = 0; i < n_rows; i++) {
        scoped_text struct text line = {0};

        for (size_t j = 0; j < COLUMNS; j++) {
            text_append(&line, text_get(&rows[i][j]));
            for (size_t k = text_width(&rows[i][j]); j + 1 < COLUMNS && k < widths[j] + 3; k++)
                text_append_char(&line, ' ');
        }
        while (line.length > 0 && line.data[line.length - 1] == ' ')
            line.data[--line.length] = '\0';
        (void)printf("%s\n", text_get(&line));
    }
}

static void ps_table(struct session *session, const struct ps *ps)
{
    static const char *const heads[COLUMNS] = {"NAME",    "IMAGE",  "COMMAND", "SERVICE",
                                               "CREATED", "STATUS", "PORTS"};
    struct text(*rows)[COLUMNS] =
        arena_array(session->arena, sizeof(struct text[COLUMNS]), ps->count + 1);
    size_t n_rows = 1;

    for (size_t j = 0; j < COLUMNS; j++)
        text_append(&rows[0][j], heads[j]);
    for (size_t i = 0; i < ps->count; i++)
        if (ps_shows(ps, ps->records[i]))
            ps_row(ps->records[i], clock_realtime_ns(), rows[n_rows++]);
    table_print(rows, n_rows);
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            text_done(&rows[i][j]);
}

static const char *state_word(const struct record *record)
{
    if (record->will_restart)
        return "restarting";
    switch (record->phase) {
    case PHASE_RUNNING:
    case PHASE_STARTING:
        return "running";
    case PHASE_EXITED:
    case PHASE_DONE:
    case PHASE_FAILED:
        return "exited";
    default:
        return "created";
    }
}

static const char *health_word(const struct record *record)
{
    static const char *const words[] = {"", "starting", "healthy", "unhealthy"};

    return words[record->health];
}

static json_t *publishers_json(const struct record *record)
{
    json_t *array = json_array();

    for (size_t i = 0; i < record->n_ports; i++)
        json_array_append_new(
            array,
            json_pack("{s:s,s:i,s:i,s:s}", "URL",
                      record->ports[i].host_ip ? record->ports[i].host_ip : "0.0.0.0", "TargetPort",
                      record->ports[i].container_port, "PublishedPort", record->ports[i].host_port,
                      "Protocol", record->ports[i].udp ? "udp" : "tcp"));
    return array;
}

/* One object per line, as docker compose prints it. */
static void ps_json(const struct session *session, const struct ps *ps, const char *project)
{
    (void)session;
    for (size_t i = 0; i < ps->count; i++) {
        const struct record *record = ps->records[i];
        scoped_text struct text status = {0}, ports = {0}, line = {0};
        scoped(json_release) json_t *json = NULL;

        if (!ps_shows(ps, record))
            continue;
        record_status_text(record, clock_realtime_ns(), &status);
        ports_text(record, &ports);
        json =
            json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:s,s:o}", "ID", record->name,
                      "Name", record->name, "Image", record->image ? record->image : "", "Command",
                      record->command ? record->command : "", "Project", project, "Service",
                      record->service, "State", state_word(record), "Health", health_word(record),
                      "ExitCode", record->phase == PHASE_RUNNING ? 0 : record_exit_code(record),
                      "Pid", record->pid, "Restarts", record->restarts, "Status", text_get(&status),
                      "Publishers", publishers_json(record));
        json_object_set_new(json, "Ports", json_string(text_get(&ports)));
        if (record->message)
            json_object_set_new(json, "Message", json_string(record->message));
        json_format(json, &line);
        (void)printf("%s\n", text_get(&line));
    }
}

static void ps_names(const struct ps *ps)
{
    for (size_t i = 0; i < ps->count; i++) {
        const struct record *record = ps->records[i];

        if (!ps_shows(ps, record))
            continue;
        /* Sorted by name, so the replicas of a service stand together. */
        if (ps->services && i > 0 && string_eq(ps->records[i - 1]->service, record->service))
            continue;
        (void)printf("%s\n", ps->services ? record->service : record->name);
    }
}

static int ps_load(struct session *session, struct ps *ps, const char **ret_project,
                   struct error *err)
{
    scoped(project_dir_close) struct project_dir *dir = NULL;
    scoped_fd int records_fd = -1;
    struct roots roots;

    if (session_project_dir(session, ret_project, &roots, &dir, err) < 0)
        return -1;
    if (!dir)
        return 0;
    if (project_heal(dir, *ret_project, err) < 0)
        return -1;
    records_fd = openat(dir->run_fd, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (records_fd < 0)
        return 0;
    return record_list(records_fd, session->arena, &ps->records, &ps->count, err);
}

int command_ps(struct session *session, struct error *err)
{
    struct ps ps = {0};
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &ps.all, NULL, "stopped containers too"},
        {'q', "quiet", OPTION_FLAG, &ps.quiet, NULL, "only names"},
        {0, "services", OPTION_FLAG, &ps.services, NULL, "only services"},
        {0, "format", OPTION_STRING, &ps.format, "FORMAT", "table or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    const char *project = NULL;
    int result = session_options(session, rows, false, &ps.names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (ps.format && !string_eq(ps.format, "table") && !string_eq(ps.format, "json"))
        return error_set(err, "unknown format '%s': table or json", ps.format);
    if (ps_load(session, &ps, &project, err) < 0)
        return -1;
    if (ps.quiet || ps.services)
        ps_names(&ps);
    else if (string_eq(ps.format, "json"))
        ps_json(session, &ps, project);
    else
        ps_table(session, &ps);
    return 0;
}
