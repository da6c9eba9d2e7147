/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_pull.h"

#include <time.h>

#include "common/fd.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/image_source.h"

/* A pull that found nothing new is noted at most so often: `pull_policy: every_5m` needs no more.
 */
enum { NOTE_EVERY_S = 60 };

struct pull {
    const struct pull_context *context;
    const struct pull_item *item;
    struct arena *arena;
    const char *reference; /* normalised */
    const char *platform;  /* as of the catalog */
    struct image_source source;
    struct image_config config;
    struct import_image image;
    struct download **downloads; /* by layer; NULL where the store has it */
    bool again;                  /* a blob came wrong */
};

/* What is here already ----------------------------------------------------------------------------
 */

static int note_pull(const struct pull *pull, struct error *err)
{
    int images_fd = image_store_images_fd(pull->context->store);
    scoped_fd int lock_fd = image_catalog_lock(images_fd, err);
    const struct image_record *found;
    struct image_catalog catalog;
    struct image_record record;

    if (lock_fd < 0 || image_catalog_read(images_fd, pull->arena, &catalog, err) < 0)
        return -1;
    found = image_catalog_find(&catalog, pull->reference, pull->platform);
    if (!found)
        return 0;
    record = *found;
    record.pulled_at = time(NULL);
    image_catalog_put(&catalog, &record);
    return image_catalog_write(images_fd, &catalog, err);
}

static void report_pulled(const struct pull *pull, const char *id, const char *digest, bool changed)
{
    const struct report_result result = {.event = "pulled",
                                         .image = pull->item->text,
                                         .id = id,
                                         .digest = digest,
                                         .changed = changed};

    report_result(pull->context->report, &result);
}

static bool is_of_digest(const struct image *image, const char *digest)
{
    return digest && (string_eq(digest, image->index) || string_eq(digest, image->manifest));
}

/* Asks the registry what a tag means, without a pull that counts; a digest means always the same.
 * An image that is damaged here is as good as none. */
static int find_current(struct pull *pull, struct image **ret_image, struct error *err)
{
    struct registry_manifest current;
    struct image *image = NULL;

    *ret_image = NULL;
    if (image_store_find(pull->context->store, pull->reference, pull->item->platform_text,
                         pull->arena, &image, NULL) < 0 ||
        !image)
        return 0;
    if (is_of_digest(image, pull->item->source.digest)) {
        *ret_image = image;
        return 0;
    }
    if (registry_head_manifest(pull->context->registry, &pull->item->source, pull->arena, &current,
                               err) < 0)
        return -1;
    if (current.exists &&
        (string_eq(current.digest, image->index) || string_eq(current.digest, image->manifest)))
        *ret_image = image;
    return 0;
}

static int keep_current(struct pull *pull, const struct image *image, struct error *err)
{
    if (image->pulled_at + NOTE_EVERY_S <= time(NULL) && note_pull(pull, err) < 0)
        return -1;
    report_pulled(pull, image->config.digest, image->index ? image->index : image->manifest, false);
    return 0;
}

/* Layers ------------------------------------------------------------------------------------------
 */

static struct download *download_of(const struct pull *pull, const struct import_layer *layer)
{
    return pull->downloads[layer - pull->image.layers];
}

static void prepare_layer(const void *owner, const struct import_layer *layer)
{
    const struct pull *pull = owner;
    const struct download_spec spec = {.reference = &pull->item->source,
                                       .image = pull->item->text,
                                       .digest = layer->digest,
                                       .size = layer->size,
                                       .skip_mirrors = pull->again};

    pull->downloads[layer - pull->image.layers] = download_new(pull->context->downloads, &spec);
}

static struct byte_source *open_layer(const void *owner, const struct import_layer *layer,
                                      struct error *err)
{
    (void)err;
    return download_open(download_of(owner, layer));
}

static int finish_layer(const void *owner, const struct import_layer *layer,
                        struct image_staging *staging, struct error *err)
{
    return download_keep(download_of(owner, layer), staging, err);
}

static void report_present(const struct pull *pull)
{
    for (size_t i = 0; i < pull->image.n_layers; i++) {
        const struct import_layer *layer = &pull->image.layers[i];
        const struct report_layer report = {.image = pull->item->text,
                                            .digest = layer->digest,
                                            .state = "exists",
                                            .current = layer->size,
                                            .total = layer->size};

        if (image_store_has_layer(pull->context->store,
                                  image_digest_hex(pull->config.diff_ids.items[i])))
            report_layer(pull->context->report, &report);
    }
}

