/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/inflated_source.h"
#include "runtime/image/worker/read_ahead.h"
#include "runtime/image/worker/save_list.h"

static const char *config_name(struct arena *arena, const struct save_item *item)
{
    return arena_printf(arena, "%s.json", image_digest_hex(item->stored.parts.config.digest));
}

static const char *layer_name(struct arena *arena, const struct save_item *item, size_t at)
{
    return arena_printf(arena, "%s.tar",
                        image_digest_hex(item->stored.image->config.diff_ids.items[at]));
}

static void list_files(const struct save_list *list, struct save_files *files)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct save_item *item = &list->items[i];
        const struct image_manifest *parts = &item->stored.parts;

        save_files_add(files, list->arena,
                       &(struct save_file){.name = config_name(list->arena, item),
                                           .digest = parts->config.digest,
                                           .size = parts->config.size});
        for (size_t k = 0; k < parts->n_layers; k++)
            save_files_add(
                files, list->arena,
                &(struct save_file){.name = layer_name(list->arena, item, k),
                                    .digest = parts->layers[k].digest,
                                    .size = parts->layers[k].size,
                                    .diff_id = item->stored.image->config.diff_ids.items[k]});
    }
    save_files_sort(files);
}

/* The file's bytes; a layer's are inflated. *ret_size is written at their end. */
static struct byte_source *open_file(struct image_store *store, const struct save_file *file,
                                     int64_t *ret_size, struct error *err)
{
    const struct checked_source_spec plain = {.digest = file->diff_id,
                                              .size = -1,
                                              .limit_bytes = LIMIT_LAYER_BYTES,
                                              .ret_size = ret_size};
    struct byte_source *source = stored_blob_open(store, file->digest, file->size, err);

    if (source && file->diff_id)
        source = inflated_source_new(source, err);
    if (source && file->diff_id)
        source = read_ahead_new(source);
    return source ? checked_source_new(source, &plain) : NULL;
}

/* A tar says a file's size before its data, and how large a layer is only inflating it tells. */
static int measure(struct image_store *store, const struct save_file *file, int64_t *ret_size,
                   struct error *err)
{
    scoped(byte_source_free) struct byte_source *source = open_file(store, file, ret_size, err);

    return source ? byte_source_drain(source, err) : -1;
}

static int put_file(struct image_store *store, const struct save_file *file,
                    struct archive_writer *writer, struct error *err)
{
    scoped(byte_source_free) struct byte_source *source = NULL;
    int64_t size = 0;

    if (measure(store, file, &size, err) < 0)
        return error_wrap(err, "blob '%s'", file->digest);
    source = open_file(store, file, NULL, err);
    return source ? archive_writer_put(writer, file->name, source, size, err) : -1;
}

int docker_save_write(struct image_store *store, const struct save_list *list,
                      struct archive_writer *writer, struct error *err)
{
    static const struct save_names names = {.config = config_name, .layer = layer_name};
    struct save_files files = {0};

    list_files(list, &files);
    for (size_t i = 0; i < files.count; i++) {
        if (put_file(store, &files.files[i], writer, err) < 0)
            return -1;
    }
    return save_list_put_docker(list, &names, writer, err);
}
