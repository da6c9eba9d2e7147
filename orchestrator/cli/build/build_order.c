/* SPDX-License-Identifier: Apache-2.0 */
/* What the worker is asked for: the builds of services as build_request.h has them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"
#include "orchestrator/cli/build/project_build.h"
#include "orchestrator/cli/image/image_needs.h"
#include "runtime/build/build_arguments.h"
#include "runtime/build/emulation.h"
#include "runtime/build/git_address.h"
#include "runtime/image/image_platform.h"

static const char service_prefix[] = "service:";

struct ordering {
    struct session *session;
    struct arena *arena;
    const struct project *project;
    const struct project_build_options *options;
    struct build_order *order;
    struct string_list begun; /* services */
};

static const char *image_of(const struct ordering *ordering, const struct service *service)
{
    return service->image ? service->image
                          : image_need_built_name(ordering->project, service, ordering->arena);
}

static struct build_pair *add_pair(struct ordering *ordering, struct build_pair **items,
                                   size_t *count)
{
    *items = arena_room(ordering->arena, *items, *count);
    return &(*items)[(*count)++];
}

/* -- parts */

/* What docker's build passes on by itself, for a Dockerfile that declares it. */
static void add_source_date(struct ordering *ordering, struct build_request *request)
{
    const char *date = getenv("SOURCE_DATE_EPOCH");

    if (date && *date)
        string_list_add(ordering->arena, &request->args,
                        arena_printf(ordering->arena, "SOURCE_DATE_EPOCH=%s", date));
}

/* A program in a build reaches the world as programs do on this machine. */
static void add_proxies(struct ordering *ordering, struct build_request *request)
{
    const char *name;

    for (size_t i = 0; (name = build_arguments_proxy_name(i)); i++) {
        const char *value = getenv(name);

        if (value && *value)
            string_list_add(ordering->arena, &request->args,
                            arena_printf(ordering->arena, "%s=%s", name, value));
    }
}

/* Of one name the last counts. */
static void add_args(struct ordering *ordering, const struct build *build,
                     struct build_request *request)
{
    for (size_t i = 0; i < build->args.count; i++) {
        const struct pair *pair = &build->args.items[i];

        if (pair->value)
            string_list_add(ordering->arena, &request->args,
                            arena_printf(ordering->arena, "%s=%s", pair->name, pair->value));
    }
    for (size_t i = 0; i < ordering->options->args.count; i++)
        string_list_add(ordering->arena, &request->args, ordering->options->args.items[i]);
}

static void add_labels(struct ordering *ordering, const struct service *service,
                       struct build_request *request)
{
    const struct build *build = service->build;
    struct arena *arena = ordering->arena;

    for (size_t i = 0; i < build->labels.count; i++)
        string_list_add(arena, &request->labels,
                        arena_printf(arena, "%s=%s", build->labels.items[i].name,
                                     build->labels.items[i].value));
    string_list_add(arena, &request->labels,
                    arena_printf(arena, "com.docker.compose.project=%s", ordering->project->name));
    string_list_add(arena, &request->labels,
                    arena_printf(arena, "com.docker.compose.service=%s", service->name));
}

static void add_ulimits(struct ordering *ordering, const struct build *build,
                        struct build_request *request)
{
    request->n_ulimits = build->ulimits.count;
    request->ulimits = arena_new_array(ordering->arena, struct ulimit_spec, request->n_ulimits);
    for (size_t i = 0; i < request->n_ulimits; i++) {
        const struct ulimit *limit = &build->ulimits.items[i];

        request->ulimits[i] = (struct ulimit_spec){limit->name, limit->soft, limit->hard};
    }
}

static int build_add(struct ordering *ordering, const char *name, struct error *err);

/* `service:NAME` is that one's image, which is built first. */
static int add_contexts(struct ordering *ordering, const struct build *build,
                        struct build_request *request, struct error *err)
{
    for (size_t i = 0; i < build->additional_contexts.count; i++) {
        const struct pair *pair = &build->additional_contexts.items[i];
        struct build_pair *context = add_pair(ordering, &request->contexts, &request->n_contexts);
        const char *name = pair->value + strlen(service_prefix);

        *context = (struct build_pair){pair->name, pair->value};
        if (!string_starts_with(pair->value, service_prefix))
            continue;
        if (build_add(ordering, name, err) < 0)
            return -1;
        context->value =
            arena_printf(ordering->arena, "docker-image://%s",
                         image_of(ordering, project_find_service(ordering->project, name)));
    }
    return 0;
}

