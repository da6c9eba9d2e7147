/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/image_output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "runtime/build/worker/build_cache.h"
#include "runtime/build/worker/tree_tar.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/kept_source.h"
#include "runtime/image/worker/parallel.h"

/* A layer on its way to be a blob. */
struct packing {
    const char *diff_id;
    const char *blob; /* known, and in the store; or NULL */
    char packed[IMAGE_DIGEST_SIZE];
};

struct output {
    struct build *build;
    struct arena *arena;
    struct image_staging *staging;
    struct packing *packings;
    size_t n_packings;
};

/* -- blobs */

static int find_blob(struct output *output, struct packing *packing, struct error *err)
{
    scoped_text struct text note = {0};
    const char *hex = image_digest_hex(packing->diff_id);

    if (image_staging_read_note(output->staging, hex, "blob", &note, err) < 0)
        return -1;
    if (image_digest_is_valid(text_get(&note)) &&
        image_store_has_blob(output->build->builder->store, text_get(&note)))
        packing->blob = arena_strdup(output->arena, text_get(&note));
    return 0;
}

/* The tree makes the same tar as when the layer was taken, which is checked. */
static int pack_layer(const struct output *output, struct packing *packing, struct error *err)
{
    const char *hex = image_digest_hex(packing->diff_id);
    const struct checked_source_spec spec = {
        .digest = packing->diff_id, .size = -1, .limit_bytes = LIMIT_LAYER_BYTES};
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(byte_source_free) struct byte_source *source = NULL;
    scoped_fd int fs_fd = -1;
    scoped_fd int blob_fd = -1;
    struct upper_list list;

    if (image_staging_open_layer(output->staging, hex, &fs_fd, err) < 0 ||
        image_staging_make_blob(output->staging, hex, &blob_fd, err) < 0 ||
        upper_list_read(fs_fd, arena, &list, err) < 0)
        return -1;
    source = packed_source_new(checked_source_new(tree_tar_new(fs_fd, &list), &spec), blob_fd,
                               packing->packed);
    return byte_source_drain(source, err);
}

static int pack_one(void *owner, size_t index, struct error *err)
{
    struct output *output = owner;
    struct packing *packing = &output->packings[index];

    if (packing->blob)
        return 0;
    if (pack_layer(output, packing, err) < 0)
        return error_wrap(err, "pack layer '%s'", packing->diff_id);
    return 0;
}

static int keep_blobs(struct output *output, struct error *err)
{
    for (size_t i = 0; i < output->n_packings; i++) {
        struct packing *packing = &output->packings[i];
        const char *hex = image_digest_hex(packing->diff_id);

        if (packing->blob)
            continue;
        packing->blob = packing->packed;
        if (image_staging_keep_blob(output->staging, hex, packing->packed, err) < 0 ||
            image_staging_write_note(output->staging, hex, "blob", packing->packed, err) < 0)
            return -1;
    }
    return image_staging_commit(output->staging, NULL, 0, err);
}

static void add_packing(struct output *output, const char *diff_id)
{
    for (size_t i = 0; i < output->n_packings; i++)
        if (string_eq(output->packings[i].diff_id, diff_id))
            return;
    output->packings[output->n_packings++] = (struct packing){.diff_id = diff_id};
}

static int make_blobs(struct output *output, const struct string_list *diff_ids, struct error *err)
{
    struct parallel_work work = {.run = pack_one, .owner = output, .max_threads = parallel_cores()};

    output->packings = arena_new_array(output->arena, struct packing, diff_ids->count + 1);
    for (size_t i = 0; i < diff_ids->count; i++)
        add_packing(output, diff_ids->items[i]);
    for (size_t i = 0; i < output->n_packings; i++)
        if (find_blob(output, &output->packings[i], err) < 0)
            return -1;
    work.count = output->n_packings;
    return parallel_run(&work, err) < 0 ? -1 : keep_blobs(output, err);
}

/* -- the document */

static void set(json_t *object, const char *key, json_t *take_value)
{
    if (!take_value || json_object_set_new(object, key, take_value) < 0)
        abort();
}

static int set_labels(struct build *build, json_t *config, struct error *err)
{
    const struct string_list *labels = &build->request->labels;
    json_t *object = json_get_object(config, "Labels");

    if (labels->count > 0 && !object) {
        object = json_object();
        set(config, "Labels", object);
    }
    for (size_t i = 0; i < labels->count; i++) {
        const char *equals = strchr(labels->items[i], '=');
        size_t length = equals ? (size_t)(equals - labels->items[i]) : strlen(labels->items[i]);
        json_t *value = json_string(equals ? equals + 1 : "");

        if (!value)
            return error_set(err, "label '%s' is not UTF-8", labels->items[i]);
        set(object, arena_strndup(build->arena, labels->items[i], length), value);
    }
    return 0;
}

