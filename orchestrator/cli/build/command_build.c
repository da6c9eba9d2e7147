/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "orchestrator/cli/build/project_build.h"
#include "orchestrator/cli/image/base_images.h"
#include "orchestrator/cli/image/image_worker.h"
#include "runtime/build/lint.h"

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

/* -- --check */

static void check_service(struct session *session, const struct service *service,
                          struct diagnostics *diagnostics, struct text *text)
{
    const struct build_arguments arguments = base_images_arguments(service, session->arena);
    const struct lint_options lint = {.arguments = &arguments};
    struct dockerfile_source source = {0};
    struct dockerfile dockerfile;
    struct error err = {0};

    if (base_images_dockerfile(service->build, session->arena, text, &source.file, &err) < 0) {
        diagnostics_error(diagnostics, service->build->at, service->name, "%s", err.text);
        return;
    }
    source.bytes = text_get(text);
    source.length = text->length;
    if (dockerfile_parse(&source, session->arena, diagnostics, &dockerfile) == 0)
        dockerfile_lint(&dockerfile, &lint, session->arena, diagnostics);
}

/* Says what is doubtful in the Dockerfiles and builds nothing. */
static int check_all(struct session *session, const struct project *project,
                     struct string_list services, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct text *texts = arena_new_array(session->arena, struct text, services.count + 1);
    size_t warnings;
    int result;

    for (size_t i = 0; i < services.count; i++)
        check_service(session, project_find_service(project, services.items[i]), diagnostics,
                      &texts[i]);
    result = session_report(diagnostics, err);
    warnings = diagnostics_count(diagnostics, SEVERITY_WARNING);
    for (size_t i = 0; i < services.count; i++)
        text_done(&texts[i]);
    if (result == 0)
        (void)printf(warnings ? "Check complete, %zu warnings have been found!\n"
                              : "Check complete, no warnings found.\n",
                     warnings);
    return result;
}

/* -- prune */

static int prune(struct session *session, struct error *err)
{
    struct string_list operands = {0}, filters = {0}, args;
    bool all = false, force = false;
    const struct option_row rows[] = {
        {'a', "all", OPTION_FLAG, &all, NULL, "also what was used lately, and caches of RUN"},
        {'f', "force", OPTION_FLAG, &force, NULL, "accepted; nothing is asked"},
        {0, "filter", OPTION_LIST, &filters, "until=TIME", "what was not used since"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    struct roots roots;
    int result = session_options(session, rows, false, &operands, err), exit_code;

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (roots_find(session->arena, &roots, err) < 0)
        return -1;
    args = image_worker_args(session->arena, "prune-steps", roots.data);
    if (all)
        string_list_add(session->arena, &args, "--all");
    for (size_t i = 0; i < filters.count; i++) {
        string_list_add(session->arena, &args, "--filter");
        string_list_add(session->arena, &args, filters.items[i]);
    }
    return image_worker_run(args, &exit_code, err) < 0 ? -1 : exit_code;
}

static int push(struct session *session, struct string_list services, struct error *err)
{
    session->args = services;
    return command_push(session, err);
}

/* -- build */

int command_build(struct session *session, struct error *err)
{
    struct project_build_options options = {0};
    struct string_list named = {0}, args = {0};
    bool with_dependencies = false, interrupted = false, check = false, pushes = false,
         print = false;
    const char *ignored = NULL;
    const struct option_row rows[] = {
        {0, "build-arg", OPTION_LIST, &args, "NAME=VALUE", "a value for ARG (repeatable)"},
        {0, "no-cache", OPTION_FLAG, &options.no_cache, NULL, "take every step again"},
        {0, "pull", OPTION_FLAG, &options.pull, NULL, "ask whether base images are newer"},
        {'q', "quiet", OPTION_FLAG, &options.quiet, NULL, "no progress"},
        {0, "ssh", OPTION_LIST, &options.ssh, "ID[=SOCKET]", "agents for RUN --mount=type=ssh"},
        {0, "with-dependencies", OPTION_FLAG, &with_dependencies, NULL,
         "what the services depend on, too"},
        {0, "check", OPTION_FLAG, &check, NULL, "only say what is doubtful in the Dockerfiles"},
        {0, "print", OPTION_FLAG, &print, NULL, "show what would be built, as JSON"},
        {0, "push", OPTION_FLAG, &pushes, NULL, "push what was built"},
        {0, "builder", OPTION_STRING, &ignored, "NAME", "accepted; there is one builder"},
        {'m', "memory", OPTION_STRING, &ignored, "BYTES", "accepted"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    scoped(compose_free) struct compose *compose = NULL;
    struct roots roots;
    int result;

    /* As docker's builder has it; a service of this name is built by 'build --quiet prune'. */
    if (session->args.count > 0 && string_eq(session->args.items[0], "prune")) {
        session->args.items++;
        session->args.count--;
        return prune(session, err);
    }
    result = session_options(session, rows, false, &named, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    session->compose.no_deps = !with_dependencies;
    if (session_load(session, named, &compose, err) < 0 ||
        roots_find(session->arena, &roots, err) < 0 ||
        services_find(session, compose_project(compose), named, &options.services, err) < 0)
        return -1;
    options.data_root = roots.data;
    options.args = args_settle(session, args);
    if (check)
        return check_all(session, compose_project(compose), options.services, err);
    if (print)
        return project_build_print(session, compose_project(compose), &options, err);
    if (project_build(session, compose_project(compose), &options, &interrupted, err) < 0)
        return -1;
    if (interrupted)
        return EXIT_INTERRUPTED;
    return pushes ? push(session, options.services, err) : 0;
}
