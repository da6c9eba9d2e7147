/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_push.h"

#include <fcntl.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/json.h"
#include "common/process.h"
#include "common/text.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/worker/image_document.h"
#include "runtime/image/worker/parallel.h"

enum { PUSH_AT_A_TIME = 5, REPORT_EVERY_MS = 100 };

struct push {
    const struct push_context *context;
    const char *text;
    struct arena *arena;
    struct image_reference reference;
    const char *digest; /* of the manifest */
    struct text bytes;  /* the manifest */
    const char *media_type;
    struct image_manifest manifest;
    const struct image_descriptor **blobs; /* layers, then the configuration */
    const char **mount_from;               /* by blob: a repository, or NULL */
    size_t n_blobs;
};

/* One blob on its way. */
struct push_blob {
    const struct push *push;
    const struct image_descriptor *blob;
    uint64_t reported_ms;
};

static void report_blob(const struct push_blob *blob, const char *state, int64_t current)
{
    const struct report_layer layer = {.image = blob->push->text,
                                       .digest = blob->blob->digest,
                                       .state = state,
                                       .current = current,
                                       .total = blob->blob->size};

    report_layer(blob->push->context->report, &layer);
}

static void on_moved(void *owner, int64_t total)
{
    struct push_blob *blob = owner;
    uint64_t now_ms = clock_monotonic_ms();

    if (now_ms - blob->reported_ms < REPORT_EVERY_MS)
        return;
    blob->reported_ms = now_ms;
    report_blob(blob, "pushing", total);
}

