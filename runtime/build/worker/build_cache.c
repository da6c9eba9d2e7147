/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/build_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/memory.h"
#include "common/path.h"
#include "runtime/build/cache_spec.h"
#include "runtime/build/worker/build_report.h"
#include "runtime/build/worker/image_output.h"
#include "runtime/build/worker/layout_source.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/archive_writer.h"
#include "runtime/image/worker/image_tags.h"
#include "runtime/image/worker/save_list.h"
#include "runtime/image/worker/step_records.h"

struct noted_step {
    size_t stage;
    struct keyed_record step;
};

struct build_cache {
    pthread_mutex_t lock;
    struct noted_step *steps;
    size_t count, capacity;
};

struct build_cache *build_cache_new(void)
{
    struct build_cache *cache = memory_new(struct build_cache);

    (void)pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void build_cache_free(struct build_cache *cache)
{
    if (!cache)
        return;
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache->steps);
    free(cache);
}

void build_cache_note(struct build_cache *cache, size_t stage, const char *key,
                      const struct step_record *record)
{
    struct noted_step *noted;

    (void)pthread_mutex_lock(&cache->lock);
    memory_grow(cache->steps, cache->count, cache->capacity);
    noted = &cache->steps[cache->count++];
    *noted = (struct noted_step){.stage = stage, .step.record = *record};
    (void)snprintf(noted->step.key, sizeof(noted->step.key), "%s", key);
    (void)pthread_mutex_unlock(&cache->lock);
}

static void warn(const struct build *build, const char *key, const char *entry, const char *why)
{
    scoped_text struct text message = {0};

    text_appendf(&message, "%s '%s' is left out: %s", key, entry, why);
    build_report_warning(build->request->name, text_get(&message));
}

/* Whether there is anything to be done for the entry. */
static int read_spec(const struct build *build, const char *key, const char *entry,
                     struct cache_spec *ret_spec, struct error *err)
{
    if (cache_spec_parse(entry, string_eq(key, "cache_to"), build->arena, ret_spec, err) < 0)
        return error_wrap(err, "%s", key);
    if (ret_spec->kind == CACHE_OTHER)
        warn(build, key, entry,
             arena_printf(build->arena,
                          "type '%s' is not known here; registry, local and inline are",
                          ret_spec->type));
    if (ret_spec->folder && build->request->directory)
        ret_spec->folder = path_clean(
            build->arena, path_join(build->arena, build->request->directory, ret_spec->folder));
    return 0;
}

/* An image that only had to travel has done so; one that somebody has named is his. */
static void let_go(const struct build *build, const struct image *image)
{
    struct untagged untagged = {0};

    if (image_digest_is_valid(image->reference) || strchr(image->reference, '@'))
        (void)!image_untag(build->builder->store, image->reference, true, build->arena, &untagged,
                           NULL);
}

/* -- from elsewhere */

static bool any_is_new(const struct build *build, const struct step_records *records)
{
    struct step_record known;

    for (size_t i = 0; i < records->count; i++)
        if (!step_cache_find(build->builder->cache, records->items[i].key, &known))
            return true;
    return false;
}

static void learn(const struct build *build, const struct step_records *records)
{
    struct step_record known;

    for (size_t i = 0; i < records->count; i++)
        if (!step_cache_find(build->builder->cache, records->items[i].key, &known))
            step_cache_put(build->builder->cache, records->items[i].key, &records->items[i].record);
}

/* Layers are brought only for what is not known yet. */
static int read_registry(const struct build *build, const struct cache_spec *spec,
                         struct error *err)
{
    struct image_store *store = build->builder->store;
    struct image *before = NULL, *image = NULL;
    struct step_records records;
    struct image_peek peek;

