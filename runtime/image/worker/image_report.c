/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"
#include "runtime/image/image_platform.h"
#include "runtime/image/image_reference.h"
#include "runtime/image/worker/timestamp.h"

#define GO_ZERO_TIME "0001-01-01T00:00:00Z"

enum { SIZE_NOTE_BYTES = 24 };

/* An image's configuration, read and whole. */
struct configuration {
    struct image_config *config;
    json_t *document;
};

static void configuration_done(struct configuration *configuration)
{
    json_decref(configuration->document);
}
#define scoped_configuration __attribute__((cleanup(configuration_done)))

static int read_configuration(struct image_store *store, const char *id, struct arena *arena,
                              struct configuration *out, struct error *err)
{
    scoped_text struct text bytes = {0};

    if (image_store_read_config(store, id, arena, &out->config, err) < 0)
        return -1;
    if (!out->config)
        return error_set(err, "its configuration is missing in the store; load the image again");
    if (file_read(image_store_blobs_fd(store), image_digest_hex(id), LIMIT_IMAGE_DOCUMENT_BYTES,
                  &bytes, NULL, err) < 0)
        return -1;
    out->document = json_parse(text_get(&bytes), bytes.length, err);
    return out->document ? 0 : -1;
}

/* The bytes of all files in the image's layers. */
static int64_t unpacked_size(struct image_store *store, const struct image_config *config)
{
    int64_t size = 0;

    for (size_t i = 0; i < config->diff_ids.count; i++) {
        scoped_text struct text note = {0};
        char name[SHA256_HEX_SIZE + sizeof("/size")];
        unsigned long long layer_size;
        bool exists;

        (void)snprintf(name, sizeof(name), "%s/size", image_digest_hex(config->diff_ids.items[i]));
        if (file_read(image_store_layers_fd(store), name, SIZE_NOTE_BYTES, &note, &exists, NULL) ==
                0 &&
            string_to_u64(text_get(&note), INT64_MAX, &layer_size))
            size += (int64_t)layer_size;
    }
    return size;
}

static char *platform_of(const struct image_config *config, struct arena *arena)
{
    return image_platform_format(&(struct image_platform){.os = config->os,
                                                          .architecture = config->architecture,
                                                          .variant = config->variant},
                                 arena);
}

json_t *image_report_record(struct image_store *store, const struct image_record *record,
                            struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_configuration struct configuration configuration = {0};

    if (read_configuration(store, record->config, arena, &configuration, err) < 0) {
        error_wrap(err, "image '%s'", record->reference);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:I, s:I}", "reference", record->reference, "id",
                     record->config, "digest", record->manifest, "platform",
                     platform_of(configuration.config, arena), "created",
                     json_get_string(configuration.document, "created", ""), "size",
                     (json_int_t)unpacked_size(store, configuration.config), "pulled_at",
                     (json_int_t)record->pulled_at);
}

/* Inspection --------------------------------------------------------------------------------------
 */

static void append_text(json_t *array, const char *text)
{
    if (json_array_append_new(array, json_string(text)) < 0)
        abort();
}

static bool has_text(const json_t *array, const char *text)
{
    size_t index;
    json_t *item;

    json_array_foreach(array, index, item) {
        if (string_eq(json_string_value(item), text))
            return true;
    }
    return false;
}

/* Adds "REPOSITORY@DIGEST", once. */
static void add_repo_digest(json_t *digests, const struct image_reference *reference,
                            const char *digest, struct arena *arena)
{
    struct image_reference by_digest = *reference;
    const char *text;

    if (!digest)
        return;
    by_digest.tag = NULL;
    by_digest.digest = digest;
    text = image_reference_familiar(&by_digest, arena);
    if (!has_text(digests, text))
        append_text(digests, text);
}

/* Under which names the image is known here. */
static int list_names(struct image_store *store, const struct image *image, struct arena *arena,
                      json_t *tags, json_t *digests, struct error *err)
{
    struct image_catalog catalog;

    if (image_catalog_read(image_store_images_fd(store), arena, &catalog, err) < 0)
        return -1;
    for (size_t i = 0; i < catalog.count; i++) {
        const struct image_record *record = &catalog.records[i];
        struct image_reference reference;

        if (!string_eq(record->config, image->config.digest) ||
            image_digest_is_valid(record->reference) || /* nameless */
            image_reference_parse(record->reference, arena, &reference, NULL) < 0)
            continue;
        if (reference.tag && !has_text(tags, image_reference_familiar(&reference, arena)))
            append_text(tags, image_reference_familiar(&reference, arena));
        /* What was never in a registry has no digest there. */
        if (record->pulled_at != 0)
            add_repo_digest(digests, &reference, record->index ? record->index : record->manifest,
                            arena);
    }
    return 0;
}

static json_t *layers_of(const struct image_config *config)
{
    json_t *layers = json_array();

    for (size_t i = 0; i < config->diff_ids.count; i++)
        append_text(layers, config->diff_ids.items[i]);
    return layers;
}

static void put(json_t *object, const char *key, json_t *take_value)
{
    if (!take_value || json_object_set_new(object, key, take_value) < 0)
        abort();
}

static void put_own_text(json_t *report, const char *key, const json_t *document, const char *own)
{
    put(report, key, json_string(json_get_string(document, own, "")));
}

static json_t *inspect(struct image_store *store, const struct image *image, struct arena *arena,
                       struct error *err)
{
    scoped_configuration struct configuration configuration = {0};
    scoped(json_release) json_t *tags = json_array();
    scoped(json_release) json_t *digests = json_array();
    json_t *report, *config;

    if (read_configuration(store, image->config.digest, arena, &configuration, err) < 0 ||
        list_names(store, image, arena, tags, digests, err) < 0)
        return NULL;
    report = json_object();
    put(report, "Id", json_string(image->config.digest));
    put(report, "RepoTags", json_incref(tags));
    put(report, "RepoDigests", json_incref(digests));
    put_own_text(report, "Comment", configuration.document, "comment");
    put_own_text(report, "Created", configuration.document, "created");
    put_own_text(report, "DockerVersion", configuration.document, "docker_version");
    put_own_text(report, "Author", configuration.document, "author");
    config = json_get_object(configuration.document, "config");
    put(report, "Config", config ? json_incref(config) : json_object());
    put(report, "Architecture", json_string(image->config.architecture));
    put(report, "Variant", json_string(image->config.variant));
    put(report, "Os", json_string(image->config.os));
    put(report, "Size", json_integer(unpacked_size(store, &image->config)));
    put(report, "RootFS",
        json_pack("{s:s, s:o}", "Type", "layers", "Layers", layers_of(&image->config)));
    put(report, "Metadata",
        json_pack("{s:s}", "LastTagTime",
                  image->pulled_at ? timestamp_format(image->pulled_at, arena) : GO_ZERO_TIME));
    return report;
}

json_t *image_report_inspect(struct image_store *store, const char *reference, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image *image;

    if (image_store_find(store, reference, NULL, arena, &image, err) < 0)
        return NULL;
    if (!image) {
        error_set(err, "no such image: %s", reference);
        return NULL;
    }
    return inspect(store, image, arena, err);
}
