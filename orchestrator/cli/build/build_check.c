/* SPDX-License-Identifier: Apache-2.0 */
/* `build --check`. What the store and the context know, the rules may know, too. */
#include <fcntl.h>
#include <stdio.h>

#include "common/fd.h"
#include "common/path.h"
#include "orchestrator/cli/build/project_build.h"
#include "orchestrator/cli/image/base_images.h"
#include "runtime/build/bases.h"
#include "runtime/build/ignore_file.h"
#include "runtime/build/lint.h"
#include "runtime/image/image_store.h"

struct check {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct image_store *store;
    const struct service *service;
    struct build_arguments arguments;
    struct dockerfile_source source;
    struct ignore_file ignore;
    struct lint_base *bases;
    size_t n_bases;
};

static bool is_ignored(void *owner, const char *path)
{
    const struct check *check = owner;

    return ignore_file_matches(&check->ignore, path_clean(check->arena, path + strspn(path, "/")));
}

/* A context that is not here, or an ignore file that is none, is for the build to tell. */
static bool read_ignore(struct check *check)
{
    const struct build *build = check->service->build;
    const char *name = build->dockerfile ? build->dockerfile : "Dockerfile";
    const char *own =
        build->dockerfile_inline ? NULL : arena_printf(check->arena, "%s.dockerignore", name);
    scoped_fd int fd =
        build->context ? open(build->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    return fd >= 0 && ignore_file_read(fd, own, check->arena, &check->ignore, NULL) == 0;
}

/* Those that the store has; nothing is pulled for a check. Mistakes are found by the check itself.
 */
static void find_bases(struct check *check)
{
    scoped(diagnostics_free) struct diagnostics *unheard = diagnostics_new();
    const struct base_request request = {.source = check->source, .arguments = &check->arguments};
    struct base_list list = {0};

    if (dockerfile_bases(&request, check->arena, unheard, &list) < 0)
        return;
    check->bases = arena_new_array(check->arena, struct lint_base, list.count + 1);
    for (size_t i = 0; i < list.count; i++) {
        struct image *image = NULL;

        if (image_store_find(check->store, list.items[i].reference, list.items[i].platform,
                             check->arena, &image, NULL) < 0 ||
            !image)
            continue;
        check->bases[check->n_bases++] = (struct lint_base){
            .reference = list.items[i].reference,
            .environment = image->config.env,
            .platform = {image->config.os, image->config.architecture, image->config.variant}};
    }
}

static void check_service(struct check *check, struct text *text)
{
    const struct service *service = check->service;
    struct lint_options lint = {.arguments = &check->arguments, .owner = check};
    struct dockerfile dockerfile;
    struct error err = {0};

    if (base_images_dockerfile(service->build, check->arena, text, &check->source.file, &err) < 0) {
        diagnostics_error(check->diagnostics, service->build->at, service->name, "%s", err.text);
        return;
    }
    check->source.bytes = text_get(text);
    check->source.length = text->length;
    check->arguments = base_images_arguments(service, check->arena);
    if (dockerfile_parse(&check->source, check->arena, check->diagnostics, &dockerfile) < 0)
        return;
    find_bases(check);
    lint.bases = check->bases;
    lint.n_bases = check->n_bases;
    lint.is_ignored = read_ignore(check) ? is_ignored : NULL;
    dockerfile_lint(&dockerfile, &lint, check->arena, check->diagnostics);
}

int project_build_check(struct session *session, const struct project *project,
                        const struct project_build_options *options, struct error *err)
{
    scoped(image_store_free) struct image_store *store = image_store_open(options->data_root, err);
    scoped(diagnostics_free) struct diagnostics *diagnostics = diagnostics_new();
    struct text *texts = arena_new_array(session->arena, struct text, options->services.count + 1);
    size_t warnings;
    int result;

    if (!store)
        return -1;
    for (size_t i = 0; i < options->services.count; i++) {
        struct check check = {.arena = session->arena,
                              .diagnostics = diagnostics,
                              .store = store,
                              .service = project_find_service(project, options->services.items[i])};

        check_service(&check, &texts[i]);
    }
    result = session_report(diagnostics, err);
    warnings = diagnostics_count(diagnostics, SEVERITY_WARNING);
    for (size_t i = 0; i < options->services.count; i++)
        text_done(&texts[i]);
    if (result == 0)
        (void)printf(warnings ? "Check complete, %zu warnings have been found!\n"
                              : "Check complete, no warnings found.\n",
                     warnings);
    return result;
}
