/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/stored_image.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/manifest_document.h"

static int read_document(struct image_store *store, const char *digest, struct arena *arena,
                         struct import_document *out, struct error *err)
{
    scoped_text struct text bytes = {0};
    char found[IMAGE_DIGEST_SIZE];

    if (file_read(image_store_blobs_fd(store), image_digest_hex(digest), LIMIT_IMAGE_DOCUMENT_BYTES,
                  &bytes, NULL, err) < 0)
        return error_wrap(err, "read blob '%s'", digest);
    image_digest_of_bytes(text_get(&bytes), bytes.length, found);
    if (!string_eq(found, digest))
        return error_set(err, "the blob '%s' is damaged", digest);
    out->bytes = arena_strndup(arena, text_get(&bytes), bytes.length);
    out->length = bytes.length;
    return 0;
}

/* OCI's manifests may leave it out; docker's never do. */
static const char *media_type_of(const struct import_document *manifest, struct arena *arena)
{
    scoped(json_release) json_t *document = json_parse(manifest->bytes, manifest->length, NULL);

    return arena_strdup(arena, json_get_string(document, "mediaType", MEDIA_TYPE_OCI_MANIFEST));
}

static int read_documents(struct image_store *store, struct arena *arena,
                          struct stored_image *stored, struct error *err)
{
    const struct image *image = stored->image;

    if (!image->manifest)
        return error_set(err, "it has no manifest; pull or load it again");
    if (read_document(store, image->config.digest, arena, &stored->config, err) < 0 ||
        read_document(store, image->manifest, arena, &stored->manifest, err) < 0 ||
        image_manifest_parse(stored->manifest.bytes, stored->manifest.length, arena, &stored->parts,
                             err) < 0)
        return -1;
    stored->media_type = media_type_of(&stored->manifest, arena);
    return 0;
}

int stored_image_read(struct image_store *store, const char *reference, struct arena *arena,
                      struct stored_image *ret_stored, struct error *err)
{
    struct stored_image stored = {0};
    struct image *image;

    if (image_store_find(store, reference, NULL, arena, &image, err) < 0)
        return -1;
    if (!image)
        return error_set(err, "there is no image '%s'", reference);
    stored.image = image;
    if (read_documents(store, arena, &stored, err) < 0)
        return error_wrap(err, "image '%s'", reference);
    *ret_stored = stored;
    return 0;
}

int stored_image_check_blobs(struct image_store *store, const struct stored_image *stored,
                             struct error *err)
{
    for (size_t i = 0; i < stored->parts.n_layers; i++) {
        if (!image_store_has_blob(store, stored->parts.layers[i].digest))
            return error_set(err, "image '%s': its layer '%s' was not kept; pull or load it again",
                             stored->image->reference, stored->parts.layers[i].digest);
    }
    return 0;
}

struct byte_source *stored_blob_open(struct image_store *store, const char *digest, int64_t size,
                                     struct error *err)
{
    const struct checked_source_spec spec = {
        .digest = digest, .size = size, .limit_bytes = LIMIT_LAYER_BYTES};
    scoped_fd int fd = openat(image_store_blobs_fd(store), image_digest_hex(digest),
                              O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0) {
        error_sys(err, "open blob '%s'", digest);
        return NULL;
    }
    if (status.st_size != size) {
        error_set(err, "the blob '%s' is damaged", digest);
        return NULL;
    }
    return checked_source_new(byte_source_of_own_file(steal_fd(&fd), size), &spec);
}