    if (image_fetch_peek(build->images, spec->reference, build->arena, &peek, err) < 0 ||
        step_records_parse(peek.config.bytes, peek.config.length, build->arena, &records, err) < 0)
        return -1;
    if (!any_is_new(build, &records))
        return 0;
    if (image_store_find(store, peek.pinned, NULL, build->arena, &before, NULL) < 0)
        before = NULL;
    if (image_fetch_one(build->images, peek.pinned, NULL, err) < 0 ||
        image_store_find(store, peek.pinned, NULL, build->arena, &image, err) < 0)
        return -1;
    learn(build, &records);
    if (image && !before)
        let_go(build, image);
    return 0;
}

static int read_local(const struct build *build, const struct cache_spec *spec, struct error *err)
{
    const char *address = arena_printf(build->arena, "oci-layout://%s%s%s", spec->folder,
                                       spec->tag ? ":" : "", spec->tag ? spec->tag : "");
    struct step_records records;
    struct stored_image stored;
    struct image *image;
    int result;

    if (layout_source_find(build->builder->store, address, build->arena, &image, err) < 0)
        return -1;
    result =
        stored_image_read(build->builder->store, image->config.digest, build->arena, &stored, err);
    if (result == 0)
        result = step_records_parse(stored.config.bytes, stored.config.length, build->arena,
                                    &records, err);
    if (result == 0)
        learn(build, &records);
    let_go(build, image);
    return result;
}

int build_cache_read(struct build *build, struct error *err)
{
    const struct string_list *entries = &build->request->cache_from;

    for (size_t i = 0; i < entries->count; i++) {
        struct error problem = {0};
        struct cache_spec spec;
        int result = 0;

        if (read_spec(build, "cache_from", entries->items[i], &spec, err) < 0)
            return -1;
        if (spec.kind == CACHE_REGISTRY)
            result = read_registry(build, &spec, &problem);
        else if (spec.kind == CACHE_LOCAL)
            result = read_local(build, &spec, &problem);
        if (result < 0)
            warn(build, "cache_from", entries->items[i], problem.text);
    }
    return 0;
}

/* -- to elsewhere */

/* Whether what is built stands on the stage. */
static bool is_below_target(const struct build_graph *graph, size_t stage)
{
    size_t at = graph->target;

    for (;;) {
        const struct stage_node *node = &graph->nodes[at];

        if (at == stage)
            return true;
        if (node->n_sources == 0 || node->sources[0].kind != SOURCE_STAGE)
            return false;
        at = node->sources[0].stage;
    }
}

static struct step_records records_of(const struct build *build, bool all_stages)
{
    const struct build_cache *cache = build->cache;
    struct step_records records = {0};

    for (size_t i = 0; i < cache->count && records.count < LIMIT_STEP_RECORDS; i++) {
        const struct noted_step *noted = &cache->steps[i];

        if (all_stages || is_below_target(&build->graph, noted->stage))
            step_records_add(&records, build->arena, noted->step.key, &noted->step.record);
    }
    return records;
}

void build_cache_put_inline(struct build *build, json_t *config)
{
    const struct string_list *entries = &build->request->cache_to;

    for (size_t i = 0; i < entries->count; i++) {
        struct cache_spec spec;

        if (cache_spec_parse(entries->items[i], true, build->arena, &spec, NULL) == 0 &&
            spec.kind == CACHE_INLINE) {
            struct step_records records = records_of(build, false);

            step_records_put(&records, config);
        }
    }
}

/* The image that carries the steps, kept in the store under its id. */
static int make_image(struct build *build, bool all_stages, const struct image **ret_image,
                      struct error *err)
{
    const struct image_platform machine = image_platform_host();
    struct step_records records = records_of(build, all_stages);
    scoped(json_release) json_t *document = json_pack(
        "{s:s, s:s, s:{}}", "architecture", machine.architecture, "os", machine.os, "config");
    struct output_image output = {0};
    json_t *ids = json_array();
    scoped_text struct text config = {0};
    char id[IMAGE_DIGEST_SIZE];
    struct image *image = NULL;

