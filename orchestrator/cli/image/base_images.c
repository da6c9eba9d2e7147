/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/base_images.h"

#include <fcntl.h>
#include <string.h>

#include "common/file.h"
#include "common/path.h"
#include "orchestrator/cli/image/image_needs.h"
#include "runtime/build/bases.h"
#include "runtime/build/build_limits.h"
#include "runtime/image/image_reference.h"

#define IMAGE_CONTEXT "docker-image://"

int base_images_dockerfile(const struct build *build, struct arena *arena, struct text *out,
                           const char **ret_name, struct error *err)
{
    const char *name = build->dockerfile ? build->dockerfile : "Dockerfile";

    if (build->dockerfile_inline) {
        *ret_name = arena_printf(arena, "%s (dockerfile_inline)", build->at.file);
        text_append(out, build->dockerfile_inline);
        return 0;
    }
    if (!build->context || strstr(build->context, "://"))
        return error_set(err, "its context is not on this machine");
    *ret_name = path_join(arena, build->context, name);
    return file_read(AT_FDCWD, *ret_name, LIMIT_DOCKERFILE_BYTES, out, NULL, err);
}

/* An argument without a value takes the default of its ARG. */
struct build_arguments base_images_arguments(const struct service *service, struct arena *arena)
{
    const struct build *build = service->build;
    struct build_arguments arguments = {.target = build->target,
                                        .platform = image_need_platform(service)};

    for (size_t i = 0; i < build->args.count; i++) {
        const struct pair *pair = &build->args.items[i];

        if (pair->value)
            string_list_add(arena, &arguments.values,
                            arena_printf(arena, "%s=%s", pair->name, pair->value));
    }
    return arguments;
}

static void add_image(struct string_list *images, const char *written, struct position at,
                      struct arena *arena, struct diagnostics *diagnostics)
{
    const char *reference;
    struct error err = {0};

    if (image_reference_normalise(written, arena, &reference, &err) < 0)
        diagnostics_error(diagnostics, at, NULL, "%s", err.text);
    else if (images->count < BASE_IMAGES_MOST && !string_list_has(images, reference))
        string_list_add(arena, images, reference);
}

/* Contexts that stand in for images, some of which are images. *ret_names is what the Dockerfile
 * calls them. */
static void add_contexts(const struct build *build, struct string_list *images,
                         struct string_list *ret_names, struct arena *arena,
                         struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < build->additional_contexts.count; i++) {
        const struct pair *context = &build->additional_contexts.items[i];

        string_list_add(arena, ret_names, context->name);
        if (context->value && string_starts_with(context->value, IMAGE_CONTEXT))
            add_image(images, context->value + strlen(IMAGE_CONTEXT), context->at, arena,
                      diagnostics);
    }
}

struct string_list base_images_of(const struct service *service, struct arena *arena,
                                  struct diagnostics *diagnostics)
{
    const struct build_arguments arguments = base_images_arguments(service, arena);
    struct string_list images = {0}, contexts = {0};
    struct base_request request = {.arguments = &arguments, .contexts = &contexts};
    scoped_text struct text text = {0};
    struct base_list bases = {0};
    struct error err = {0};

    add_contexts(service->build, &images, &contexts, arena, diagnostics);
    if (base_images_dockerfile(service->build, arena, &text, &request.source.file, &err) < 0) {
        diagnostics_warning(diagnostics, service->build->at,
                            arena_printf(arena, "services.%s.build", service->name),
                            "its base images are not known: %s", err.text);
        return images;
    }
    request.source.bytes = text_get(&text);
    request.source.length = text.length;
    if (dockerfile_bases(&request, arena, diagnostics, &bases) == 0)
        for (size_t i = 0; i < bases.count; i++)
            add_image(&images, bases.items[i].reference, bases.items[i].at, arena, diagnostics);
    return images;
}
