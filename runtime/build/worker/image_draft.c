/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/image_draft.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/build/instruction_check.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/image_platform.h"

static const char default_path[] =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static void set(json_t *object, const char *key, json_t *take_value)
{
    if (!take_value || json_object_set_new(object, key, take_value) < 0)
        abort();
}

/* A text that is no UTF-8 has no place in JSON. */
static int set_text(json_t *object, const char *key, const char *text, struct error *err)
{
    json_t *value = json_string(text);

    if (!value)
        return error_set(err, "'%s' is not UTF-8", text);
    set(object, key, value);
    return 0;
}

static int append_text(json_t *array, const char *text, struct error *err)
{
    json_t *value = json_string(text);

    if (!value)
        return error_set(err, "'%s' is not UTF-8", text);
    if (json_array_append_new(array, value) < 0)
        abort();
    return 0;
}

/* The member, made when there is none of its type. */
static json_t *member(json_t *object, const char *key, json_t *(*make)(void))
{
    json_t *found = json_object_get(object, key);
    json_t *empty = make();

    if (found && json_typeof(found) == json_typeof(empty)) {
        json_decref(empty);
        return found;
    }
    set(object, key, empty);
    return empty;
}

static json_t *config_of(const struct image_draft *draft)
{
    return member(draft->document, "config", json_object);
}

/* -- beginnings */

static struct image_draft *draft_new(struct arena *arena, json_t *take_document)
{
    struct image_draft *draft = memory_new(struct image_draft);

    draft->arena = arena;
    draft->document = take_document;
    return draft;
}

struct image_draft *image_draft_new(struct arena *arena, const char *platform)
{
    struct image_platform machine = image_platform_host();
    struct image_draft *draft = draft_new(arena, json_object());

    if (platform && image_platform_parse(platform, arena, &machine, NULL) < 0)
        machine = image_platform_host();
    set(draft->document, "architecture", json_string(machine.architecture));
    if (machine.variant && *machine.variant)
        set(draft->document, "variant", json_string(machine.variant));
    set(draft->document, "os", json_string(machine.os));
    set(draft->document, "config",
        json_pack("{s:[s], s:s}", "Env", default_path, "WorkingDir", "/"));
    return draft;
}

/* As BuildKit does it: instructions that go on from PATH find one. */
static void make_sure_of_path(struct image_draft *draft)
{
    json_t *env = member(config_of(draft), "Env", json_array);
    json_t *item;
    size_t index;

    json_array_foreach(env, index, item) {
        if (json_is_string(item) && string_starts_with(json_string_value(item), "PATH="))
            return;
    }
    if (json_array_append_new(env, json_string(default_path)) < 0)
        abort();
}

struct image_draft *image_draft_of_image(struct image_store *store, const struct image *image,
                                         struct arena *arena, struct error *err)
{
    scoped_text struct text bytes = {0};
    struct image_draft *draft;
    json_t *document;

    if (file_read(image_store_blobs_fd(store), image_digest_hex(image->config.digest),
                  LIMIT_IMAGE_DOCUMENT_BYTES, &bytes, NULL, err) < 0)
        return NULL;
    document = json_parse(text_get(&bytes), bytes.length, err);
    if (!document)
        return NULL;
    draft = draft_new(arena, document);
    draft->diff_ids = string_list_copy(arena, image->config.diff_ids);
    draft->base_layers = string_list_copy(arena, image->layers);
    draft->n_base = draft->diff_ids.count;
    make_sure_of_path(draft);
    return draft;
}

struct image_draft *image_draft_copy(const struct image_draft *draft, struct arena *arena)
{
    json_t *document = json_deep_copy(draft->document);
    struct image_draft *copy = draft_new(arena, document);

    if (!document)
        abort();
    copy->diff_ids = string_list_copy(arena, draft->diff_ids);
    copy->base_layers = string_list_copy(arena, draft->base_layers);
    copy->n_base = draft->n_base;
    return copy;
}

void image_draft_free(struct image_draft *draft)
{
    if (!draft)
        return;
    json_decref(draft->document);
    free(draft);
}

/* -- reading */

const char *image_draft_text(const struct image_draft *draft, const char *key)
{
    return arena_strdup(draft->arena, json_get_string(config_of(draft), key, ""));
}

struct string_list image_draft_list(const struct image_draft *draft, const char *key)
{
    json_t *array = json_get_array(config_of(draft), key);
    struct string_list list = {0};
    json_t *item;
    size_t index;

    json_array_foreach(array, index, item) {
        if (json_is_string(item))
            string_list_add(draft->arena, &list,
                            arena_strdup(draft->arena, json_string_value(item)));
    }
    return list;
}

void image_draft_forget(struct image_draft *draft, const char *key)
{
    (void)json_object_del(config_of(draft), key);
}

