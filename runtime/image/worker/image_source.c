/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_source.h"

#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"

struct reading {
    struct registry *registry;
    struct image_reference reference; /* of the document that is read next */
    const struct image_platform *machine;
    struct arena *arena;
};

/* A registry that serves documents as plain files knows no media types. */
enum media_kind image_source_kind(const struct registry_manifest *manifest)
{
    enum media_kind kind = media_kind_of(manifest->media_type);
    scoped(json_release) json_t *document = NULL;

    if (kind != MEDIA_OTHER)
        return kind;
    document = json_parse(manifest->bytes, manifest->length, NULL);
    kind = media_kind_of(json_get_string(document, "mediaType", ""));
    if (kind != MEDIA_OTHER)
        return kind;
    return json_object_get(document, "manifests") ? MEDIA_INDEX : MEDIA_MANIFEST;
}

static int get_document(struct reading *reading, struct registry_manifest *ret_document,
                        struct error *err)
{
    if (registry_get_manifest(reading->registry, &reading->reference, reading->arena, ret_document,
                              err) < 0)
        return -1;
    if (!ret_document->exists)
        return error_set(err, "registry '%s' has no '%s%s%s'", reading->reference.registry,
                         reading->reference.repository, reading->reference.digest ? "@" : ":",
                         reading->reference.digest ? reading->reference.digest
                                                   : reading->reference.tag);
    return 0;
}

/* Replaces the index by its entry for the machine. */
static int follow_index(struct reading *reading, struct registry_manifest *document,
                        struct error *err)
{
    const struct image_descriptor *entry;
    struct image_index index;

    if (image_index_parse(document->bytes, document->length, reading->arena, &index, err) < 0)
        return -1;
    entry = image_index_choose(&index, reading->machine);
    if (!entry)
        return error_set(err, "there is no image for %s in it",
                         image_platform_format(reading->machine, reading->arena));
    reading->reference.tag = NULL;
    reading->reference.digest = entry->digest;
    if (get_document(reading, document, err) < 0)
        return -1;
    if (image_source_kind(document) != entry->kind)
        return error_set(err, "'%s' is not of the kind that its index says", entry->digest);
    return 0;
}

/* A document that is small enough for memory. */
static int get_blob(struct reading *reading, const struct image_descriptor *descriptor,
                    struct import_document *ret_document, struct error *err)
{
    const struct registry_blob blob = {.digest = descriptor->digest, .size = descriptor->size};
    scoped_fd int fd = memfd_create("blob", MFD_CLOEXEC);
    scoped_text struct text bytes = {0};
    char digest[IMAGE_DIGEST_SIZE];

    if (fd < 0)
        return error_sys(err, "create a file in memory");
    if (descriptor->size > LIMIT_IMAGE_DOCUMENT_BYTES)
        return error_set(err, "the configuration is larger than %d bytes",
                         LIMIT_IMAGE_DOCUMENT_BYTES);
    if (registry_download_blob(reading->registry, &reading->reference, &blob, fd, NULL, err) < 0)
        return -1;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_sys(err, "rewind a file in memory");
    if (fd_read_all(fd, LIMIT_IMAGE_DOCUMENT_BYTES, &bytes, err) < 0)
        return -1;
    image_digest_of_bytes(text_get(&bytes), bytes.length, digest);
    if (!string_eq(digest, descriptor->digest))
        return error_set(err, "the registry sent '%s' instead of '%s'", digest, descriptor->digest);
    ret_document->bytes = arena_strndup(reading->arena, text_get(&bytes), bytes.length);
    ret_document->length = bytes.length;
    return 0;
}

static int read_source(struct reading *reading, struct image_source *out, struct error *err)
{
    struct registry_manifest document;

    if (get_document(reading, &document, err) < 0)
        return -1;
    out->digest = document.digest;
    for (int depth = 0; image_source_kind(&document) == MEDIA_INDEX; depth++) {
        if (depth >= LIMIT_INDEX_DEPTH)
            return error_set(err, "more than %d indexes in each other", LIMIT_INDEX_DEPTH);
        out->index_digest = out->digest;
        if (follow_index(reading, &document, err) < 0)
            return -1;
    }
    out->document = (struct import_document){.bytes = document.bytes, .length = document.length};
    if (image_manifest_parse(document.bytes, document.length, reading->arena, &out->manifest, err) <
        0)
        return -1;
    return get_blob(reading, &out->manifest.config, &out->config, err);
}

int image_source_read(struct registry *registry, const struct image_reference *reference,
                      const struct image_platform *machine, struct arena *arena,
                      struct image_source *ret_source, struct error *err)
{
    struct reading reading = {
        .registry = registry, .reference = *reference, .machine = machine, .arena = arena};
    struct image_source source = {0};

    if (read_source(&reading, &source, err) < 0)
        return -1;
    *ret_source = source;
    return 0;
}
