/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `network` and its commands: networks that belong to the machine, for projects to share. Words
 * and options are docker's.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "common/moment.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/network_create.h"
#include "orchestrator/cli/table.h"

static int registry_open(struct session *session, struct shared_registry **ret_registry,
                         struct error *err)
{
    struct roots roots;

    if (roots_find(session->arena, &roots, err) < 0)
        return -1;
    return shared_registry_open(roots.data, roots.run, ret_registry, err);
}

/* -- ls */

struct listing {
    struct session *session;
    const struct shared_registry *registry;
    struct table table;
    struct text out; /* of lines that are no table */
};

static void pools(const struct network_spec *spec, struct text *out)
{
    if (!spec->no_ipv4)
        text_append(out, spec->subnet);
    if (spec->ipv6)
        text_appendf(out, "%s%s", out->length ? ", " : "", spec->subnet6);
    for (size_t i = 0; i < spec->n_pools; i++)
        text_appendf(out, ", %s", spec->pools[i].subnet);
}

static int list_one(struct listing *listing, const char *name, const char *format, bool quiet,
                    struct error *err)
{
    scoped_text struct text subnets = {0}, users = {0};
    scoped(json_release) json_t *json = NULL;
    struct arena *arena = listing->session->arena;
    struct shared_definition *network;
    struct shared_pages pages;

    if (shared_registry_find(listing->registry, name, arena, &network, err) < 0 ||
        shared_registry_read_pages(listing->registry, name, arena, &pages, err) < 0)
        return -1;
    if (!network)
        return 0; /* removed meanwhile */
    pools(&network->spec, &subnets);
    (void)shared_pages_words(&pages, NULL, &users);
    if (quiet) {
        text_appendf(&listing->out, "%s\n", name);
    } else if (string_eq(format, "json")) {
        json = json_pack("{s:s,s:s,s:s,s:s,s:s}", "Name", name, "Driver", "bridge", "Scope",
                         "local", "Subnet", text_get(&subnets), "UsedBy", text_get(&users));
        json_format(json, &listing->out);
        text_append(&listing->out, "\n");
    } else {
        table_add(&listing->table, name);
        table_add(&listing->table, "bridge");
        table_add(&listing->table, "local");
        table_add(&listing->table, text_get(&subnets));
        table_add(&listing->table, text_get(&users));
    }
    return 0;
}

