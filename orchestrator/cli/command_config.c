/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/config_report.h"
#include "orchestrator/cli/image/project_pin.h"

struct config_flags {
    bool services, volumes, networks, models, images, profiles, variables, environment;
    bool lock_digests, resolve_digests, quiet;
    const char *format, *output, *hash, *explain;
};

/* The short reports; false when none was asked for. */
static bool config_list(const struct config_flags *flags, const struct compose *compose,
                        struct arena *arena, struct text *out)
{
    if (flags->services)
        config_report_list(compose_names(compose, arena, "services"), out);
    else if (flags->volumes)
        config_report_list(compose_names(compose, arena, "volumes"), out);
    else if (flags->networks)
        config_report_list(compose_names(compose, arena, "networks"), out);
    else if (flags->models)
        config_report_list(compose_names(compose, arena, "models"), out);
    else if (flags->profiles)
        config_report_list(compose_profiles(compose, arena), out);
    else if (flags->environment)
        config_report_list(compose_environment(compose, arena), out);
    else if (flags->images)
        config_report_images(compose, out);
    else if (flags->variables)
        config_report_variables(compose, arena, string_eq(flags->format, "json"), out);
    else
        return false;
    return true;
}

static int config_print(const struct config_flags *flags, const struct compose *compose,
                        struct arena *arena, struct text *out, struct error *err)
{
    if (flags->hash)
        return config_report_hashes(compose, flags->hash, arena, out, err);
    if (config_list(flags, compose, arena, out))
        return 0;
    if (string_eq(flags->format, "json"))
        compose_print_json(compose, out);
    else
        compose_print_yaml(compose, out);
    return 0;
}

/* The places that refer to a variable are in the model before they are expanded. */
static int config_explain(const struct session *session, const struct compose *compose,
                          const char *what, struct text *out, struct error *err)
{
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    scoped(compose_free) struct compose *raw = NULL;
    struct compose_options options = session->compose;

    options.no_interpolate = true;
    (void)!compose_load(&options, diagnostics, &raw);
    return config_report_explanation(compose, raw, what, out, err);
}

static int config_write(const struct config_flags *flags, const struct text *out, struct error *err)
{
    scoped_fd int fd = -1;

    if (flags->quiet)
        return 0;
    fd = flags->output ? open(flags->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)
                       : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || fd_write_all(fd, text_get(out), out->length) < 0)
        return error_sys(err, "write '%s'", flags->output ? flags->output : "standard output");
    return 0;
}

static int config_check_flags(const struct config_flags *flags, struct error *err)
{
    if (flags->format && !string_eq(flags->format, "yaml") && !string_eq(flags->format, "json"))
        return error_set(err, "unknown format '%s': yaml or json", flags->format);
    return 0;
}

/* Some reports are about other models than the one that runs. */
static void config_adjust(const struct config_flags *flags, struct session *session,
                          struct string_list *services)
{
    struct compose_options *options = &session->compose;

    if (options->no_interpolate && services->count > 0) {
        log_warning("--no-interpolate prints all services: those that were named are not selected");
        *services = (struct string_list){0};
    }
    if (flags->variables) {
        options->no_interpolate = true;
        *services = (struct string_list){0};
    } else if (flags->images || flags->hash || flags->lock_digests || flags->resolve_digests) {
        options->no_interpolate = options->no_normalize = false;
    }
}

static int config_pin(const struct config_flags *flags, struct session *session,
                      struct compose *compose, struct error *err)
{
    if (!flags->lock_digests && !flags->resolve_digests)
        return 0;
    if (project_pin_images(session, compose, err) < 0)
        return -1;
    if (flags->lock_digests)
        compose_keep_images(compose);
    return 0;
}

int command_config(struct session *session, struct error *err)
{
    struct config_flags flags = {0};
    struct compose_options *options = &session->compose;
    const struct option_row rows[] = {
        {0, "services", OPTION_FLAG, &flags.services, NULL, "only the names of services"},
        {0, "volumes", OPTION_FLAG, &flags.volumes, NULL, "only the names of volumes"},
        {0, "networks", OPTION_FLAG, &flags.networks, NULL, "only the names of networks"},
        {0, "models", OPTION_FLAG, &flags.models, NULL, "only the names of models"},
        {0, "images", OPTION_FLAG, &flags.images, NULL, "only the images"},
        {0, "profiles", OPTION_FLAG, &flags.profiles, NULL, "only the names of profiles"},
        {0, "hash", OPTION_STRING, &flags.hash, "SERVICE", "config hash of services, or of '*'"},
        {0, "variables", OPTION_FLAG, &flags.variables, NULL, "variables that the files refer to"},
        {0, "environment", OPTION_FLAG, &flags.environment, NULL, "what they may refer to"},
        {0, "explain", OPTION_STRING, &flags.explain, "VAR|PATH", "where a value came from"},
        {0, "lock-image-digests", OPTION_FLAG, &flags.lock_digests, NULL,
         "an override file with the images' digests"},
        {0, "resolve-image-digests", OPTION_FLAG, &flags.resolve_digests, NULL,
         "images with their digests"},
        {0, "format", OPTION_STRING, &flags.format, "FORMAT", "yaml or json"},
        {'o', "output", OPTION_STRING, &flags.output, "FILE", "write to a file"},
        {'q', "quiet", OPTION_FLAG, &flags.quiet, NULL, "only check"},
        {0, "no-interpolate", OPTION_FLAG, &options->no_interpolate, NULL, "keep variables"},
        {0, "no-normalize", OPTION_FLAG, &options->no_normalize, NULL, "do not normalise"},
        {0, "no-path-resolution", OPTION_FLAG, &options->no_path_resolution, NULL,
         "keep relative paths"},
        {0, "no-consistency", OPTION_FLAG, &options->no_consistency, NULL,
         "do not check references"},
        {0, "no-env-resolution", OPTION_FLAG, &options->no_env_resolution, NULL, "keep env_file"},
        {0, NULL, OPTION_END, NULL, NULL, NULL},
    };
    scoped(compose_free) struct compose *compose = NULL;
    scoped_text struct text out = {0};
    struct string_list services = {0};
    int result = session_options(session, rows, false, &services, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (config_check_flags(&flags, err) < 0)
        return -1;
    config_adjust(&flags, session, &services);
    if (session_load(session, services, &compose, err) < 0 ||
        config_pin(&flags, session, compose, err) < 0)
        return -1;
    result = flags.explain ? config_explain(session, compose, flags.explain, &out, err)
                           : config_print(&flags, compose, session->arena, &out, err);
    if (result < 0)
        return -1;
    return config_write(&flags, &out, err);
}