/* Ends the downloads. Says whether one was complete and wrong: it is gone now, and another try has
 * a chance. */
static bool free_downloads(struct pull *pull, bool failed)
{
    bool any_bad = false;

    for (size_t i = 0; i < pull->image.n_layers; i++) {
        struct download *download = steal(pull->downloads[i]);

        any_bad = (download && failed && download_discard_bad(download)) || any_bad;
        download_free(download);
    }
    return any_bad;
}

/* The whole ---------------------------------------------------------------------------------------
 */

static int check_platform(struct pull *pull, struct error *err)
{
    const struct image_platform image = {.os = pull->config.os,
                                         .architecture = pull->config.architecture,
                                         .variant = pull->config.variant};
    scoped_text struct text message = {0};

    if (image_platform_match(&pull->item->platform, &image) > 0)
        return 0;
    text_appendf(&message, "it is for %s, not for %s", image_platform_format(&image, pull->arena),
                 image_platform_format(&pull->item->platform, pull->arena));
    if (pull->item->platform_text)
        return error_set(err, "%s", text_get(&message));
    report_warning(pull->context->report, pull->item->text, text_get(&message));
    return 0;
}

static int describe(struct pull *pull, struct error *err)
{
    const struct image_manifest *manifest = &pull->source.manifest;
    struct import_image *image = &pull->image;

    if (image_config_parse(pull->source.config.bytes, pull->source.config.length, pull->arena,
                           &pull->config, err) < 0)
        return -1;
    if (pull->config.diff_ids.count != manifest->n_layers)
        return error_set(err, "the configuration names %zu layers, the manifest %zu",
                         pull->config.diff_ids.count, manifest->n_layers);
    string_list_add(pull->arena, &image->references, pull->reference);
    image->config = pull->source.config;
    image->manifest = pull->source.document;
    image->index_digest = pull->source.index_digest;
    image->platform = pull->platform;
    image->pulled_at = time(NULL);
    image->n_layers = manifest->n_layers;
    image->layers = arena_new_array(pull->arena, struct import_layer, image->n_layers + 1);
    pull->downloads = arena_new_array(pull->arena, struct download *, image->n_layers + 1);
    for (size_t i = 0; i < image->n_layers; i++)
        image->layers[i] = (struct import_layer){.name = manifest->layers[i].digest,
                                                 .digest = manifest->layers[i].digest,
                                                 .size = manifest->layers[i].size};
    return check_platform(pull, err);
}

/* A blob that an earlier run left damaged, or that a mirror sent so, is fetched anew, once. */
static int import(struct pull *pull, struct error *err)
{
    size_t left_out;
    const struct layer_opener opener = {.prepare = prepare_layer,
                                        .open = open_layer,
                                        .finish = finish_layer,
                                        .owner = pull,
                                        .left_out = &left_out};

    report_present(pull);
    for (;;) {
        left_out = 0;
        int result = image_import(pull->context->store, &pull->image, &opener, err);
        bool any_bad = free_downloads(pull, result < 0);

        if (result == 0)
            report_left_out(pull->context->report, pull->item->text, left_out);
        if (result == 0 || !any_bad || pull->again)
            return result;
        pull->again = true;
    }
}

static int run(struct pull *pull, struct error *err)
{
    struct image *current;

    pull->reference = image_reference_format(&pull->item->reference, pull->arena);
    if (image_platform_key(pull->item->platform_text, pull->arena, &pull->platform, err) < 0 ||
        find_current(pull, &current, err) < 0)
        return -1;
    if (current)
        return keep_current(pull, current, err);
    if (image_source_read(pull->context->registry, &pull->item->source, &pull->item->platform,
                          pull->arena, &pull->source, err) < 0 ||
        describe(pull, err) < 0 || import(pull, err) < 0)
        return -1;
    report_pulled(pull, pull->config.digest, pull->source.digest, true);
    return 0;
}

int image_pull(const struct pull_context *context, const struct pull_item *item, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct pull pull = {.context = context, .item = item, .arena = arena};

    report_resolving(context->report, item->text);
    if (run(&pull, err) < 0)
        return error_wrap(err, "pull '%s'", item->text);
    return 0;
}
