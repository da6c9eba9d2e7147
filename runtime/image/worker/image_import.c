/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_import.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/layer_mend.h"
#include "runtime/image/worker/manifest_document.h"
#include "runtime/image/worker/missing_layers.h"

/* One image on its way. */
struct import {
    struct image_store *store;
    const struct import_image *image;
    struct arena *arena;
    struct image_config config;
    struct missing_layers *missing;
    struct image_staging *staging;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_mend_layer(struct import *import, const char *name, struct mend_layer *out,
                           struct error *err)
{
    scoped_text struct text note = {0};
    const char *end;

    if (image_staging_open_layer(import->staging, name, &out->fs_fd, err) < 0 ||
        image_staging_read_note(import->staging, name, "implicit", &note, err) < 0)
        return -1;
    end = text_get(&note) + note.length;
    for (const char *path = text_get(&note); path < end; path += strlen(path) + 1)
        string_list_add(import->arena, &out->implicit, arena_strdup(import->arena, path));
    if (out->implicit.count > 0)
        qsort(out->implicit.items, out->implicit.count, sizeof(*out->implicit.items),
              compare_texts);
    return 0;
}

static int make_mend(struct import *import, const char *name, const struct mend_layer *layers,
                     struct error *err)
{
    scoped_fd int mend_fd = -1;
    bool needed;

    if (image_staging_make_layer(import->staging, name, &mend_fd, err) < 0 ||
        layer_mend(layers, import->config.diff_ids.count, mend_fd, &needed, err) < 0)
        return -1;
    return needed ? image_staging_keep_layer(import->staging, name, err) : 0;
}

static int mend(struct import *import, struct error *err)
{
    const struct string_list *diff_ids = &import->config.diff_ids;
    struct mend_layer *layers =
        arena_new_array(import->arena, struct mend_layer, diff_ids->count + 1);
    const char *name;
    int result = 0;

    image_store_mend_name(diff_ids, import->arena, &name);
    if (image_store_has_layer(import->store, name))
        return 0;
    for (size_t i = 0; i < diff_ids->count; i++)
        layers[i].fs_fd = -1;
    for (size_t i = 0; i < diff_ids->count && result == 0; i++)
        result = read_mend_layer(import, image_digest_hex(diff_ids->items[i]), &layers[i], err);
    if (result == 0)
        result = make_mend(import, name, layers, err);
    for (size_t i = 0; i < diff_ids->count; i++)
        fd_close(layers[i].fs_fd);
    return result < 0 ? error_wrap(err, "assemble the layers") : 0;
}

/* Documents ---------------------------------------------------------------------------------------
 */

/* What a manifest says of a blob that is staged or in the store. */
static int describe_blob(struct import *import, const char *digest, struct manifest_part *out,
                         struct error *err)
{
    scoped_fd int fd = -1;
    char start[PACKING_MAGIC_BYTES];
    struct stat status;
    ssize_t length;

    if (image_staging_open_blob(import->staging, digest, &fd, err) < 0)
        return -1;
    length = pread(fd, start, sizeof(start), 0);
    if (length < 0 || fstat(fd, &status) < 0)
        return error_sys(err, "examine blob '%s'", digest);
    *out = (struct manifest_part){
        .digest = digest, .size = status.st_size, .packing = packing_of(start, (size_t)length)};
    return 0;
}

/* The manifest that the image came with, or one of the blobs that its layers became. */
static int get_manifest(struct import *import, struct text *out, struct error *err)
{
    const struct import_image *image = import->image;
    struct manifest_parts parts = {
        .config = {.digest = import->config.digest, .size = (int64_t)image->config.length},
        .layers = arena_new_array(import->arena, struct manifest_part, image->n_layers + 1),
        .n_layers = image->n_layers,
    };

    if (image->manifest.length > 0) {
        text_append_bytes(out, image->manifest.bytes, image->manifest.length);
        return 0;
    }
    for (size_t i = 0; i < image->n_layers; i++) {
        if (describe_blob(import, missing_layers_blob(import->missing, i), &parts.layers[i], err) <
            0)
            return -1;
    }
    manifest_document_format(&parts, out);
    return 0;
}

static int commit(struct import *import, struct error *err)
{
    const struct import_image *image = import->image;
    size_t count = image->references.count ? image->references.count : 1;
    struct image_record *records = arena_new_array(import->arena, struct image_record, count);
    scoped_text struct text manifest = {0};
    char digest[IMAGE_DIGEST_SIZE];
    const char *platform;

    if (image_platform_key(image->platform, import->arena, &platform, err) < 0 ||
        get_manifest(import, &manifest, err) < 0)
        return -1;
    image_digest_of_bytes(text_get(&manifest), manifest.length, digest);
    for (size_t i = 0; i < count; i++)
        records[i] =
            (struct image_record){.reference = image->references.count ? image->references.items[i]
                                                                       : import->config.digest,
                                  .config = import->config.digest,
                                  .manifest = digest,
                                  .index = image->index_digest,
                                  .platform = platform,
                                  .pulled_at = image->pulled_at};

    if (image_staging_put_blob(import->staging, import->config.digest, image->config.bytes,
                               image->config.length, err) < 0 ||
        image_staging_put_blob(import->staging, digest, text_get(&manifest), manifest.length, err) <
            0)
        return -1;
    return image_staging_commit(import->staging, records, count, err);
}

static int run(struct import *import, const struct layer_opener *opener, struct error *err)
{
    const struct import_image *image = import->image;

    if (image_config_parse(image->config.bytes, image->config.length, import->arena,
                           &import->config, err) < 0)
        return -1;
    if (import->config.diff_ids.count != image->n_layers)
        return error_set(err, "the configuration names %zu layers, but there are %zu",
                         import->config.diff_ids.count, image->n_layers);
    import->missing =
        missing_layers_new(import->store, image, &import->config.diff_ids, import->arena);
    if (missing_layers_lock(import->missing, err) < 0)
        return -1;
    import->staging = image_staging_new(import->store, err);
    if (!import->staging ||
        missing_layers_take(import->missing, opener, import->staging, err) < 0 ||
        mend(import, err) < 0)
        return -1;
    return commit(import, err);
}

int image_import(struct image_store *store, const struct import_image *image,
                 const struct layer_opener *opener, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct import import = {.store = store, .image = image, .arena = arena};
    int result = run(&import, opener, err);

    image_staging_free(import.staging);
    missing_layers_free(import.missing);
    return result;
}
