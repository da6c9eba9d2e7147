/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sha256.h"
#include "orchestrator/cli/command.h"

struct config_flags {
    bool services, volumes, networks, images, quiet;
    const char *format, *output, *hash;
};

static void config_hashes(const struct compose *compose, const char *wanted, struct text *out)
{
    const struct project *project = compose_project(compose);

    for (size_t i = 0; i < project->n_services; i++) {
        const char *name = project->services[i].name;
        scoped_text struct text canonical = {0};
        char hex[SHA256_HEX_SIZE];

        if (!string_eq(wanted, "*") && !string_eq(wanted, name))
            continue;
        compose_print_service_for_hash(compose, name, &canonical);
        sha256_hex(canonical.data, canonical.length, hex);
        text_appendf(out, "%s %s\n", name, hex);
    }
}

static void config_images(const struct project *project, struct text *out)
{
    for (size_t i = 0; i < project->n_services; i++) {
        const struct service *service = &project->services[i];

        if (service->image)
            text_appendf(out, "%s\n", service->image);
        else
            text_appendf(out, "%s-%s\n", project->name, service->name);
    }
}

/* The short lists; false when none was asked for. */
static bool config_list(const struct config_flags *flags, const struct compose *compose,
                        struct text *out)
{
    const struct project *project = compose_project(compose);

    if (!project)
        return false;
    if (flags->hash)
        config_hashes(compose, flags->hash, out);
    else if (flags->services)
        for (size_t i = 0; i < project->n_services; i++)
            text_appendf(out, "%s\n", project->services[i].name);
    else if (flags->volumes)
        for (size_t i = 0; i < project->n_volumes; i++)
            text_appendf(out, "%s\n", project->volumes[i].key);
    else if (flags->networks)
        for (size_t i = 0; i < project->n_networks; i++)
            text_appendf(out, "%s\n", project->networks[i].key);
    else if (flags->images)
        config_images(project, out);
    else
        return false;
    return true;
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

int command_config(struct session *session, struct error *err)
{
    struct config_flags flags = {0};
    struct compose_options *options = &session->compose;
    const struct option_row rows[] = {
        {0, "services", OPTION_FLAG, &flags.services, NULL, "only the names of services"},
        {0, "volumes", OPTION_FLAG, &flags.volumes, NULL, "only the names of volumes"},
        {0, "networks", OPTION_FLAG, &flags.networks, NULL, "only the names of networks"},
        {0, "images", OPTION_FLAG, &flags.images, NULL, "only the images"},
        {0, "hash", OPTION_STRING, &flags.hash, "SERVICE", "config hash of a service, or '*'"},
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
    if (flags.format && !string_eq(flags.format, "yaml") && !string_eq(flags.format, "json"))
        return error_set(err, "unknown format '%s': yaml or json", flags.format);
    if (session_load(session, services, &compose, err) < 0)
        return -1;
    if (!config_list(&flags, compose, &out)) {
        if (string_eq(flags.format, "json"))
            compose_print_json(compose, &out);
        else
            compose_print_yaml(compose, &out);
    }
    return config_write(&flags, &out, err);
}
