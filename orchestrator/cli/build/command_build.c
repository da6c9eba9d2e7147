/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "orchestrator/cli/build/project_build.h"

/* "NAME" alone takes the value of the environment, as the reference does. */
static struct string_list args_settle(struct session *session, struct string_list given)
{
    struct string_list args = {0};

    for (size_t i = 0; i < given.count; i++) {
        const char *value = strchr(given.items[i], '=') ? NULL : getenv(given.items[i]);

        if (strchr(given.items[i], '='))
            string_list_add(session->arena, &args, given.items[i]);
        else if (value)
            string_list_add(session->arena, &args,
                            arena_printf(session->arena, "%s=%s", given.items[i], value));
    }
    return args;
}

/* The services named, or all; with a build. */
static int services_find(struct session *session, const struct project *project,
                         struct string_list named, struct string_list *ret_services,
                         struct error *err)
{
    for (size_t i = 0; i < named.count; i++)
        if (!project_find_service(project, named.items[i]))
            return error_set(err, "no such service: %s", named.items[i]);
    for (size_t i = 0; i < project->n_services; i++) {
        const struct service *service = &project->services[i];

        if (service->build)
            string_list_add(session->arena, ret_services, service->name);
    }
    if (ret_services->count == 0)
        log_warning("No services to build");
    return 0;
}

int command_build(struct session *session, struct error *err)
{
    struct project_build_options options = {0};
    struct string_list named = {0}, args = {0};
    bool with_dependencies = false, interrupted = false;
    const char *ignored = NULL;
    const struct option_row rows[] = {
        {0, "build-arg", OPTION_LIST, &args, "NAME=VALUE", "a value for ARG (repeatable)"},
        {0, "no-cache", OPTION_FLAG, &options.no_cache, NULL, "take every step again"},
        {0, "pull", OPTION_FLAG, &options.pull, NULL, "ask whether base images are newer"},
        {'q', "quiet", OPTION_FLAG, &options.quiet, NULL, "no progress"},
        {0, "ssh", OPTION_LIST, &options.ssh, "ID[=SOCKET]", "agents for RUN --mount=type=ssh"},
        {0, "with-dependencies", OPTION_FLAG, &with_dependencies, NULL,
         "what the services depend on, too"},
        {0, "builder", OPTION_STRING, &ignored, "NAME", "accepted; there is one builder"},
        {'m', "memory", OPTION_STRING, &ignored, "BYTES", "accepted"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    int result = session_options(session, rows, false, &named, err);
    scoped(compose_free) struct compose *compose = NULL;
    struct roots roots;

    if (result != 0)
        return result < 0 ? -1 : 0;
    session->compose.no_deps = !with_dependencies;
    if (session_load(session, named, &compose, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0 ||
        services_find(session, compose_project(compose), named, &options.services, err) < 0)
        return -1;
    options.data_root = roots.data;
    options.args = args_settle(session, args);
    if (project_build(session, compose_project(compose), &options, &interrupted, err) < 0)
        return -1;
    return interrupted ? EXIT_INTERRUPTED : 0;
}