static int add_secrets(struct ordering *ordering, const struct build *build,
                       struct build_request *request, struct error *err)
{
    request->secrets = arena_new_array(ordering->arena, struct build_secret, build->n_secrets);
    for (size_t i = 0; i < build->n_secrets; i++) {
        const struct grant *grant = &build->secrets[i];
        const struct secret *secret = project_find_secret(ordering->project, grant->source);

        if (!secret || (!secret->file && !secret->content))
            return error_set(err, "secret '%s' has neither a file nor a variable", grant->source);
        request->secrets[request->n_secrets++] =
            (struct build_secret){.id = grant->target ? grant->target : grant->source,
                                  .file = secret->file,
                                  .value = secret->content};
    }
    return 0;
}

static int add_agent(struct ordering *ordering, struct build_request *request, const char *id,
                     const char *path, struct error *err)
{
    const char *agent = getenv("SSH_AUTH_SOCK");

    if ((!path || !*path) && (!agent || !*agent))
        return error_set(err, "ssh '%s': SSH_AUTH_SOCK is not set", id);
    *add_pair(ordering, &request->ssh, &request->n_ssh) =
        (struct build_pair){id, path && *path ? path : arena_strdup(ordering->arena, agent)};
    return 0;
}

/* Those of the command line. */
static int add_given_ssh(struct ordering *ordering, struct build_request *request,
                         struct error *err)
{
    const struct string_list *given = &ordering->options->ssh;

