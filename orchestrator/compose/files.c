/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/compose/files.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "common/path.h"
#include "common/text.h"
#include "orchestrator/compose/environment.h"
#include "orchestrator/compose/paths.h"

static const char *const file_names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                         "docker-compose.yaml"};
static const char *const override_names[] = {"compose.override.yml", "compose.override.yaml",
                                             "docker-compose.override.yml",
                                             "docker-compose.override.yaml"};

static char *parent_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path)
        return arena_strdup(arena, "/");
    return arena_strndup(arena, path, (size_t)(slash - path));
}

/* The first of the names that exists in the directory; *ret_others tells that there are more. */
static const char *first_of(struct arena *arena, const char *directory, const char *const *names,
                            bool *ret_others)
{
    const char *found = NULL;

    *ret_others = false;
    for (size_t i = 0; i < ARRAY_LENGTH(file_names); i++) {
        const char *path = path_join(arena, directory, names[i]);

        if (access(path, F_OK) < 0)
            continue;
        *ret_others |= found != NULL;
        found = found ? found : path;
    }
    return found;
}

/* Searches the directory and its parents. */
static bool search(struct loader *loader, const char *directory)
{
    struct position nowhere = {0};
    const char *file, *override;
    bool others;

    for (;;) {
        file = first_of(loader->arena, directory, file_names, &others);
        if (file)
            break;
        if (strcmp(directory, "/") == 0)
            return false;
        directory = parent_of(loader->arena, directory);
    }
    if (others)
        diagnostics_warning(loader->diagnostics, nowhere, NULL,
                            "Found multiple config files with supported names; using %s", file);
    string_list_add(loader->arena, &loader->files, file);
    override = first_of(loader->arena, directory, override_names, &others);
    if (override)
        string_list_add(loader->arena, &loader->files, override);
    return true;
}

static struct string_list named_files(struct loader *loader, const struct variables *variables)
{
    const char *separator = variables_get(variables, "COMPOSE_PATH_SEPARATOR");

    if (loader->options->files.count > 0)
        return loader->options->files;
    return environment_split(loader->arena, variables_get(variables, "COMPOSE_FILE"),
                             separator && *separator ? separator : ":");
}

static int add_named(struct loader *loader, const struct string_list *named)
{
    for (size_t i = 0; i < named->count; i++) {
        struct position at = {named->items[i], 0, 0};

        if (strcmp(named->items[i], "-") == 0) {
            string_list_add(loader->arena, &loader->files, "-");
            continue;
        }
        if (paths_is_remote(named->items[i])) {
            diagnostics_error(loader->diagnostics, at, NULL,
                              "remote Compose files are not supported: %s", named->items[i]);
            return -1;
        }
        string_list_add(loader->arena, &loader->files,
                        paths_absolute(loader, loader->options->working_dir, named->items[i]));
    }
    return 0;
}

static const char *project_directory(struct loader *loader)
{
    const struct compose_options *options = loader->options;

    if (options->project_directory)
        return paths_absolute(loader, options->working_dir, options->project_directory);
    if (loader->files.count == 0 || strcmp(loader->files.items[0], "-") == 0)
        return options->working_dir;
    return parent_of(loader->arena, loader->files.items[0]);
}

static void report_no_file(struct loader *loader, const char *directory)
{
    struct diagnostic entry = {.severity = SEVERITY_ERROR};
    scoped_text struct text names = {0};

    for (size_t i = 0; i < ARRAY_LENGTH(file_names); i++)
        text_appendf(&names, "%s%s", i == 0 ? "" : ", ", file_names[i]);
    entry.message = arena_printf(loader->arena,
                                 "no configuration file provided: not found: none of %s in '%s' "
                                 "or above",
                                 text_get(&names), directory);
    entry.hint = "name one with -f";
    diagnostics_add(loader->diagnostics, &entry);
}

int files_find(struct loader *loader)
{
    const struct compose_options *options = loader->options;
    struct variables *variables = environment_of_process(loader);
    struct string_list env_files = environment_named_files(loader, variables);
    struct string_list named;
    const char *searched;

    loader->scope.variables = variables;
    if (env_files.count > 0)
        environment_add_files(loader, variables, &env_files);
    else if (options->files.count == 0)
        environment_add_default(loader, variables, options->working_dir);
    named = named_files(loader, variables);
    if (add_named(loader, &named) < 0)
        return -1;
    searched = options->project_directory
                   ? paths_absolute(loader, options->working_dir, options->project_directory)
                   : options->working_dir;
    if (named.count == 0)
        (void)search(loader, searched);
    loader->scope.directory = project_directory(loader);
    if (env_files.count == 0)
        environment_add_default(loader, variables, loader->scope.directory);
    if (loader->files.count > 0)
        return 0;
    report_no_file(loader, searched);
    return -1;
}

static bool is_normal(const char *name)
{
    if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

int files_given_name(struct loader *loader, const char **ret_name)
{
    const char *name = loader->options->project_name;
    struct position nowhere = {0};

    if (!name || !*name)
        name = variables_get(loader->scope.variables, "COMPOSE_PROJECT_NAME");
    *ret_name = name && *name ? name : NULL;
    if (!*ret_name || is_normal(name))
        return 0;
    diagnostics_error(loader->diagnostics, nowhere, NULL,
                      "invalid project name \"%s\": must consist only of lowercase alphanumeric "
                      "characters, hyphens, and underscores as well as start with a letter or "
                      "number",
                      name);
    return -1;
}

const char *files_normal_name(struct arena *arena, const char *text)
{
    scoped_text struct text out = {0};
    const char *name;

    for (; *text; text++) {
        char c = (char)tolower((unsigned char)*text);

        if (islower((unsigned char)c) || isdigit((unsigned char)c) || c == '_' || c == '-')
            text_append_char(&out, c);
    }
    name = text_get(&out);
    return arena_strdup(arena, name + strspn(name, "_-"));
}
