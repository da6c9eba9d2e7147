/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci/config.h"

#include <stdio.h>
#include <string.h>

#include "common/path.h"
#include "runtime/oci/seccomp_profile.h"
#include "runtime/oci/systemd_property.h"

static void read_version(struct oci_reader *reader, struct oci_at root, struct oci_config *config)
{
    unsigned major, minor, patch;

    config->bundle.oci_version = oci_text(reader, root, "ociVersion");
    if (reader->failed)
        return;
    if (sscanf(config->bundle.oci_version, "%u.%u.%u", &major, &minor, &patch) != 3)
        oci_fail(reader, root, "ociVersion", "'%s' is no version", config->bundle.oci_version);
    else if (major != 1)
        oci_fail(reader, root, "ociVersion", "version %s is not supported: write a 1.x one",
                 config->bundle.oci_version);
}

static void read_root(struct oci_reader *reader, struct oci_at root, struct oci_config *config)
{
    struct oci_at at = oci_object(reader, root, "root");

    if (!at.json)
        oci_fail(reader, root, "root", "is missing");
    config->bundle.root_dir =
        path_join(reader->arena, config->bundle.dir, oci_text(reader, at, "path"));
    (void)oci_bool(reader, at, "readonly", &config->container.read_only);
}

static void take_hook_output(struct oci_reader *reader, struct oci_at annotations, const char *key,
                             struct oci_config *config, size_t index)
{
    const char *path = "";

    if (oci_string(reader, annotations, key, &path) && *path)
        config->bundle.hooks.output_paths[index] =
            path_join(reader->arena, config->bundle.dir, path);
}

static void take_property(struct oci_reader *reader, struct oci_at annotations, const char *key,
                          struct oci_config *config)
{
    const char *value = "", *property;

    if (!oci_string(reader, annotations, key, &value))
        return;
    property =
        systemd_property_parse(key + strlen(OCI_ANNOTATION_SYSTEMD_PROPERTY), value, reader->arena);
    if (property)
        string_list_add(reader->arena, &config->scope.properties, property);
    else
        oci_fail(reader, annotations, key, "'%s' is no property of systemd", value);
}

/* Hooks and `state` show them as they are. */
static void read_annotations(struct oci_reader *reader, struct oci_at root,
                             struct oci_config *config)
{
    struct oci_at at = oci_object(reader, root, "annotations");
    scoped_text struct text out = {0};
    const char *key;
    json_t *value;

    if (!at.json)
        return;
    /* jansson iterates over what it could change */
    json_object_foreach((json_t *)(uintptr_t)at.json, key, value) {
        if (!json_is_string(value))
            oci_fail(reader, at, key, "must be a string");
        if (string_starts_with(key, OCI_ANNOTATION_SYSTEMD_PROPERTY))
            take_property(reader, at, key, config);
    }
    json_format(at.json, &out);
    config->bundle.annotations = arena_strdup(reader->arena, text_get(&out));
    (void)oci_string(reader, at, OCI_ANNOTATION_PIDFD, &config->pidfd_receiver);
    take_hook_output(reader, at, OCI_ANNOTATION_HOOKS_STDOUT, config, 0);
    take_hook_output(reader, at, OCI_ANNOTATION_HOOKS_STDERR, config, 1);
}

static void hook_read(struct oci_reader *reader, struct oci_at at, struct hook_spec *hook)
{
    struct string_list args = {0}, env = {0};
    int64_t timeout = 0;

    hook->path = oci_text(reader, at, "path");
    if (hook->path[0] != '/')
        oci_fail(reader, at, "path", "must be absolute");
    if (!oci_strings(reader, at, "args", &args) || args.count == 0)
        string_list_add(reader->arena, &args, hook->path);
    hook->args = args.items;
    if (oci_strings(reader, at, "env", &env))
        hook->env = env.items;
    if (oci_int(reader, at, "timeout", &timeout) && (timeout <= 0 || timeout > INT32_MAX / 1000))
        oci_fail(reader, at, "timeout", "must be a number of seconds above 0");
    hook->timeout_s = (int)timeout;
}

static void hooks_of_kind(struct oci_reader *reader, struct oci_at hooks, const char *kind,
                          struct hook_list *ret_list)
{
    struct oci_at list = oci_array(reader, hooks, kind);