const char *image_draft_path(const struct image_draft *draft, const char *path)
{
    const char *directory = image_draft_text(draft, "WorkingDir");
    const char *base = *directory == '/' ? directory : arena_printf(draft->arena, "/%s", directory);
    const char *joined = path_join(draft->arena, base, path);

    if (string_ends_with(path, "/") && !string_ends_with(joined, "/"))
        return arena_printf(draft->arena, "%s/", joined);
    return joined;
}

const char *image_draft_created(const struct image_draft *draft)
{
    json_t *history = json_get_array(draft->document, "history");
    const char *created = NULL;
    json_t *item;
    size_t index;

    json_array_foreach(history, index, item)
        created = json_get_string(item, "created", created);
    return created;
}

/* -- layers */

static bool comes_again(const struct string_list *diff_ids, size_t at)
{
    for (size_t i = at + 1; i < diff_ids->count; i++)
        if (string_eq(diff_ids->items[i], diff_ids->items[at]))
            return true;
    return false;
}

/* As image_store_find() lists them: overlayfs refuses one directory twice, and the upper one covers
 * all that the lower one would show. */
int image_draft_layers(const struct image_draft *draft, struct layer_pool *pool,
                       struct string_list *ret_paths, struct error *err)
{
    struct string_list paths = {0};

    for (size_t i = 0; i < draft->base_layers.count; i++)
        string_list_add(draft->arena, &paths, draft->base_layers.items[i]);
    for (size_t i = draft->n_base; i < draft->diff_ids.count; i++) {
        const char *diff_id = draft->diff_ids.items[i];
        const char *path;

        if (layer_pool_covers_all(pool, diff_id))
            paths = (struct string_list){0};
        if (comes_again(&draft->diff_ids, i))
            continue;
        if (layer_pool_path(pool, diff_id, draft->arena, &path, err) < 0)
            return -1;
        string_list_add(draft->arena, &paths, path);
    }
    *ret_paths = paths;
    return 0;
}

int image_draft_add(struct image_draft *draft, const struct draft_step *step, struct error *err)
{
    json_t *history = member(draft->document, "history", json_array);
    json_t *line = json_object();

    if (json_array_append_new(history, line) < 0)
        abort();
    if (step->created && set_text(line, "created", step->created, err) < 0)
        return -1;
    if (set_text(line, "created_by", step->created_by, err) < 0)
        return -1;
    set(line, "comment", json_string("yawl"));
    if (!step->diff_id || !*step->diff_id) {
        set(line, "empty_layer", json_true());
        return 0;
    }
    if (draft->diff_ids.count >= LIMIT_LAYERS)
        return error_set(err, "an image has at most %d layers", LIMIT_LAYERS);
    string_list_add(draft->arena, &draft->diff_ids, arena_strdup(draft->arena, step->diff_id));
    return 0;
}

/* -- instructions */

static int set_env(json_t *env, const struct word_pair *pair, struct arena *arena,
                   struct error *err)
{
    const char *text = arena_printf(arena, "%s=%s", pair->name.text, pair->value.text);
    size_t length = strlen(pair->name.text) + 1;
    json_t *value = json_string(text);
    json_t *item;
    size_t index;

    if (!value)
        return error_set(err, "'%s' is not UTF-8", text);
    json_array_foreach(env, index, item) {
        if (json_is_string(item) && strncmp(json_string_value(item), text, length) == 0) {
            json_array_set_new(env, index, value);
            return 0;
        }
    }
    if (json_array_append_new(env, value) < 0)
        abort();
    return 0;
}

static int apply_env(struct image_draft *draft, const struct instruction *instruction,
                     struct error *err)
{
    json_t *env = member(config_of(draft), "Env", json_array);

    for (size_t i = 0; i < instruction->n_pairs; i++)
        if (set_env(env, &instruction->pairs[i], draft->arena, err) < 0)
            return -1;
    return 0;
}

static int apply_label(struct image_draft *draft, const struct instruction *instruction,
                       struct error *err)
{
    json_t *labels = member(config_of(draft), "Labels", json_object);

    for (size_t i = 0; i < instruction->n_pairs; i++)
        if (set_text(labels, instruction->pairs[i].name.text, instruction->pairs[i].value.text,
                     err) < 0)
            return -1;
    return 0;
}

static int apply_expose(struct image_draft *draft, const struct instruction *instruction,
                        struct error *err)
{
    json_t *ports = member(config_of(draft), "ExposedPorts", json_object);

    for (size_t i = 0; i < instruction->words.count; i++) {
        struct exposed_port port;

        if (!exposed_port_parse(instruction->words.items[i].text, &port))
            return error_set(err, "'%s' is no port", instruction->words.items[i].text);
        for (unsigned number = port.first; number <= port.last; number++)
            set(ports, arena_printf(draft->arena, "%u/%s", number, port.protocol), json_object());
    }
    return 0;
}

