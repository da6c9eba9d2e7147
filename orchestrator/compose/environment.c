/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/environment.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/path.h"
#include "common/text.h"
#include "orchestrator/compose/dotenv.h"
#include "orchestrator/compose/expand.h"

struct string_list environment_split(struct arena *arena, const char *text, const char *separator)
{
    struct string_list parts = {0};
    size_t width = strlen(separator);

    while (text && *text) {
        const char *end = width ? strstr(text, separator) : NULL;
        size_t length = end ? (size_t)(end - text) : strlen(text);

        if (length > 0)
            string_list_add(arena, &parts, arena_strndup(arena, text, length));
        text = end ? end + width : NULL;
    }
    return parts;
}

struct variables *environment_of_process(struct loader *loader)
{
    struct variables *variables = variables_new(loader->arena);
    struct variable pwd = {.name = "PWD", .value = loader->options->working_dir};

    variables_add_environment(variables, loader->options->environment);
    if (!variables_find(variables, "PWD") && pwd.value)
        variables_set(variables, pwd);
    return variables;
}

struct env_reader {
    struct loader *loader;
    const struct variables *outer; /* what values may refer to, before the file's own */
    const struct node *inner;      /* then this mapping of names to texts; may be NULL */
    struct position at;            /* of the key that names the file */
};

static const char *lookup(void *owner, const char *name)
{
    const struct env_reader *reader = owner;
    const char *value = variables_get(reader->outer, name);

    return value ? value : node_get_text(reader->inner, name);
}

static void warn_unset(void *owner, const char *name)
{
    const struct env_reader *reader = owner;
    struct node at = {.at = reader->at};

    loader_warning(reader->loader, &at, NULL,
                   "The \"%s\" variable is not set. Defaulting to a blank string.", name);
}

