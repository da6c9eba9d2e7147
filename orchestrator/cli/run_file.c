/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "orchestrator/cli/run.h"
#include "orchestrator/compose/dotenv.h"

enum { ENV_FILE_MAX_BYTES = 16 * 1024 * 1024 };

/* JSON is YAML; a dollar sign is to stay one. */
static json_t *text_json(const char *text)
{
    scoped_text struct text escaped = {0};

    for (; *text; text++) {
        text_append_char(&escaped, *text);
        if (*text == '$')
            text_append_char(&escaped, '$');
    }
    return json_string(text_get(&escaped));
}

static void key_append(struct text *out, const char *key, const char *tag, json_t *take_value)
{
    scoped(json_release) json_t *value = take_value;

    text_appendf(out, "    %s: %s", key, tag);
    json_format(value, out);
    text_append_char(out, '\n');
}

static void string_append(struct text *out, const char *key, const char *value)
{
    if (value)
        key_append(out, key, "", text_json(value));
}

static json_t *list_json(struct string_list list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list.count; i++)
        json_array_append_new(array, text_json(list.items[i]));
    return array;
}

static void list_append(struct text *out, const char *key, struct string_list list)
{
    if (list.count > 0)
        key_append(out, key, "", list_json(list));
}

/* -- variables of --env-from-file */

/* The value that -e gives to the name, or NULL. */
static const char *env_value(const struct string_list *env, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = env->count; i > 0; i--) {
        const char *item = env->items[i - 1];

        if (strncmp(item, name, length) == 0 && (item[length] == '=' || item[length] == '\0'))
            return item[length] == '=' ? item + length + 1 : getenv(name);
    }
    return NULL;
}

static const char *env_lookup(void *owner, const char *name)
{
    const struct run_changes *changes = owner;
    const char *value = env_value(&changes->env, name);

    return value ? value : getenv(name);
}

static int env_file_read(struct run_changes *changes, const char *name, struct arena *arena,
                         struct variables *into, struct error *err)
{
    struct variables *variables = variables_new(arena);
    scoped_text struct text text = {0};
    struct dotenv_source source = {.file = name, .lookup = env_lookup, .owner = changes};

    if (file_read(AT_FDCWD, name, ENV_FILE_MAX_BYTES, &text, NULL, err) < 0)
        return -1;
    source.text = arena_strdup(arena, text_get(&text));
    if (dotenv_read(arena, &source, variables, err) < 0)
        return -1;
    for (size_t i = 0; i < variables_count(variables); i++)
        variables_add(into, *variables_at(variables, i));
    return 0;
}

/* As the reference: -e wins over the files, the first file over the next, and all of them over the
 * service's own. */
static int env_merge(struct run_changes *changes, struct arena *arena, struct error *err)
{
    struct variables *variables = variables_new(arena);
    struct string_list merged = {0};

    for (size_t i = 0; i < changes->env_files.count; i++)
        if (env_file_read(changes, changes->env_files.items[i], arena, variables, err) < 0)
            return error_wrap(err, "--env-from-file");
    for (size_t i = 0; i < variables_count(variables); i++) {
        const struct variable *variable = variables_at(variables, i);

        string_list_add(arena, &merged,
                        arena_printf(arena, "%s=%s", variable->name, variable->value));
    }
    /* The last of two entries of the same name counts. */
    for (size_t i = 0; i < changes->env.count; i++)
        string_list_add(arena, &merged, changes->env.items[i]);
    changes->env = merged;
    return 0;
}

/* -- the file */

static void changes_format(const struct run_changes *changes, struct text *out)
{
    scoped(json_release) json_t *name = json_string(changes->service);

    text_append(out, "services:\n  ");
    json_format(name, out);
    text_append(out, ":\n");
    key_append(out, "tty", "", json_boolean(changes->tty));
    string_append(out, "entrypoint", changes->entrypoint);
    /* Another program has no use for the arguments of the service's own. */
    if (changes->command.count > 0 || changes->entrypoint)
        key_append(out, "command", "", list_json(changes->command));
    string_append(out, "user", changes->user);
    string_append(out, "working_dir", changes->working_dir);
    list_append(out, "environment", changes->env);
    list_append(out, "labels", changes->labels);
    list_append(out, "volumes", changes->volumes);
    list_append(out, "cap_add", changes->cap_add);
    list_append(out, "cap_drop", changes->cap_drop);
    key_append(out, "ports", changes->service_ports ? "" : "!override ", list_json(changes->ports));
}

int run_file_make(struct run_changes *changes, struct arena *arena, const char **ret_path,
                  int *ret_fd, struct error *err)
{
    scoped_fd int fd = memfd_create("command line", MFD_CLOEXEC);
    scoped_text struct text text = {0};

    if (env_merge(changes, arena, err) < 0)
        return -1;
    changes_format(changes, &text);
    if (fd < 0 || fd_write_all(fd, text.data, text.length) < 0)
        return error_sys(err, "write what the command line changes");
    *ret_path = arena_printf(arena, "/proc/self/fd/%d", fd);
    *ret_fd = steal_fd(&fd);
    return 0;
}