static int apply_volume(struct image_draft *draft, const struct instruction *instruction)
{
    json_t *volumes = member(config_of(draft), "Volumes", json_object);

    for (size_t i = 0; i < instruction->words.count; i++)
        if (json_object_set_new(volumes, instruction->words.items[i].text, json_object()) < 0)
            abort();
    return 0;
}

/* The words of an exec form, or what a shell is to be given. */
static json_t *command_of(const struct image_draft *draft, const struct instruction *instruction,
                          struct error *err)
{
    struct string_list shell = image_draft_list(draft, "Shell");
    json_t *command = json_array();
    bool ok = true;

    if (!instruction->json && shell.count == 0) {
        string_list_add(draft->arena, &shell, "/bin/sh");
        string_list_add(draft->arena, &shell, "-c");
    }
    for (size_t i = 0; !instruction->json && i < shell.count; i++)
        ok = ok && append_text(command, shell.items[i], err) == 0;
    for (size_t i = 0; i < instruction->words.count; i++)
        ok = ok && append_text(command, instruction->words.items[i].text, err) == 0;
    if (ok)
        return command;
    json_decref(command);
    return NULL;
}

static int apply_command(struct image_draft *draft, const struct instruction *instruction,
                         struct error *err)
{
    bool is_entrypoint = instruction->kind == INSTRUCTION_ENTRYPOINT;
    json_t *command = command_of(draft, instruction, err);

    if (!command)
        return -1;
    set(config_of(draft), is_entrypoint ? "Entrypoint" : "Cmd", command);
    /* The base image's own command was meant for another entry point. */
    if (is_entrypoint && !draft->has_command)
        (void)json_object_del(config_of(draft), "Cmd");
    draft->has_command = draft->has_command || !is_entrypoint;
    return 0;
}

static void set_duration(json_t *check, const char *key, int64_t value)
{
    if (value > 0)
        set(check, key, json_integer(value));
}

static int apply_healthcheck(struct image_draft *draft, const struct instruction *instruction,
                             struct error *err)
{
    const struct build_healthcheck *health = &instruction->health;
    json_t *check = json_object(), *test = json_array();

    set(check, "Test", test);
    set(config_of(draft), "Healthcheck", check);
    if (health->none)
        return append_text(test, "NONE", err);
    if (append_text(test, instruction->json ? "CMD" : "CMD-SHELL", err) < 0)
        return -1;
    for (size_t i = 0; i < instruction->words.count; i++)
        if (append_text(test, instruction->words.items[i].text, err) < 0)
            return -1;
    set_duration(check, "Interval", health->interval_ns);
    set_duration(check, "Timeout", health->timeout_ns);
    set_duration(check, "StartPeriod", health->start_period_ns);
    set_duration(check, "StartInterval", health->start_interval_ns);
    set_duration(check, "Retries", health->retries);
    return 0;
}

static int apply_shell(struct image_draft *draft, const struct instruction *instruction,
                       struct error *err)
{
    json_t *shell = json_array();

    set(config_of(draft), "Shell", shell);
    for (size_t i = 0; i < instruction->words.count; i++)
        if (append_text(shell, instruction->words.items[i].text, err) < 0)
            return -1;
    return 0;
}

int image_draft_apply(struct image_draft *draft, const struct instruction *instruction,
                      struct error *err)
{
    const char *word = instruction->words.count > 0 ? instruction->words.items[0].text : "";

    switch (instruction->kind) {
    case INSTRUCTION_ENV:
        return apply_env(draft, instruction, err);
    case INSTRUCTION_LABEL:
        return apply_label(draft, instruction, err);
    case INSTRUCTION_EXPOSE:
        return apply_expose(draft, instruction, err);
    case INSTRUCTION_VOLUME:
        return apply_volume(draft, instruction);
    case INSTRUCTION_CMD:
    case INSTRUCTION_ENTRYPOINT:
        return apply_command(draft, instruction, err);
    case INSTRUCTION_HEALTHCHECK:
        return apply_healthcheck(draft, instruction, err);
    case INSTRUCTION_SHELL:
        return apply_shell(draft, instruction, err);
    case INSTRUCTION_USER:
        return set_text(config_of(draft), "User", word, err);
    case INSTRUCTION_STOPSIGNAL:
        return set_text(config_of(draft), "StopSignal", word, err);
    case INSTRUCTION_WORKDIR:
        return set_text(config_of(draft), "WorkingDir",
                        path_clean(draft->arena, image_draft_path(draft, word)), err);
    case INSTRUCTION_MAINTAINER:
        return set_text(draft->document, "author", word, err);
    case INSTRUCTION_ONBUILD:
        return append_text(member(config_of(draft), "OnBuild", json_array),
                           instruction->trigger->source, err);
    default:
        return 0;
    }
}