/* The parts of a configuration in docker's order, which is that of their names. */
static int format_config(struct build *build, struct image_draft *draft, struct text *out,
                         struct error *err)
{
    const char *created = image_draft_created(draft);
    json_t *document = draft->document, *ids = json_array();

    set(document, "created", json_string(created ? created : build_now(build, draft->arena)));
    for (size_t i = 0; i < draft->diff_ids.count; i++)
        if (json_array_append_new(ids, json_string(draft->diff_ids.items[i])) < 0)
            abort();
    set(document, "rootfs", json_pack("{s:s, s:o}", "type", "layers", "diff_ids", ids));
    /* What earlier builders noted of themselves is not true of this image. */
    (void)json_object_del(document, "container");
    (void)json_object_del(document, "container_config");
    (void)json_object_del(document, "docker_version");
    (void)json_object_del(document, "id");
    (void)json_object_del(document, "parent");
    if (set_labels(build, json_object_get(document, "config"), err) < 0)
        return -1;
    build_cache_put_inline(build, document);
    json_format(document, out);
    return 0;
}

/* Every layer is there, so this opens nothing. */
static struct byte_source *open_nothing(const void *owner UNUSED, const struct import_layer *layer,
                                        struct error *err)
{
    error_set(err, "the layer '%s' is gone", layer->digest);
    return NULL;
}

static const char *blob_of(const struct output *output, const char *diff_id)
{
    for (size_t i = 0; i < output->n_packings; i++)
        if (string_eq(output->packings[i].diff_id, diff_id))
            return output->packings[i].blob;
    return NULL;
}

static int import(struct output *output, const struct output_image *kept, struct error *err)
{
    static const struct layer_opener opener = {.open = open_nothing};
    size_t count = kept->diff_ids.count;
    struct import_layer *layers = arena_new_array(output->arena, struct import_layer, count + 1);
    struct import_image image = {.references = kept->references,
                                 .config = kept->config,
                                 .platform = output->build->request->platform,
                                 .layers = layers,
                                 .n_layers = count};

    for (size_t i = 0; i < count; i++)
        layers[i] = (struct import_layer){.name = kept->diff_ids.items[i],
                                          .digest = blob_of(output, kept->diff_ids.items[i]),
                                          .size = -1};
    return image_import(output->build->builder->store, &image, &opener, err);
}

int image_output_keep(struct build *build, const struct output_image *image, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_staging_free) struct image_staging *staging =
        image_staging_new(build->builder->store, err);
    struct output output = {.build = build, .arena = arena, .staging = staging};

    if (!staging)
        return -1;
    return make_blobs(&output, &image->diff_ids, err) < 0 ? -1 : import(&output, image, err);
}

/* Whether the store has this very image under all its names: then there is nothing to be written.
 */
static bool is_there(const struct build *build, const char *id, struct arena *arena)
{
    const struct build_request *request = build->request;

    for (size_t i = 0; i < request->tags.count; i++) {
        struct image *image = NULL;

        if (image_store_find(build->builder->store, request->tags.items[i], request->platform,
                             arena, &image, NULL) < 0 ||
            !image || !image->manifest || !string_eq(image->config.digest, id))
            return false;
    }
    return request->tags.count > 0;
}

static int find_references(const struct build *build, struct arena *arena,
                           struct string_list *references, struct error *err)
{
    const struct string_list *tags = &build->request->tags;

    for (size_t i = 0; i < tags->count; i++) {
        const char *reference;

        if (image_reference_normalise(tags->items[i], arena, &reference, err) < 0)
            return error_wrap(err, "tag '%s'", tags->items[i]);
        string_list_add(arena, references, reference);
    }
    return 0;
}

int image_output(struct build *build, struct image_draft *draft, char ret_id[IMAGE_DIGEST_SIZE],
                 struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct output_image image = {.diff_ids = draft->diff_ids};
    scoped_text struct text config = {0};

    if (format_config(build, draft, &config, err) < 0)
        return -1;
    image_digest_of_bytes(text_get(&config), config.length, ret_id);
    if (is_there(build, ret_id, arena))
        return 0;
    image.config = (struct import_document){.bytes = text_get(&config), .length = config.length};
    if (find_references(build, arena, &image.references, err) < 0 ||
        image_output_keep(build, &image, err) < 0)
        return error_wrap(err, "keep the image");
    return 0;
}
