/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "orchestrator/cli/command.h"

struct port_query {
    struct string_list operands; /* [SERVICE [PORT]] */
    const char *protocol, *index;
    unsigned long long port, number;
    bool udp;
};

/* The one that --index names, or the first. */
static const struct record *record_find(const struct port_query *query, struct record **records,
                                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (string_eq(records[i]->service, query->operands.items[0]) &&
            (query->number == 0 || (unsigned long long)records[i]->number == query->number))
            return records[i];
    return NULL;
}

static void port_text(const struct record_port *port, struct text *out)
{
    const char *host = port->host_ip ? port->host_ip : "0.0.0.0";

    text_appendf(out, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port->host_port);
}

/* The error names what there is instead. */
static int port_missing(const struct port_query *query, const struct record *record,
                        struct error *err)
{
    scoped_text struct text known = {0};

    for (size_t i = 0; i < record->n_ports; i++) {
        const struct record_port *port = &record->ports[i];

        text_append(&known, i ? ", " : " ");
        port_text(port, &known);
        text_appendf(&known, "->%d/%s", port->container_port, port->udp ? "udp" : "tcp");
    }
    return error_set(err, "no port %llu/%s for container %s:%s", query->port,
                     query->udp ? "udp" : "tcp", record->name, text_get(&known));
}

static int port_print(const struct port_query *query, const struct record *record,
                      struct error *err)
{
    for (size_t i = 0; i < record->n_ports; i++) {
        const struct record_port *port = &record->ports[i];
        scoped_text struct text line = {0};

        if ((unsigned long long)port->container_port != query->port || port->udp != query->udp)
            continue;
        port_text(port, &line);
        (void)printf("%s\n", line.data);
        return 0;
    }
    return port_missing(query, record, err);
}

static int query_check(struct port_query *query, struct error *err)
{
    if (query->operands.count > 2)
        return error_set(err, "port: name a service and a port of its containers");
    if (query->operands.count == 2 && !string_to_u64(query->operands.items[1], 65535, &query->port))
        return error_set(err, "'%s' is no port", query->operands.items[1]);
    if (query->index && !string_to_u64(query->index, 1000000, &query->number))
        return error_set(err, "--index: '%s' is no number", query->index);
    query->udp = string_eq(query->protocol, "udp");
    if (!query->udp && !string_eq(query->protocol, "tcp"))
        return error_set(err, "--protocol: '%s' is neither tcp nor udp", query->protocol);
    return 0;
}

/* All that is published by the containers that the query allows, a line each. */
static void ports_list(const struct port_query *query, struct record **records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct record *record = records[i];

        if ((query->operands.count > 0 && !string_eq(record->service, query->operands.items[0])) ||
            (query->number != 0 && (unsigned long long)record->number != query->number))
            continue;
        for (size_t k = 0; k < record->n_ports; k++) {
            const struct record_port *port = &record->ports[k];
            scoped_text struct text line = {0};

            text_appendf(&line, "%s %d/%s -> ", record->name, port->container_port,
                         port->udp ? "udp" : "tcp");
            port_text(port, &line);
            (void)printf("%s\n", line.data);
        }
    }
}

int command_port(struct session *session, struct error *err)
{
    struct port_query query = {.protocol = "tcp"};
    const struct option_row rows[] = {
        {0, "protocol", OPTION_STRING, &query.protocol, "PROTOCOL", "tcp or udp"},
        {0, "index", OPTION_STRING, &query.index, "NUMBER", "which container of the service"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    const struct record *record;
    struct record **records;
    const char *project;
    size_t count;
    int result = session_options(session, rows, false, &query.operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (query_check(&query, err) < 0 ||
        session_records(session, &project, &records, &count, err) < 0)
        return -1;
    if (query.operands.count < 2) {
        ports_list(&query, records, count);
        return 0;
    }
    record = record_find(&query, records, count);
    if (!record)
        return error_set(err, "service \"%s\" is not running", query.operands.items[0]);
    return port_print(&query, record, err);
}
