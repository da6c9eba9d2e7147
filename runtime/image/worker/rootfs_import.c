/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/rootfs_import.h"

#include <stdlib.h>

#include "common/json.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/worker/config_change.h"
#include "runtime/image/worker/image_import.h"
#include "runtime/image/worker/image_staging.h"
#include "runtime/image/worker/layer_intake.h"

/* Brings the layer into the store, unnamed; nothing collects it while the store is open. */
static int take_layer(struct image_store *store, struct byte_source *take_source,
                      struct layer_taken *ret_taken, struct error *err)
{
    static const char name[] = "rootfs";
    const struct layer_intake intake = {
        .size = -1, .name = name, .unpack = true, .keep_blob = true};
    scoped(image_staging_free) struct image_staging *staging = image_staging_new(store, err);
    const char *hex;

    if (!staging) {
        byte_source_free(take_source);
        return -1;
    }
    if (layer_intake_run(&intake, take_source, staging, ret_taken, err) < 0 ||
        image_staging_write_note(staging, name, "blob", ret_taken->blob, err) < 0 ||
        image_staging_keep_blob(staging, name, ret_taken->blob, err) < 0)
        return -1;
    hex = image_digest_hex(ret_taken->diff_id);
    if (image_staging_rename_layer(staging, name, hex, err) < 0 ||
        image_staging_keep_layer(staging, hex, err) < 0)
        return -1;
    return image_staging_commit(staging, NULL, 0, err);
}

static int format_config(const struct rootfs_spec *spec, const char *diff_id, struct arena *arena,
                         struct text *out, struct error *err)
{
    struct image_platform platform = image_platform_host();
    scoped(json_release) json_t *document = NULL;
    json_t *config, *history, *rootfs;

    if (spec->platform && image_platform_parse(spec->platform, arena, &platform, err) < 0)
        return -1;
    config = json_object();
    history = json_pack("[{s:s, s:s}]", "created", spec->created, "comment", spec->message);
    rootfs = json_pack("{s:s, s:[s]}", "type", "layers", "diff_ids", diff_id);
    document =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "architecture", platform.architecture,
                  "os", platform.os, "created", spec->created, "comment", spec->message, "config",
                  config, "history", history, "rootfs", rootfs);
    if (!document)
        return error_set(err, "the message is not UTF-8");
    if (*platform.variant &&
        json_object_set_new(document, "variant", json_string(platform.variant)) < 0)
        abort();
    for (size_t i = 0; i < spec->changes.count; i++) {
        if (config_change_apply(config, spec->changes.items[i], err) < 0)
            return -1;
    }
    json_format(document, out);
    return 0;
}

/* The layer has a digest by now, so this opens nothing. */
static struct byte_source *open_nothing(const void *owner UNUSED, const struct import_layer *layer,
                                        struct error *err)
{
    error_set(err, "the layer '%s' is gone", layer->digest);
    return NULL;
}

int rootfs_import(struct image_store *store, const struct rootfs_spec *spec,
                  struct byte_source *take_source, char ret_id[IMAGE_DIGEST_SIZE],
                  struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    static const struct layer_opener opener = {.open = open_nothing};
    scoped_text struct text config = {0};
    struct layer_taken taken = {0};
    struct import_layer layer = {.name = "root file system", .digest = taken.blob, .size = -1};
    struct import_image image = {.platform = spec->platform, .layers = &layer, .n_layers = 1};

    /* What is wrong with the changes is told before the long part. */
    if (format_config(spec, "", arena, &config, err) < 0) {
        byte_source_free(take_source);
        return -1;
    }
    text_clear(&config);
    if (take_layer(store, take_source, &taken, err) < 0 ||
        format_config(spec, taken.diff_id, arena, &config, err) < 0)
        return -1;
    image.config = (struct import_document){.bytes = text_get(&config), .length = config.length};
    if (spec->reference)
        string_list_add(arena, &image.references, spec->reference);
    if (image_import(store, &image, &opener, err) < 0)
        return -1;
    image_digest_of_bytes(text_get(&config), config.length, ret_id);
    return 0;
}
