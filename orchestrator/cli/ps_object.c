/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/ps_object.h"

#include <string.h>
#include <time.h>

#include "common/units.h"

static const uint64_t NS_PER_S = 1000000000;

void ps_ports_text(const struct record *record, struct text *out)
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

void ps_created_text(const struct record *record, uint64_t now_ns, struct text *out)
{
    uint64_t age_ns = now_ns > record->created_ns ? now_ns - record->created_ns : 0;

    duration_format_words(age_ns / NS_PER_S, out);
    text_append(out, " ago");
}

const char *ps_state_word(const struct record *record)
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

static void list_append(struct text *list, const char *item)
{
    text_appendf(list, "%s%s", list->length ? "," : "", item);
}

/* The service's own, and those by which docker compose's containers are found. */
static void labels_text(const struct record *record, const struct ps_facts *facts, struct text *out)
{
    const char *config = facts->made && facts->made->config ? facts->made->config : "{}";
    struct error ignored = {0};
    scoped(json_release) json_t *service = json_parse(config, strlen(config), &ignored);
    json_t *labels = json_get_object(service, "labels"), *value;
    const char *name;

    text_appendf(out,
                 "com.docker.compose.project=%s,com.docker.compose.service=%s,"
                 "com.docker.compose.container-number=%d,com.docker.compose.oneoff=%s",
                 facts->project, record->service, record->number,
                 record->oneoff ? "True" : "False");
    json_object_foreach(labels, name, value)
        text_appendf(out, ",%s=%s", name, json_is_string(value) ? json_string_value(value) : "");
}

static void networks_text(const struct ps_facts *facts, struct text *out)
{
    for (size_t i = 0; facts->made && i < facts->made->n_endpoints; i++) {
        const char *key = facts->made->endpoints[i].network;
        const struct network_spec *network = plan_find_network(facts->shared, key);
        scoped_text struct text name = {0};

        if (network && network->shared_name)
            text_append(&name, network->shared_name);
        else
            text_appendf(&name, "%s_%s", facts->project, key);
        list_append(out, text_get(&name));
    }
}

/* The name of a volume, or the path on the host. Returns how many were volumes. */
static int mounts_text(const struct ps_facts *facts, struct text *out)
{
    scoped_text struct text volumes = {0};
    int count = 0;

    text_appendf(&volumes, "%s/volumes/", facts->data_root);
    for (size_t i = 0; facts->made && i < facts->made->container.n_mounts; i++) {
        const char *source = facts->made->container.mounts[i].source;
        scoped_text struct text name = {0};

        if (!source)
            continue;
        if (string_starts_with(source, text_get(&volumes))) {
            source += volumes.length;
            text_append_bytes(&name, source, strcspn(source, "/"));
            count++;
        } else {
            text_append(&name, source);
        }
        list_append(out, text_get(&name));
    }
    return count;
}

static void time_text(uint64_t ns, struct text *out)
{
    time_t seconds = (time_t)(ns / NS_PER_S);
    struct tm fields;
    char text[64];

    if (localtime_r(&seconds, &fields) &&
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z %Z", &fields) > 0)
        text_append(out, text);
}

static void string_set(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, json_string(value));
}

/* What docker's `ps` has beside what we know ourselves. */
static void surroundings_set(json_t *object, const struct record *record,
                             const struct ps_facts *facts)
{
    scoped_text struct text labels = {0}, networks = {0}, mounts = {0}, at = {0}, age = {0},
                            volumes = {0};

    labels_text(record, facts, &labels);
    networks_text(facts, &networks);
    text_appendf(&volumes, "%d", mounts_text(facts, &mounts));
    time_text(record->created_ns, &at);
    ps_created_text(record, facts->now_ns, &age);
    string_set(object, "Names", record->name);
    string_set(object, "CreatedAt", text_get(&at));
    string_set(object, "RunningFor", text_get(&age));
    string_set(object, "Labels", text_get(&labels));
    string_set(object, "Networks", text_get(&networks));
    string_set(object, "Mounts", text_get(&mounts));
    string_set(object, "LocalVolumes", text_get(&volumes));
}

json_t *ps_object(const struct record *record, const struct ps_facts *facts)
{
    scoped_text struct text status = {0}, ports = {0};
    json_t *object;

    record_status_text(record, facts->now_ns, &status);
    if (record->phase == PHASE_RUNNING)
        ps_ports_text(record, &ports);
    object =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:s,s:o}", "ID", record->name,
                  "Name", record->name, "Image", record->image ? record->image : "", "Command",
                  record->command ? record->command : "", "Project", facts->project, "Service",
                  record->service, "State", ps_state_word(record), "Health", health_word(record),
                  "ExitCode", record->phase == PHASE_RUNNING ? 0 : record_exit_code(record), "Pid",
                  record->pid, "Restarts", record->restarts, "Status", text_get(&status),
                  "Publishers", publishers_json(record));
    string_set(object, "Ports", text_get(&ports));
    surroundings_set(object, record, facts);
    if (record->message)
        string_set(object, "Message", record->message);
    return object;
}
