/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/network_ask.h"

#include "net/shared_registry.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/supervise/supervisor_client.h"

/* Whether the project is there and has the network. */
static int project_has(const struct project_dir *dir, const char *network, struct arena *arena,
                       bool *ret_has, struct error *err)
{
    struct plan plan = {0};
    bool there;

    if (plan_shared_read(dir->run_fd, arena, &plan, &there, err) < 0)
        return -1;
    *ret_has = plan_find_network(&plan, network) != NULL;
    return 0;
}

static int ask(const struct roots *roots, const char *project, const char *network,
               struct arena *arena, struct error *err)
{
    scoped(supervisor_client_free) struct supervisor_client *client = NULL;
    scoped(project_dir_close) struct project_dir *dir = NULL;
    struct request request = {.command = "share"};
    bool has;

    if (project_dir_open(arena, roots, project, false, &dir, err) < 0)
        return -1;
    if (!dir)
        return 0;
    if (project_has(dir, network, arena, &has, err) < 0)
        return -1;
    if (!has)
        return 0;
    string_list_add(arena, &request.services, network);
    if (supervisor_connect(dir, project, &client, err) < 0)
        return -1;
    return supervisor_client_request(client, &request, err);
}

/* A name may be read in several ways: "a_b_default" may be of "a" or of "a_b". */
static int ask_all(const struct roots *roots, const char *name, struct arena *arena,
                   struct error *err)
{
    struct string_list projects = {0};

    if (project_dir_list(arena, roots, &projects, err) < 0)
        return -1;
    for (size_t i = 0; i < projects.count; i++) {
        const char *prefix = arena_printf(arena, "%s_", projects.items[i]);

        if (string_starts_with(name, prefix) &&
            ask(roots, projects.items[i], name + strlen(prefix), arena, err) < 0)
            return error_wrap(err, "ask project '%s' for network '%s'", projects.items[i], name);
    }
    return 0;
}

int networks_ask(const struct roots *roots, const struct project *project, struct error *err)
{
    scoped(shared_registry_free) struct shared_registry *registry = NULL;
    scoped(arena_free) struct arena *arena = arena_new();

    for (size_t i = 0; i < project->n_networks; i++) {
        const struct network *network = &project->networks[i];
        struct shared_definition *definition;

        if (!network->external || !shared_name_is_valid(network->name))
            continue;
        if (!registry && shared_registry_open(roots->data, roots->run, &registry, err) < 0)
            return -1;
        if (shared_registry_find(registry, network->name, arena, &definition, err) < 0 ||
            (!definition && ask_all(roots, network->name, arena, err) < 0))
            return -1;
    }
    return 0;
}
