/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/manifest_document.h"
#include "runtime/image/worker/save_list.h"

static const char *blob_name(struct arena *arena, const char *digest)
{
    return arena_printf(arena, "blobs/sha256/%s", image_digest_hex(digest));
}

static const char *config_name(struct arena *arena, const struct save_item *item)
{
    return blob_name(arena, item->stored.parts.config.digest);
}

static const char *layer_name(struct arena *arena, const struct save_item *item, size_t at)
{
    return blob_name(arena, item->stored.parts.layers[at].digest);
}

static void add_blob(const struct save_list *list, struct save_files *files, const char *digest,
                     int64_t size)
{
    save_files_add(files, list->arena,
                   &(struct save_file){
                       .name = blob_name(list->arena, digest), .digest = digest, .size = size});
}

static void list_blobs(const struct save_list *list, struct save_files *files)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct stored_image *stored = &list->items[i].stored;

        add_blob(list, files, stored->image->manifest, (int64_t)stored->manifest.length);
        add_blob(list, files, stored->parts.config.digest, stored->parts.config.size);
        for (size_t k = 0; k < stored->parts.n_layers; k++)
            add_blob(list, files, stored->parts.layers[k].digest, stored->parts.layers[k].size);
    }
    save_files_sort(files);
}

static int put_blobs(struct image_store *store, const struct save_files *files,
                     struct archive_writer *writer, struct error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct save_file *file = &files->files[i];
        scoped(byte_source_free) struct byte_source *source =
            stored_blob_open(store, file->digest, file->size, err);

        if (!source || archive_writer_put(writer, file->name, source, file->size, err) < 0)
            return -1;
    }
    return 0;
}

/* index.json --------------------------------------------------------------------------------------
 */

static json_t *platform_of(const struct image_config *config)
{
    json_t *platform =
        json_pack("{s:s, s:s}", "architecture", config->architecture, "os", config->os);

    if (*config->variant && json_object_set_new(platform, "variant", json_string(config->variant)))
        abort();
    return platform;
}

/* containerd and docker find an image by its whole name, others by its tag. */
static json_t *annotations_of(const struct save_list *list, const struct save_item *item)
{
    struct image_reference reference;
    json_t *annotations = json_pack("{s:s}", "io.containerd.image.name", item->reference);

    if (image_reference_parse(item->reference, list->arena, &reference, NULL) == 0 &&
        reference.tag &&
        json_object_set_new(annotations, "org.opencontainers.image.ref.name",
                            json_string(reference.tag)) < 0)
        abort();
    return annotations;
}

static json_t *descriptor_of(const struct save_list *list, const struct save_item *item)
{
    const struct stored_image *stored = &item->stored;
    json_t *descriptor =
        json_pack("{s:s, s:s, s:I, s:o}", "mediaType", stored->media_type, "digest",
                  stored->image->manifest, "size", (json_int_t)stored->manifest.length, "platform",
                  platform_of(&stored->image->config));

    if (item->reference &&
        json_object_set_new(descriptor, "annotations", annotations_of(list, item)) < 0)
        abort();
    return descriptor;
}

/* The same image under the same name twice. */
static bool came_before(const struct save_list *list, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (string_eq(list->items[i].stored.image->manifest,
                      list->items[at].stored.image->manifest) &&
            string_eq(list->items[i].reference, list->items[at].reference))
            return true;
    }
    return false;
}

static int put_index(const struct save_list *list, struct archive_writer *writer, struct error *err)
{
    json_t *manifests = json_array();
    scoped(json_release) json_t *index =
        json_pack("{s:i, s:s, s:o}", "schemaVersion", 2, "mediaType", MEDIA_TYPE_OCI_INDEX,
                  "manifests", manifests);
    scoped_text struct text bytes = {0};

    for (size_t i = 0; i < list->count; i++) {
        if (!came_before(list, i) &&
            json_array_append_new(manifests, descriptor_of(list, &list->items[i])) < 0)
            abort();
    }
    json_format(index, &bytes);
    return archive_writer_put_bytes(writer, "index.json", text_get(&bytes), bytes.length, err);
}

int oci_save_write(struct image_store *store, const struct save_list *list,
                   struct archive_writer *writer, struct error *err)
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    static const struct save_names names = {.config = config_name, .layer = layer_name};
    struct save_files files = {0};

    list_blobs(list, &files);
    if (put_blobs(store, &files, writer, err) < 0 || put_index(list, writer, err) < 0 ||
        save_list_put_docker(list, &names, writer, err) < 0)
        return -1;
    return archive_writer_put_bytes(writer, "oci-layout", version, sizeof(version) - 1, err);
}
