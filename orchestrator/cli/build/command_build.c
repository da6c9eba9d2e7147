/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "orchestrator/cli/build/project_build.h"
#include "orchestrator/cli/image/image_worker.h"

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

static int build_context(struct session *session, const struct context_build *build,
                         const struct project_build_options *options, struct error *err)
{
    struct build_order order;
    bool interrupted = false;

    if (context_build_order(session, build, options, &order, err) < 0 ||
        build_order_run(session, options, &order, &interrupted, err) < 0)
        return -1;
    return interrupted ? EXIT_INTERRUPTED : 0;
}

/* A name or a Dockerfile is given to what is no service; no service is called "-". */
static bool context_is_meant(const struct context_build *build, const struct string_list *named)
{
    return build->tags.count > 0 || build->dockerfile || string_list_has(named, CONTEXT_STDIN);
}

/* What is done with services besides building them. */
struct service_flags {
    bool with_dependencies, check, print, push;
};

static int build_services(struct session *session, struct string_list named,
                          const struct service_flags *flags, struct project_build_options *options,
                          struct error *err)
{
    scoped(compose_free) struct compose *compose = NULL;
    bool interrupted = false;

    session->compose.no_deps = !flags->with_dependencies;
    if (session_load(session, named, &compose, err) < 0 ||
        services_find(session, compose_project(compose), named, &options->services, err) < 0)
        return -1;
    if (flags->check)
        return project_build_check(session, compose_project(compose), options, err);
    if (flags->print)
        return project_build_print(session, compose_project(compose), options, err);
    if (project_build(session, compose_project(compose), options, &interrupted, err) < 0)
        return -1;
    if (interrupted)
        return EXIT_INTERRUPTED;
    return flags->push ? push(session, options->services, err) : 0;
}

int command_build(struct session *session, struct error *err)
{
    struct project_build_options options = {0};
    struct string_list named = {0}, args = {0};
    struct context_build alone = {0};
    struct service_flags flags = {0};
    const char *ignored = NULL;
    const struct option_row rows[] = {
        {0, "build-arg", OPTION_LIST, &args, "NAME=VALUE", "a value for ARG (repeatable)"},
        {0, "no-cache", OPTION_FLAG, &options.no_cache, NULL, "take every step again"},
        {0, "pull", OPTION_FLAG, &options.pull, NULL, "ask whether base images are newer"},
        {'q', "quiet", OPTION_FLAG, &options.quiet, NULL,
         "no progress; of a context: only the image's id"},
        {0, "rewrite-timestamp", OPTION_FLAG, &options.rewrite_timestamp, NULL,
         "no file of a layer is newer than SOURCE_DATE_EPOCH"},
        {0, "debug-shell", OPTION_FLAG, &options.debug_shell, NULL,
         "a shell where a RUN has failed, in the state before it"},
        {0, "ssh", OPTION_LIST, &options.ssh, "ID[=SOCKET]", "agents for RUN --mount=type=ssh"},
        {0, "with-dependencies", OPTION_FLAG, &flags.with_dependencies, NULL,
         "what the services depend on, too"},
        {0, "check", OPTION_FLAG, &flags.check, NULL,
         "only say what is doubtful in the Dockerfiles"},
        {0, "print", OPTION_FLAG, &flags.print, NULL, "show what would be built, as JSON"},
        {0, "push", OPTION_FLAG, &flags.push, NULL, "push what was built"},
        {'f', "file", OPTION_STRING, &alone.dockerfile, "FILE",
         "of a context: its Dockerfile; '-': standard input"},
        {'t', "tag", OPTION_LIST, &alone.tags, "NAME",
         "of a context: the image's name (repeatable)"},
        {0, "target", OPTION_STRING, &alone.target, "STAGE", "of a context: the stage to stop at"},
        {0, "builder", OPTION_STRING, &ignored, "NAME", "accepted; there is one builder"},
        {'m', "memory", OPTION_STRING, &ignored, "BYTES", "accepted"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
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
    if (options.debug_shell && !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO)))
        return error_set(err, "--debug-shell needs a terminal");
    if (roots_find(session->arena, &roots, err) < 0)
        return -1;
    options.data_root = roots.data;
    options.args = args_settle(session, args);
    if (!context_is_meant(&alone, &named))
        return build_services(session, named, &flags, &options, err);
    if (named.count != 1 || flags.check || flags.print || flags.push)
        return error_set(err, "with a name, a Dockerfile or '-' there is one context to build, and "
                              "neither --check, --print nor --push");
    alone.context = named.items[0];
    options.print_ids = options.quiet; /* as docker's builder does, for scripts */
    return build_context(session, &alone, &options, err);
}