static int open_blob(const struct push *push, const struct image_descriptor *blob,
                     struct error *err)
{
    int fd = openat(image_store_blobs_fd(push->context->store), image_digest_hex(blob->digest),
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return error_set(err,
                         "'%s' is not kept on this machine; remove the image, then load or pull "
                         "it again",
                         blob->digest);
    return fd;
}

static int push_one(void *owner, size_t index, struct error *err)
{
    static const char *const states[] = {[REGISTRY_UPLOADED] = "pushed",
                                         [REGISTRY_MOUNTED] = "mounted",
                                         [REGISTRY_EXISTED] = "exists"};
    const struct push *push = owner;
    const struct image_descriptor *descriptor = push->blobs[index];
    struct push_blob blob = {.push = push, .blob = descriptor};
    scoped_fd int fd = open_blob(push, descriptor, err);
    const struct registry_upload upload = {
        .blob = {.digest = descriptor->digest, .size = descriptor->size},
        .fd = fd,
        .mount_from = push->mount_from[index],
        .progress = {.moved = on_moved, .owner = &blob}};
    enum registry_outcome outcome;

    if (fd < 0)
        return -1;
    report_blob(&blob, "waiting", 0);
    if (registry_upload_blob(push->context->registry, &push->reference, &upload, &outcome, err) < 0)
        return -1;
    report_blob(&blob, states[outcome], descriptor->size);
    return 0;
}

/* What is to be sent ------------------------------------------------------------------------------
 */

static int read_stored_manifest(const struct push *push, const char *digest, struct text *ret_bytes,
                                struct image_manifest *ret_manifest, struct error *err)
{
    if (file_read(image_store_blobs_fd(push->context->store), image_digest_hex(digest),
                  LIMIT_IMAGE_DOCUMENT_BYTES, ret_bytes, NULL, err) < 0)
        return -1;
    return image_manifest_parse(text_get(ret_bytes), ret_bytes->length, push->arena, ret_manifest,
                                err);
}

static const char *manifest_media_type(struct push *push, struct error *err)
{
    scoped(json_release) json_t *document =
        json_parse(text_get(&push->bytes), push->bytes.length, err);
    const char *media_type = json_get_string(document, "mediaType", NULL);

    if (!document)
        return NULL;
    /* image-spec manifest.md: OCI's may leave it out. */
    return arena_strdup(push->arena,
                        media_type ? media_type : "application/vnd.oci.image.manifest.v1+json");
}

static int find_image(struct push *push, struct error *err)
{
    const char *source = push->context->source ? push->context->source : push->text;
    struct image *image;

    if (image_reference_parse(push->text, push->arena, &push->reference, err) < 0)
        return -1;
    if (push->reference.digest)
        return error_set(err, "name a tag, not a digest");
    if (image_store_find(push->context->store, source, NULL, push->arena, &image, err) < 0)
        return -1;
    if (!image)
        return error_set(err, "there is no image of that name on this machine");
    if (!image->manifest)
        return error_set(err, "it was kept without its manifest; load or pull it again");
    push->digest = image->manifest;
    if (read_stored_manifest(push, push->digest, &push->bytes, &push->manifest, err) < 0)
        return -1;
    push->media_type = manifest_media_type(push, err);
    return push->media_type ? 0 : -1;
}

static bool already_listed(const struct push *push, const char *digest)
{
    for (size_t i = 0; i < push->n_blobs; i++) {
        if (string_eq(push->blobs[i]->digest, digest))
            return true;
    }
    return false;
}

static void list_blobs(struct push *push)
{
    size_t count = push->manifest.n_layers + 1;

    push->blobs = arena_new_array(push->arena, const struct image_descriptor *, count);
    push->mount_from = arena_new_array(push->arena, const char *, count);
    for (size_t i = 0; i < push->manifest.n_layers; i++) {
        if (!already_listed(push, push->manifest.layers[i].digest))
            push->blobs[push->n_blobs++] = &push->manifest.layers[i];
    }
    push->blobs[push->n_blobs++] = &push->manifest.config;
}

/* Notes the repository for each of our blobs that its image has. */
static void note_source(struct push *push, const char *repository,
                        const struct image_manifest *manifest)
{
    for (size_t i = 0; i < push->n_blobs; i++) {
        for (size_t j = 0; j < manifest->n_layers && !push->mount_from[i]; j++) {
            if (string_eq(push->blobs[i]->digest, manifest->layers[j].digest))
                push->mount_from[i] = repository;
        }
    }
}

/* Other images here that came from, or may have gone to, the same registry. */
static int find_sources(struct push *push, struct error *err)
{
    struct image_catalog catalog;

    if (image_catalog_read(image_store_images_fd(push->context->store), push->arena, &catalog,
                           err) < 0)
        return -1;
    for (size_t i = 0; i < catalog.count; i++) {
        const struct image_record *record = &catalog.records[i];
        scoped_text struct text bytes = {0};
        struct image_reference other;
        struct image_manifest manifest;

        if (!record->manifest ||
            image_reference_parse(record->reference, push->arena, &other, NULL) < 0 ||
            !string_eq(other.registry, push->reference.registry) ||
            string_eq(other.repository, push->reference.repository))
            continue;
        if (read_stored_manifest(push, record->manifest, &bytes, &manifest, NULL) == 0)
            note_source(push, other.repository, &manifest);
    }
    return 0;
}

/* The whole ---------------------------------------------------------------------------------------
 */

static int run(struct push *push, struct error *err)
{
    struct parallel_work work = {.run = push_one, .owner = push, .max_threads = PUSH_AT_A_TIME};
    struct report_result result = {.event = "pushed", .image = push->text, .changed = true};

    if (find_image(push, err) < 0)
        return -1;
    list_blobs(push);
    if (find_sources(push, err) < 0)
        return -1;
    work.count = push->n_blobs;
    if (parallel_run(&work, err) < 0 ||
        registry_put_manifest(push->context->registry, &push->reference, text_get(&push->bytes),
                              push->bytes.length, push->media_type, err) < 0)
        return -1;
    result.digest = push->digest;
    result.size = (int64_t)push->bytes.length;
    report_result(push->context->report, &result);
    return 0;
}

int image_push(const struct push_context *context, const char *text, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct push push = {.context = context, .text = text, .arena = arena};
    int result = run(&push, err);

    text_done(&push.bytes);
    return result < 0 ? error_wrap(err, "push '%s'", text) : 0;
}
