/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/json.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/import_list.h"

/* Reading one layout. */
struct layout {
    const struct image_archive *archive;
    struct import_list *list;
    struct arena *arena;
    struct image_platform machine;
};

/* An entry of index.json that may be chosen, and the name that it has there. */
struct candidate {
    const struct image_descriptor *descriptor;
    const char *reference; /* normalised, or NULL */
};

static char *blob_name(struct arena *arena, const char *digest)
{
    return arena_printf(arena, "blobs/sha256/%s", image_digest_hex(digest));
}

/* Reads a small blob whole and checks it. */
static int read_blob(struct layout *layout, const struct image_descriptor *descriptor,
                     struct import_document *ret_document, struct error *err)
{
    char digest[IMAGE_DIGEST_SIZE];

    if (import_document_read(layout->archive, blob_name(layout->arena, descriptor->digest),
                             layout->arena, ret_document, err) < 0)
        return -1;
    image_digest_of_bytes(ret_document->bytes, ret_document->length, digest);
    if (!string_eq(digest, descriptor->digest))
        return error_set(err, "blob '%s': its digest is '%s'", descriptor->digest, digest);
    if ((int64_t)ret_document->length != descriptor->size)
        return error_set(err, "blob '%s': it has %zu bytes instead of %lld", descriptor->digest,
                         ret_document->length, (long long)descriptor->size);
    return 0;
}

static void add_layers(struct layout *layout, const struct image_manifest *manifest,
                       struct import_image *image)
{
    image->n_layers = manifest->n_layers;
    image->layers = arena_new_array(layout->arena, struct import_layer, image->n_layers + 1);
    for (size_t i = 0; i < manifest->n_layers; i++) {
        const struct image_descriptor *layer = &manifest->layers[i];

        image->layers[i] = (struct import_layer){.name = blob_name(layout->arena, layer->digest),
                                                 .digest = layer->digest,
                                                 .size = layer->size};
    }
}

static int add_manifest(struct layout *layout, const struct candidate *candidate,
                        const struct image_descriptor *descriptor, const char *index_digest,
                        struct error *err)
{
    struct import_image image = {.index_digest = index_digest};
    struct image_manifest manifest;

    if (read_blob(layout, descriptor, &image.manifest, err) < 0 ||
        image_manifest_parse(image.manifest.bytes, image.manifest.length, layout->arena, &manifest,
                             err) < 0 ||
        read_blob(layout, &manifest.config, &image.config, err) < 0)
        return -1;
    add_layers(layout, &manifest, &image);
    if (candidate->reference)
        string_list_add(layout->arena, &image.references, candidate->reference);
    *import_list_add(layout->list) = image;
    return 0;
}

/* Follows indexes down to a manifest. */
static int add_candidate(struct layout *layout, const struct candidate *candidate,
                         struct error *err)
{
    const struct image_descriptor *descriptor = candidate->descriptor;
    const char *index_digest = NULL;

    for (int depth = 0; descriptor->kind == MEDIA_INDEX; depth++) {
        struct import_document document;
        struct image_index index;

        if (depth >= LIMIT_INDEX_DEPTH)
            return error_set(err, "more than %d indexes in each other", LIMIT_INDEX_DEPTH);
        if (!index_digest)
            index_digest = descriptor->digest;
        if (read_blob(layout, descriptor, &document, err) < 0 ||
            image_index_parse(document.bytes, document.length, layout->arena, &index, err) < 0)
            return -1;
        descriptor = image_index_choose(&index, &layout->machine);
        if (!descriptor)
            return error_set(err, "there is no image for %s/%s in it", layout->machine.os,
                             layout->machine.architecture);
    }
    return add_manifest(layout, candidate, descriptor, index_digest, err);
}

static int read_name(const struct image_descriptor *descriptor, struct arena *arena,
                     const char **ret_reference, struct error *err)
{
    const char *name = descriptor->full_name ? descriptor->full_name : descriptor->ref_name;

    *ret_reference = NULL;
    return name ? image_reference_normalise(name, arena, ret_reference, err) : 0;
}

/* Whether an earlier candidate has the same name and its own platform: then they are one image for
 * several machines, without an index of its own. */
static struct candidate *same_image(struct candidate *candidates, size_t count,
                                    const struct candidate *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (string_eq(candidates[i].reference, wanted->reference) &&
            candidates[i].descriptor->platform.os && wanted->descriptor->platform.os)
            return &candidates[i];
    }
    return NULL;
}

static int collect(struct layout *layout, const struct image_index *index,
                   struct candidate *candidates, size_t *ret_count, struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < index->count; i++) {
        struct candidate candidate = {.descriptor = &index->entries[i]};
        struct candidate *same;

        if (!image_descriptor_is_image(candidate.descriptor))
            continue;
        if (read_name(candidate.descriptor, layout->arena, &candidate.reference, err) < 0)
            return -1;
        same = same_image(candidates, count, &candidate);
        if (!same)
            candidates[count++] = candidate;
        else if (image_platform_match(&layout->machine, &candidate.descriptor->platform) >
                 image_platform_match(&layout->machine, &same->descriptor->platform))
            same->descriptor = candidate.descriptor;
    }
    *ret_count = count;
    return 0;
}

/* image-spec image-layout.md: the file says which layout it is. */
static int check_version(struct layout *layout, struct error *err)
{
    scoped(json_release) json_t *version = NULL;
    struct import_document document;

    if (import_document_read(layout->archive, "oci-layout", layout->arena, &document, err) < 0)
        return -1;
    version = json_parse(document.bytes, document.length, err);
    if (!version)
        return error_wrap(err, "read 'oci-layout'");
    if (!string_eq(json_get_string(version, "imageLayoutVersion", ""), "1.0.0"))
        return error_set(err, "'oci-layout' is not of version 1.0.0");
    return 0;
}

int oci_layout_read(const struct image_archive *archive, struct import_list *list,
                    struct error *err)
{
    struct layout layout = {
        .archive = archive, .list = list, .arena = list->arena, .machine = image_platform_host()};
    struct import_document document;
    struct candidate *candidates;
    struct image_index index;
    size_t count;

    if (check_version(&layout, err) < 0 ||
        import_document_read(archive, "index.json", list->arena, &document, err) < 0 ||
        image_index_parse(document.bytes, document.length, list->arena, &index, err) < 0)
        return -1;
    candidates = arena_new_array(list->arena, struct candidate, index.count + 1);
    if (collect(&layout, &index, candidates, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (add_candidate(&layout, &candidates[i], err) < 0)
            return error_wrap(err, "image '%s'",
                              candidates[i].reference ? candidates[i].reference
                                                      : candidates[i].descriptor->digest);
    }
    return 0;
}
