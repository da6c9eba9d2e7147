/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/base_images.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/path.h"
#include "runtime/image/image_reference.h"

static const char BLANKS[] = " \t\r";

/* The next word of the line, or NULL; *line goes behind it. */
static char *word_next(char **line)
{
    char *word = *line + strspn(*line, BLANKS), *end = word + strcspn(word, BLANKS);

    *line = *end ? end + 1 : end;
    *end = '\0';
    return *word ? word : NULL;
}

struct from_line {
    const char *image; /* NULL: it is no FROM line */
    const char *stage; /* AS name, or NULL */
};

static struct from_line from_read(char *line)
{
    struct from_line from = {0};
    const char *word = word_next(&line);

    if (!word || strcasecmp(word, "FROM") != 0)
        return from;
    do
        from.image = word_next(&line);
    while (from.image && string_starts_with(from.image, "--"));
    word = word_next(&line);
    if (word && strcasecmp(word, "AS") == 0)
        from.stage = word_next(&line);
    return from;
}

struct string_list base_images_in(const char *dockerfile, struct arena *arena,
                                  struct string_list *ret_unclear)
{
    struct string_list images = {0}, stages = {0};
    char *rest = arena_strdup(arena, dockerfile), *line;

    while ((line = strsep(&rest, "\n"))) {
        struct from_line from = from_read(line);

        if (!from.image)
            continue;
        if (strchr(from.image, '$'))
            string_list_add(arena, ret_unclear, from.image);
        else if (!string_list_has(&stages, from.image) && !string_eq(from.image, "scratch") &&
                 !string_list_has(&images, from.image) && images.count < BASE_IMAGES_MOST)
            string_list_add(arena, &images, from.image);
        if (from.stage)
            string_list_add(arena, &stages, from.stage);
    }
    return images;
}

static int dockerfile_read(const struct build *build, struct arena *arena, struct text *out,
                           struct error *err)
{
    const char *name = build->dockerfile ? build->dockerfile : "Dockerfile";

    if (build->dockerfile_inline) {
        text_append(out, build->dockerfile_inline);
        return 0;
    }
    if (!build->context || strstr(build->context, "://"))
        return error_set(err, "its context is not on this machine");
    return file_read(AT_FDCWD, path_join(arena, build->context, name), LIMIT_YAML_BYTES, out, NULL,
                     err);
}

struct string_list base_images_of(const struct service *service, struct arena *arena,
                                  struct diagnostics *diagnostics)
{
    const char *path = arena_printf(arena, "services.%s.build", service->name);
    struct position at = service->build->at;
    struct string_list written, unclear = {0}, images = {0};
    scoped_text struct text text = {0};
    struct error err = {0};

    if (dockerfile_read(service->build, arena, &text, &err) < 0) {
        diagnostics_warning(diagnostics, at, path, "its base images are not known: %s", err.text);
        return images;
    }
    written = base_images_in(text_get(&text), arena, &unclear);
    for (size_t i = 0; i < unclear.count; i++)
        diagnostics_warning(diagnostics, at, path, "base image '%s' depends on a variable",
                            unclear.items[i]);
    for (size_t i = 0; i < written.count; i++) {
        const char *reference;

        if (image_reference_normalise(written.items[i], arena, &reference, &err) < 0)
            diagnostics_warning(diagnostics, at, path, "base image '%s': %s", written.items[i],
                                err.text);
        else if (!string_list_has(&images, reference))
            string_list_add(arena, &images, reference);
    }
    return images;
}