    for (size_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        size_t length = equals ? (size_t)(equals - given->items[i]) : strlen(given->items[i]);

        if (add_agent(ordering, request, arena_strndup(ordering->arena, given->items[i], length),
                      equals ? equals + 1 : NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int add_ssh(struct ordering *ordering, const struct build *build,
                   struct build_request *request, struct error *err)
{
    for (size_t i = 0; i < build->ssh.count; i++)
        if (add_agent(ordering, request, build->ssh.items[i].name, build->ssh.items[i].value, err) <
            0)
            return -1;
    return add_given_ssh(ordering, request, err);
}

/* One platform, whose programs run here. */
static int choose_platform(struct ordering *ordering, const struct service *service,
                           struct build_request *request, struct error *err)
{
    const struct string_list *platforms = &service->build->platforms;
    const char *wanted = image_need_platform(service), *key = NULL;
    struct image_platform platform;

    for (size_t i = 0; i < platforms->count && !wanted; i++) {
        if (image_platform_key(platforms->items[i], ordering->arena, &key, err) < 0)
            return -1;
        if (key)
            return error_set(err, "one platform is built at a time: 'platform' says which of %zu",
                             platforms->count);
    }
    if (!wanted)
        return 0;
    if (image_platform_key(wanted, ordering->arena, &key, err) < 0 ||
        image_platform_parse(wanted, ordering->arena, &platform, err) < 0)
        return -1;
    if (key && !emulation_is_there(EMULATION_DIR, platform.architecture))
        return error_set(err,
                         "it is to be built for %s, whose programs do not run here (install "
                         "qemu-user-static, or another handler of binfmt_misc with flag F)",
                         key);
    request->platform = key;
    return 0;
}

static int request_fill(struct ordering *ordering, const struct service *service,
                        struct build_request *request, struct error *err)
{
    const struct build *build = service->build;
    struct arena *arena = ordering->arena;

    *request = (struct build_request){
        .name = service->name,
        .context = build->context,
        .dockerfile = build->dockerfile,
        .dockerfile_inline = build->dockerfile_inline,
        .target = build->target,
        .extra_hosts = build->extra_hosts,
        .entitlements = build->entitlements,
        .cache_from = build->cache_from,
        .cache_to = build->cache_to,
        .directory = ordering->project->directory,
        .no_cache_filter = build->no_cache_filter,
        .network = build->network,
        .shm_bytes = build->shm_size_bytes,
        .no_cache = build->no_cache || ordering->options->no_cache,
        .pull = build->pull || ordering->options->pull,
        .privileged = build->privileged,
    };
    string_list_add(arena, &request->tags, image_of(ordering, service));
    for (size_t i = 0; i < build->tags.count; i++)
        string_list_add(arena, &request->tags, build->tags.items[i]);
    add_source_date(ordering, request);
    add_proxies(ordering, request);
    add_args(ordering, build, request);
    add_labels(ordering, service, request);
    add_ulimits(ordering, build, request);
    if (choose_platform(ordering, service, request, err) < 0 ||
        add_secrets(ordering, build, request, err) < 0 ||
        add_ssh(ordering, build, request, err) < 0)
        return -1;
    return add_contexts(ordering, build, request, err);
}

static void request_add(struct ordering *ordering, const struct build_request *request)
{
    struct build_order *order = ordering->order;

    order->builds = arena_room(ordering->arena, order->builds, order->n_builds);
    order->builds[order->n_builds++] = *request;
}

/* Adds the service's build behind those that it needs. One that needs itself in the end is found
 * begun, and does without: its image has to be there. */
static int build_add(struct ordering *ordering, const char *name, struct error *err)
{
    const struct service *service = project_find_service(ordering->project, name);
    struct build_request request;

    if (!service)
        return error_set(err, "no such service: %s", name);
    if (!service->build || string_list_has(&ordering->begun, service->name))
        return 0;
    string_list_add(ordering->arena, &ordering->begun, service->name);
    if (request_fill(ordering, service, &request, err) < 0)
        return error_wrap(err, "build '%s'", service->name);
    request_add(ordering, &request);
    return 0;
}

int project_build_order(struct session *session, const struct project *project,
                        const struct project_build_options *options, struct build_order *ret_order,
                        struct error *err)
{
    struct build_order order = {.rewrite_timestamp = options->rewrite_timestamp,
                                .debug_shell = options->debug_shell};
    struct ordering ordering = {.session = session,
                                .arena = session->arena,
                                .project = project,
                                .options = options,
                                .order = &order};

    for (size_t i = 0; i < options->services.count; i++)
        if (build_add(&ordering, options->services.items[i], err) < 0)
            return -1;
    *ret_order = order;
    return 0;
}

static bool is_fetched(const char *context, struct arena *arena)
{
    struct git_address address;

    return string_eq(context, CONTEXT_STDIN) || string_starts_with(context, "http://") ||
           string_starts_with(context, "https://") || git_address_parse(context, arena, &address);
}

/* A folder is absolute for the worker; so is the Dockerfile, which docker takes from where the user
 * is, unless the context comes from elsewhere. */
static int place_context(struct ordering *ordering, const struct context_build *build,
                         struct build_request *request, struct error *err)
{
    char resolved[PATH_MAX];

    request->context = build->context;
    request->dockerfile = build->dockerfile;
    if (is_fetched(build->context, ordering->arena))
        return string_eq(build->context, build->dockerfile)
                   ? error_set(err, "the context and the Dockerfile cannot both be standard input")
                   : 0;
    if (!realpath(build->context, resolved))
        return error_sys(err, "open context '%s'", build->context);
    request->context = arena_strdup(ordering->arena, resolved);
    if (!build->dockerfile || string_eq(build->dockerfile, CONTEXT_STDIN))
        return 0;
    if (!realpath(build->dockerfile, resolved))
        return error_sys(err, "open '%s'", build->dockerfile);
    request->dockerfile = arena_strdup(ordering->arena, resolved);
    return 0;
}

int context_build_order(struct session *session, const struct context_build *build,
                        const struct project_build_options *options, struct build_order *ret_order,
                        struct error *err)
{
    struct build_order order = {.rewrite_timestamp = options->rewrite_timestamp,
                                .debug_shell = options->debug_shell};
    struct ordering ordering = {
        .session = session, .arena = session->arena, .options = options, .order = &order};
    struct build_request request = {.name = build->tags.count > 0 ? build->tags.items[0]
                                                                  : build->context,
                                    .target = build->target,
                                    .tags = build->tags,
                                    .no_cache = options->no_cache,
                                    .pull = options->pull};

    add_source_date(&ordering, &request);
    add_proxies(&ordering, &request);
    for (size_t i = 0; i < options->args.count; i++)
        string_list_add(session->arena, &request.args, options->args.items[i]);
    if (place_context(&ordering, build, &request, err) < 0 ||
        add_given_ssh(&ordering, &request, err) < 0)
        return -1;
    request_add(&ordering, &request);
    *ret_order = order;
    return 0;
}