    ret_list->kind = kind;
    ret_list->count = oci_length(list);
    ret_list->items = arena_new_array(reader->arena, struct hook_spec, ret_list->count + 1);
    for (size_t i = 0; i < ret_list->count; i++)
        hook_read(reader, oci_item(reader, list, i), &ret_list->items[i]);
}

void oci_hooks_read(struct oci_reader *reader, struct oci_at root, struct bundle_hooks *hooks)
{
    struct oci_at at = oci_object(reader, root, "hooks");

    hooks_of_kind(reader, at, "prestart", &hooks->prestart);
    hooks_of_kind(reader, at, "createRuntime", &hooks->create_runtime);
    hooks_of_kind(reader, at, "createContainer", &hooks->create_container);
    hooks_of_kind(reader, at, "startContainer", &hooks->start_container);
    hooks_of_kind(reader, at, "poststart", &hooks->poststart);
    hooks_of_kind(reader, at, "poststop", &hooks->poststop);
}

/* First of all that could be wrong with a process, as suites want it. */
static void check_console(struct oci_reader *reader, struct oci_at process,
                          enum oci_console console)
{
    bool terminal = false;

    (void)oci_bool(reader, process, "terminal", &terminal);
    if (terminal && console == OCI_CONSOLE_NONE)
        oci_fail(reader, process, "terminal",
                 "use --console-socket to say who takes its other side");
    if (!terminal && console == OCI_CONSOLE_TAKEN)
        oci_fail(reader, process, "terminal",
                 "is false: --console-socket is for a process with a terminal");
}

static void read_process(struct oci_reader *reader, struct oci_at root, struct oci_config *config,
                         enum oci_console console)
{
    struct oci_at at = oci_object(reader, root, "process");
    struct oci_process *process = &config->process;
    struct container_spec *container = &config->container;

    check_console(reader, at, console);
    /* Only the start needs it. */
    if (!at.json) {
        process->cwd = "/";
        process->spec.umask = 022;
        process->spec.io_priority = -1;
    } else {
        oci_process_read(reader, at, process);
    }
    container->args = process->args;
    container->env = process->env;
    container->cwd = process->cwd;
    container->tty = process->terminal;
    container->no_new_privileges = process->no_new_privileges;
    config->bundle.process = &process->spec;
}

static void refuse_others(struct oci_reader *reader, struct oci_at root)
{
    oci_refuse(reader, root, "windows", "this is Linux: leave it out");
    oci_refuse(reader, root, "solaris", "this is Linux: leave it out");
    oci_refuse(reader, root, "zos", "this is Linux: leave it out");
    oci_refuse(reader, root, "vm", "virtual machines are not supported: leave it out");
    oci_refuse(reader, root, "freebsd", "this is Linux: leave it out");
}

static void read_filter(struct oci_reader *reader, struct oci_at root, struct oci_config *config)
{
    struct oci_at at = oci_object(reader, oci_object(reader, root, "linux"), "seccomp");

    if (at.json)
        seccomp_profile_compile(reader, at, &config->process.spec);
}

int oci_config_read(const struct oci_config_source *source, struct arena *arena,
                    struct oci_config *ret_config, struct error *err)
{
    scoped(json_release) json_t *json =
        oci_json_parse(text_get(source->text), source->text->length, err);
    struct oci_reader reader = {.arena = arena, .file = "config.json"};
    struct oci_at root = {json, ""};

    if (!json)
        return error_wrap(err, "config.json");
    if (!json_is_object(json))
        return error_set(err, "config.json: must be an object");
    *ret_config = (struct oci_config){0};
    ret_config->bundle.dir = arena_strdup(arena, source->dir);
    ret_config->bundle.start_fd = -1;
    ret_config->container.bundle = &ret_config->bundle;
    read_version(&reader, root, ret_config);
    refuse_others(&reader, root);
    read_process(&reader, root, ret_config, source->console);
    read_root(&reader, root, ret_config);
    (void)oci_string(&reader, root, "hostname", &ret_config->container.hostname);
    (void)oci_string(&reader, root, "domainname", &ret_config->container.domainname);
    read_annotations(&reader, root, ret_config);
    oci_hooks_read(&reader, root, &ret_config->bundle.hooks);
    oci_linux_read(&reader, root, ret_config);
    oci_mounts_read(&reader, root, ret_config);
    if (source->compiles_filter)
        read_filter(&reader, root, ret_config);
    ret_config->warnings = reader.warnings;
    return oci_finish(&reader, err);
}