static int network_ls(struct session *session, struct error *err)
{
    static const char *const heads[] = {"NAME", "DRIVER", "SCOPE", "SUBNET", "USED BY", NULL};
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    struct listing listing = {.session = session, .table = table_start(session->arena, heads)};
    const char *format = "table";
    bool quiet = false;
    const struct option_row rows[] = {
        {'q', "quiet", OPTION_FLAG, &quiet, NULL, "only names"},
        {0, "format", OPTION_STRING, &format, "FORMAT", "table or json"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list operands = {0}, names = {0};
    int result = session_options(session, rows, false, &operands, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (!string_eq(format, "table") && !string_eq(format, "json"))
        return error_set(err, "unknown format '%s': table or json", format);
    if (registry_open(session, &registry, err) < 0 ||
        shared_registry_list(registry, session->arena, &names, err) < 0)
        return -1;
    listing.registry = registry;
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = list_one(&listing, names.items[i], format, quiet, err);
    if (result == 0 && !quiet && string_eq(format, "table"))
        table_print(&listing.table, &listing.out);
    (void)fputs(text_get(&listing.out), stdout);
    text_done(&listing.out);
    return result;
}

/* -- inspect */

static json_t *pool_json(const char *subnet, const char *range, const char *gateway)
{
    json_t *pool = json_pack("{s:s}", "Subnet", subnet);

    if (range)
        json_object_set_new(pool, "IPRange", json_string(range));
    json_object_set_new(pool, "Gateway", json_string(gateway));
    return pool;
}

static json_t *ipam_json(const struct network_spec *spec)
{
    json_t *config = json_array();

    if (!spec->no_ipv4)
        json_array_append_new(config, pool_json(spec->subnet, spec->ip_range, spec->gateway));
    if (spec->ipv6)
        json_array_append_new(config, pool_json(spec->subnet6, spec->ip_range6, spec->gateway6));
    for (size_t i = 0; i < spec->n_pools; i++)
        json_array_append_new(config, pool_json(spec->pools[i].subnet, spec->pools[i].ip_range,
                                                spec->pools[i].gateway));
    return json_pack("{s:s,s:o}", "Driver", "default", "Config", config);
}

static json_t *labels_json(const struct string_list *labels)
{
    json_t *object = json_object();

    for (size_t i = 0; i < labels->count; i++) {
        const char *equals = strchr(labels->items[i], '=');
        size_t length = equals ? (size_t)(equals - labels->items[i]) : strlen(labels->items[i]);

        json_object_setn_new(object, labels->items[i], length,
                             json_string(equals ? equals + 1 : ""));
    }
    return object;
}

/* Two projects may have containers of the same name. */
static json_t *containers_json(struct arena *arena, const struct shared_pages *pages)
{
    json_t *object = json_object();

    for (size_t i = 0; i < pages->count; i++) {
        const struct shared_page *page = &pages->items[i];

        for (size_t j = 0; j < page->n_places; j++) {
            const struct shared_place *place = &page->places[j];
            const char *key = arena_printf(arena, "%s/%s", page->project, place->instance);

            json_object_set_new(object, key,
                                json_pack("{s:s,s:s,s:s,s:s}", "Name", place->instance, "Project",
                                          page->project, "IPv4Address",
                                          place->address ? place->address : "", "IPv6Address",
                                          place->address6 ? place->address6 : ""));
        }
    }
    return object;
}

static int inspect_one(struct session *session, const struct shared_registry *registry,
                       const char *name, json_t *list, struct error *err)
{
    struct shared_definition *network;
    scoped_text struct text created = {0};
    struct shared_pages pages;

    if (shared_registry_find(registry, name, session->arena, &network, err) < 0 ||
        shared_registry_read_pages(registry, name, session->arena, &pages, err) < 0)
        return -1;
    if (!network)
        return error_set(err, "network %s not found", name);
    moment_format(network->created_ns, &created);
    json_array_append_new(
        list, json_pack("{s:s,s:s,s:s,s:s,s:b,s:b,s:o,s:b,s:o,s:o,s:s?}", "Name", name, "Created",
                        text_get(&created), "Scope", "local", "Driver", "bridge", "EnableIPv4",
                        !network->spec.no_ipv4, "EnableIPv6", network->spec.ipv6, "IPAM",
                        ipam_json(&network->spec), "Internal", network->spec.internal, "Containers",
                        containers_json(session->arena, &pages), "Labels",
                        labels_json(&network->labels), "Project", network->project));
    return 0;
}

static int network_inspect(struct session *session, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    const struct option_row rows[] = {{0, NULL, OPTION_END, NULL, NULL, NULL}};
    struct string_list names = {0};
    scoped(json_release) json_t *list = json_array();
    int result = session_options(session, rows, false, &names, err);
    char *text;

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (names.count == 0)
        return error_set(err, "network inspect: which network?");
    if (registry_open(session, &registry, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (inspect_one(session, registry, names.items[i], list, err) < 0)
            return -1;
    text = json_dumps(list, JSON_INDENT(4));
    (void)puts(text);
    free(text);
    return 0;
}

/* -- rm, prune */

enum removal { REMOVED, ABSENT, IN_USE };

/* Under the lock, so that nobody joins meanwhile. */
static int remove_one(struct session *session, const struct shared_registry *registry,
                      const char *name, enum removal *ret_removal, struct text *ret_users,
                      struct error *err)
{
    struct shared_definition *network;
    struct shared_pages pages;
    scoped_fd int lock_fd = -1;

    if (shared_registry_lock(registry, &lock_fd, err) < 0 ||
        shared_registry_find(registry, name, session->arena, &network, err) < 0 ||
        shared_registry_read_pages(registry, name, session->arena, &pages, err) < 0)
        return -1;
    *ret_removal = !network ? ABSENT : pages.count > 0 ? IN_USE : REMOVED;
    (void)shared_pages_words(&pages, NULL, ret_users);
    return *ret_removal == REMOVED ? shared_registry_remove(registry, name, err) : 0;
}

static int network_rm(struct session *session, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    bool force = false;
    const struct option_row rows[] = {
        {'f', "force", OPTION_FLAG, &force, NULL, "no error when there is no such network"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list names = {0};
    int result = session_options(session, rows, false, &names, err), code = 0;

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (names.count == 0)
        return error_set(err, "network rm: which network?");
    if (registry_open(session, &registry, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        scoped_text struct text users = {0};
        enum removal removal;

        if (remove_one(session, registry, names.items[i], &removal, &users, err) < 0)
            return -1;
        if (removal == REMOVED)
            (void)puts(names.items[i]);
        else if (removal == IN_USE)
            log_error("network %s has active endpoints: %s", names.items[i], text_get(&users));
        else if (!force)
            log_error("network %s not found", names.items[i]);
        code = removal == IN_USE || (removal == ABSENT && !force) ? 1 : code;
    }
    return code;
}

/* What a project has defined goes with the project, except where it was in use then. */
static int network_prune(struct session *session, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    bool force = false;
    const struct option_row rows[] = {
        {'f', "force", OPTION_FLAG, &force, NULL, "nothing is asked in any case"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct string_list names = {0};
    int result = session_options(session, rows, false, &names, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (registry_open(session, &registry, err) < 0 ||
        shared_registry_list(registry, session->arena, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        scoped_text struct text users = {0};
        enum removal removal;

        if (remove_one(session, registry, names.items[i], &removal, &users, err) < 0)
            return -1;
        if (removal == REMOVED)
            (void)puts(names.items[i]);
    }
    return 0;
}

/* -- create */

static int network_create(struct session *session, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    struct shared_definition network, *known;
    scoped_fd int lock_fd = -1;
    int result = network_create_options(session, &network, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (registry_open(session, &registry, err) < 0 ||
        shared_registry_lock(registry, &lock_fd, err) < 0 ||
        shared_registry_find(registry, network.name, session->arena, &known, err) < 0)
        return -1;
    if (known)
        return error_set(err, "network with name %s already exists", network.name);
    if (shared_registry_define(registry, &network, session->arena, err) < 0)
        return -1;
    (void)puts(network.name);
    return 0;
}

static const struct cli_command network_commands[] = {
    {"create", "Make a network", "[OPTIONS] NETWORK", network_create},
    {"inspect", "Show all that is known of networks, as JSON", "NETWORK...", network_inspect},
    {"ls", "List networks", "[OPTIONS]", network_ls},
    {"prune", "Remove networks that nobody uses", "[OPTIONS]", network_prune},
    {"rm", "Remove networks", "[OPTIONS] NETWORK...", network_rm},
    {NULL, NULL, NULL, NULL},
};

int command_network(struct session *session, struct error *err)
{
    const char *about = "Manage the networks that projects share.";

    (void)err;
    return command_group_run(session, network_commands, "network ", about);
}