    for (size_t i = 0; i < records.count; i++) {
        const char *diff_id = records.items[i].record.diff_id;

        if (!*diff_id || string_list_has(&output.diff_ids, diff_id))
            continue;
        if (output.diff_ids.count == LIMIT_LAYERS) {
            records.count = i;
            break;
        }
        string_list_add(build->arena, &output.diff_ids, diff_id);
        if (json_array_append_new(ids, json_string(diff_id)) < 0)
            abort();
    }
    if (json_object_set_new(document, "rootfs",
                            json_pack("{s:s, s:o}", "type", "layers", "diff_ids", ids)) < 0)
        abort();
    step_records_put(&records, document);
    json_format(document, &config);
    output.config = (struct import_document){text_get(&config), config.length};
    image_digest_of_bytes(text_get(&config), config.length, id);
    if (image_output_keep(build, &output, err) < 0 ||
        image_store_find(build->builder->store, id, NULL, build->arena, &image, err) < 0)
        return -1;
    *ret_image = image;
    return image ? 0 : error_set(err, "the image that carries the steps is gone");
}

/* A folder that is there is replaced if it is a layout, with all that was in it. */
static int replace_folder(const char *folder, const char *new_folder, struct arena *arena,
                          struct error *err)
{
    if (rename(new_folder, folder) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return error_sys(err, "rename '%s' to '%s'", new_folder, folder);
    if (access(arena_printf(arena, "%s/oci-layout", folder), F_OK) < 0)
        return error_set(err, "'%s' is there and no OCI layout", folder);
    if (renameat2(AT_FDCWD, new_folder, AT_FDCWD, folder, RENAME_EXCHANGE) < 0)
        return error_sys(err, "exchange '%s' for '%s'", folder, new_folder);
    return path_remove_tree(AT_FDCWD, new_folder, err);
}

static int write_local(struct build *build, const struct image *image,
                       const struct cache_spec *spec, struct error *err)
{
    struct image_store *store = build->builder->store;
    const char *new_folder = arena_printf(build->arena, "%s.new", spec->folder);
    char *id = arena_strdup(build->arena, image->config.digest);
    scoped(archive_writer_free) struct archive_writer *writer = NULL;
    struct save_list list;

    if (path_remove_tree(AT_FDCWD, new_folder, err) < 0 ||
        path_make_dirs(AT_FDCWD, spec->folder, 0755, err) < 0 ||
        save_list_read(store, &id, 1, build->arena, &list, err) < 0)
        return -1;
    writer = archive_writer_new(arena_printf(build->arena, "%s/", new_folder), err);
    if (!writer || oci_save_write(store, &list, writer, err) < 0 ||
        archive_writer_commit(writer, err) < 0)
        return -1;
    return replace_folder(spec->folder, new_folder, build->arena, err);
}

static int write_one(struct build *build, const struct cache_spec *spec, struct error *err)
{
    const struct image *image;
    int result;

    if (spec->kind != CACHE_REGISTRY && spec->kind != CACHE_LOCAL)
        return 0;
    if (make_image(build, spec->all_stages, &image, err) < 0)
        return -1;
    result = spec->kind == CACHE_REGISTRY
                 ? image_fetch_push(build->images, image->config.digest, spec->reference, err)
                 : write_local(build, image, spec, err);
    let_go(build, image);
    return result;
}

int build_cache_write(struct build *build, struct error *err)
{
    const struct string_list *entries = &build->request->cache_to;

    for (size_t i = 0; i < entries->count; i++) {
        struct error problem = {0};
        struct cache_spec spec;

        if (read_spec(build, "cache_to", entries->items[i], &spec, err) < 0)
            return -1;
        if (write_one(build, &spec, &problem) == 0)
            continue;
        if (!spec.ignores_errors)
            return error_set(err, "cache_to '%s': %s", entries->items[i], problem.text);
        warn(build, "cache_to", entries->items[i], problem.text);
    }
    return 0;
}