static bool is_regular(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* Reads one file into `into`. Returns -1 when it is missing or wrong; `err` tells. */
static int read_env_file(struct env_reader *reader, const char *path, bool raw,
                         struct variables *into, struct error *err)
{
    struct arena *arena = reader->loader->arena;
    scoped_text struct text text = {0};
    struct dotenv_source source = {
        .file = path, .raw = raw, .lookup = lookup, .unset = warn_unset, .owner = reader};

    if (file_read(AT_FDCWD, path, LIMIT_ENV_FILE_BYTES, &text, NULL, err) < 0)
        return -1;
    if (strlen(text_get(&text)) != text.length)
        return error_set(err, "'%s' contains a NUL character", path);
    source.text = arena_strdup(arena, text_get(&text));
    return dotenv_read(arena, &source, into, err);
}

static void report(struct loader *loader, const char *path, const struct error *err,
                   struct position fallback)
{
    struct node at = {.at = err->at.line ? err->at : fallback};

    loader_error(loader, &at, NULL, "failed to read %s: %s", path, err->text);
}

static void add_missing(struct variables *variables, const struct variables *more)
{
    for (size_t i = 0; i < variables_count(more); i++) {
        variables_add(variables, *variables_at(more, i));
    }
}

void environment_add_files(struct loader *loader, struct variables *variables,
                           const struct string_list *files)
{
    struct env_reader reader = {.loader = loader, .outer = variables};
    struct variables *set = variables_new(loader->arena);

    for (size_t i = 0; i < files->count; i++) {
        struct position at = {files->items[i], 0, 0};
        struct error err = {0};

        reader.at = at;
        if (!is_regular(files->items[i])) {
            struct node node = {.at = at};

            loader_error(loader, &node, NULL, "couldn't find env file: %s", files->items[i]);
        } else if (read_env_file(&reader, files->items[i], false, set, &err) < 0) {
            report(loader, files->items[i], &err, at);
        }
    }
    add_missing(variables, set);
}

void environment_add_default(struct loader *loader, struct variables *variables,
                             const char *directory)
{
    const char *disabled = variables_get(variables, "COMPOSE_DISABLE_ENV_FILE");
    struct string_list files = {0};
    bool off = false;

    if (disabled && (strcmp(disabled, "1") == 0 || (boolean_parse(disabled, &off) && off)))
        return;
    string_list_add(loader->arena, &files, path_join(loader->arena, directory, ".env"));
    if (is_regular(files.items[0]))
        environment_add_files(loader, variables, &files);
}

struct string_list environment_named_files(struct loader *loader, const struct variables *variables)
{
    struct string_list named = loader->options->env_files;
    struct string_list files = {0};

    if (named.count == 0)
        named =
            environment_split(loader->arena, variables_get(variables, "COMPOSE_ENV_FILES"), ",");
    for (size_t i = 0; i < named.count; i++)
        string_list_add(loader->arena, &files,
                        path_join(loader->arena, loader->options->working_dir, named.items[i]));
    return files;
}

bool environment_says_yes(const struct variables *variables, const char *name)
{
    static const char *const words[] = {"1", "t", "true", "y"};
    const char *value = variables_get(variables, name);

    for (size_t i = 0; value && i < ARRAY_LENGTH(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* One entry of env_file: its variables go to `into`. */
static void read_service_file(struct env_reader *reader, const struct node *entry,
                              struct variables *into, const struct trail *trail)
{
    const struct node *path = node_get(entry, "path");
    bool required = !node_get(entry, "required") || node_get_bool(entry, "required");
    const char *format = node_get_text(entry, "format");
    struct loader *loader = reader->loader;
    struct error err = {0};

    if (!node_text(path))
        return;
    reader->at = path->at;
    if (!is_regular(path->text)) {
        if (required)
            loader_error(loader, path, trail,
                         "env file %s not found: stat %s: no such file or directory", path->text,
                         path->text);
        return;
    }
    if (format && strcmp(format, "raw") != 0)
        loader_error(loader, node_get(entry, "format"), trail, "unsupported env_file format \"%s\"",
                     format);
    else if (read_env_file(reader, path->text, format != NULL, into, &err) < 0)
        report(loader, path->text, &err, path->at);
}

/* What the files set lies below what is written in the service. */
static void lay_below(struct loader *loader, struct node *service, const char *key,
                      const struct variables *set)
{
    struct node *pairs;

    if (variables_count(set) == 0)
        return;
    pairs = node_child_map(loader->arena, service, key);
    for (size_t i = 0; pairs && i < variables_count(set); i++) {
        const struct variable *variable = variables_at(set, i);

        if (!node_find(pairs, variable->name))
            node_put(loader->arena, pairs, variable->name,
                     node_string(loader->arena, variable->value, variable->at));
    }
}

static void resolve_env_files(struct loader *loader, struct node *service,
                              const struct trail *trail)
{
    const struct node *files = node_get(service, "env_file");
    struct env_reader reader = {.loader = loader,
                                .outer = loader->scope.variables,
                                .inner = node_get(service, "environment")};
    struct variables *set = variables_new(loader->arena);

    for (size_t i = 0; node_is(files, NODE_LIST) && i < files->list.count; i++) {
        struct trail list = {trail, "env_file", 0}, here = {&list, NULL, i};

        read_service_file(&reader, files->list.items[i], set, &here);
    }
    lay_below(loader, service, "environment", set);
    node_remove(service, "env_file");
}

static void resolve_label_files(struct loader *loader, struct node *service,
                                const struct trail *trail)
{
    const struct node *files = node_get(service, "label_file");
    struct variables *none = variables_new(loader->arena);
    struct env_reader reader = {.loader = loader, .outer = none};
    struct variables *set = variables_new(loader->arena);

    for (size_t i = 0; node_is(files, NODE_LIST) && i < files->list.count; i++) {
        const struct node *file = files->list.items[i];
        struct trail list = {trail, "label_file", 0}, here = {&list, NULL, i};
        struct error err = {0};

        if (!node_text(file))
            continue;
        reader.at = file->at;
        if (!is_regular(file->text))
            loader_error(loader, file, &here,
                         "label file %s not found: stat %s: no such file or directory", file->text,
                         file->text);
        else if (read_env_file(&reader, file->text, false, set, &err) < 0)
            report(loader, file->text, &err, file->at);
    }
    lay_below(loader, service, "labels", set);
    node_remove(service, "label_file");
}

void environment_resolve_services(struct loader *loader, struct node *model)
{
    const struct node *services = node_get(model, "services");
    struct trail all = {NULL, "services", 0};

    for (size_t i = 0; node_is(services, NODE_MAP) && i < services->map.count; i++) {
        struct trail here = {&all, services->map.entries[i].key, 0};
        struct node *service = services->map.entries[i].value;

        if (service->kind != NODE_MAP)
            continue;
        if (!loader->options->no_env_resolution && node_get(service, "env_file"))
            resolve_env_files(loader, service, &here);
        if (node_get(service, "label_file"))
            resolve_label_files(loader, service, &here);
    }
}
