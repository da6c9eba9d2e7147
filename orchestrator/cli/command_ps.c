/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/process.h"
#include "common/units.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/table.h"

static const uint64_t NS_PER_S = 1000000000;

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
    uint64_t age_ns = now_ns > record->created_ns ? now_ns - record->created_ns : 0;

    duration_format_words(age_ns / NS_PER_S, out);
    text_append(out, " ago");
}

static bool ps_shows(const struct ps *ps, const struct record *record)
{
    bool named = ps->names.count == 0;

    for (size_t i = 0; i < ps->names.count; i++)
        named = named || string_eq(ps->names.items[i], record->service);
    if ((record->oneoff || record->hook) && !ps->all)
        return false;
    return named && (ps->all || record->phase == PHASE_RUNNING || record->phase == PHASE_STARTING ||
                     record->will_restart);
}

static void ps_row(const struct record *record, uint64_t now_ns, struct table *table)
{
    scoped_text struct text command = {0}, created = {0}, status = {0}, ports = {0};

    command_text(record, &command);
    created_text(record, now_ns, &created);
    record_status_text(record, now_ns, &status);
    if (record->phase == PHASE_RUNNING)
        ports_text(record, &ports);
    table_add(table, record->name);
    table_add(table, record->image ? record->image : "");
    table_add(table, text_get(&command));
    table_add(table, record->service);
    table_add(table, text_get(&created));
    table_add(table, text_get(&status));
    table_add(table, text_get(&ports));
}

static void ps_table(struct session *session, const struct ps *ps)
{
    static const char *const heads[] = {"NAME",    "IMAGE",  "COMMAND", "SERVICE",
                                        "CREATED", "STATUS", "PORTS",   NULL};
    struct table table = table_start(session->arena, heads);
    scoped_text struct text out = {0};

    for (size_t i = 0; i < ps->count; i++)
        if (ps_shows(ps, ps->records[i]))
            ps_row(ps->records[i], clock_realtime_ns(), &table);
    table_print(&table, &out);
    (void)printf("%s", text_get(&out));
}

static const char *state_word(const struct record *record)
{
    if (record->will_restart)
        return "restarting";
    if (record->paused)
        return "paused";
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
    if (session_records(session, &project, &ps.records, &ps.count, err) < 0)
        return -1;
    if (ps.quiet || ps.services)
        ps_names(&ps);
    else if (string_eq(ps.format, "json"))
        ps_json(session, &ps, project);
    else
        ps_table(session, &ps);
    return 0;
}
