/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/json.h"
#include "net/net.h"
#include "net/net_report.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/table.h"

static void join(const struct string_list *list, struct text *out)
{
    for (size_t i = 0; i < list->count; i++)
        text_appendf(out, "%s%s", i > 0 ? ", " : "", list->items[i]);
}

/* One of two texts that may be missing, or both. */
static void both(const char *first, const char *second, struct text *out)
{
    const char *texts[2];
    struct string_list list = {texts, 0};

    if (first)
        texts[list.count++] = first;
    if (second)
        texts[list.count++] = second;
    join(&list, out);
}

static void networks_print(struct arena *arena, const struct net_report *report, struct text *out)
{
    static const char *const heads[] = {"NETWORK", "SUBNET", "OUTBOUND", NULL};
    struct table table = table_start(arena, heads);

    for (size_t i = 0; i < report->n_networks; i++) {
        const struct report_network *network = &report->networks[i];
        scoped_text struct text subnets = {0};

        both(network->subnet, network->subnet6, &subnets);
        for (size_t k = 0; k < network->more_subnets.count; k++)
            text_appendf(&subnets, ", %s", network->more_subnets.items[k]);
        table_add(&table, network->name);
        table_add(&table, text_get(&subnets));
        table_add(&table, network->internal ? "no" : "yes");
    }
    table_print(&table, out);
}

static const char *rank_word(int rank)
{
    static const char *const words[] = {
        [NAME_HIDDEN] = "hidden", [NAME_STARTING] = "starting", [NAME_READY] = "ready"};

    return rank >= NAME_HIDDEN && rank <= NAME_READY ? words[rank] : "?";
}

static void members_print(struct arena *arena, const struct net_report *report, struct text *out)
{
    static const char *const heads[] = {"CONTAINER", "NETWORK", "ADDRESS", "STATE", "NAMES", NULL};
    struct table table = table_start(arena, heads);

    for (size_t i = 0; i < report->n_members; i++) {
        const struct report_member *member = &report->members[i];
        scoped_text struct text addresses = {0}, names = {0};

        both(member->address, member->address6, &addresses);
        join(&member->names, &names);
        table_add(&table, member->instance);
        table_add(&table, member->network);
        table_add(&table, text_get(&addresses));
        table_add(&table, rank_word(member->rank));
        table_add(&table, text_get(&names));
    }
    table_print(&table, out);
}

/* Reserved: bound on the host, and refused. Waiting: refused until the service listens. */
static const char *port_word(const struct report_port *port)
{
    return port->listening ? "open" : port->open ? "waiting" : "reserved";
}

static void ports_print(struct arena *arena, const struct net_report *report, struct text *out)
{
    static const char *const heads[] = {"PORT",  "CONTAINER",   "TARGET",
                                        "STATE", "CONNECTIONS", NULL};
    struct table table = table_start(arena, heads);

    for (size_t i = 0; i < report->n_ports; i++) {
        const struct report_port *port = &report->ports[i];
        scoped_text struct text host = {0};

        join(&port->host, &host);
        text_appendf(&host, "/%s", port->udp ? "udp" : "tcp");
        table_add(&table, text_get(&host));
        table_add(&table, port->instance);
        table_add(&table, port->target ? port->target : "");
        table_add(&table, port_word(port));
        table_add(&table, arena_printf(arena, "%d", port->connections));
    }
    table_print(&table, out);
}

static void report_print(struct arena *arena, const struct net_report *report, struct text *out)
{
    networks_print(arena, report, out);
    text_append(out, "\n");
    members_print(arena, report, out);
    if (report->n_ports > 0) {
        text_append(out, "\n");
        ports_print(arena, report, out);
    }
    text_appendf(out, "\nOutbound: %d connections, %d UDP flows, %d pings\n",
                 report->outbound_connections, report->outbound_flows, report->outbound_pings);
    if (!report->may_ping)
        text_append(out, "Pings are refused: net.ipv4.ping_group_range of this machine leaves the "
                         "net worker out.\n");
}

/* Words in place of numbers and flags, for those who do not know our enumerations. */
static void report_json(const struct net_report *report, struct text *out)
{
    scoped(json_release) json_t *json = codec_encode(net_report_codec, report);
    json_t *members = json_object_get(json, "members"), *ports = json_object_get(json, "ports");

    for (size_t i = 0; i < report->n_members; i++) {
        json_object_del(json_array_get(members, i), "rank");
        json_object_set_new(json_array_get(members, i), "state",
                            json_string(rank_word(report->members[i].rank)));
    }
    for (size_t i = 0; i < report->n_ports; i++)
        json_object_set_new(json_array_get(ports, i), "state",
                            json_string(port_word(&report->ports[i])));
    json_format(json, out);
    text_append(out, "\n");
}

int command_net(struct session *session, struct error *err)
{
    const char *format = "table";
    const struct option_row rows[] = {
        {0, "format", OPTION_STRING, &format, "FORMAT", "table or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0};
    struct project_dir *dir = NULL;
    struct net_report *report = NULL;
    scoped_text struct text out = {0};
    struct roots roots;
    const char *project;
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(format, "table") && !string_eq(format, "json"))
        return error_set(err, "--format: '%s' is neither table nor json", format);
    if (session_project_dir(session, &project, &roots, &dir, err) < 0 ||
        (dir && net_report_ask(dir->run_fd, session->arena, &report, err) < 0))
        return -1;
    if (!report)
        return error_set(err, "project '%s' is not running", project);
    if (string_eq(format, "json"))
        report_json(report, &out);
    else
        report_print(session->arena, report, &out);
    (void)fputs(text_get(&out), stdout);
    return 0;
}
