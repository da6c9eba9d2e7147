/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_document.h"

#include "common/json.h"
#include "common/limits.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/image_limits.h"

static const struct media_type {
    const char *name;
    enum media_kind kind;
} media_types[] = {
    {"application/vnd.oci.image.index.v1+json", MEDIA_INDEX},
    {"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX},
    {"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST},
    {"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST},
    {"application/vnd.oci.image.config.v1+json", MEDIA_CONFIG},
    {"application/vnd.docker.container.image.v1+json", MEDIA_CONFIG},
    {"application/vnd.oci.image.layer.v1.tar", MEDIA_LAYER},
    {"application/vnd.oci.image.layer.v1.tar+gzip", MEDIA_LAYER},
    {"application/vnd.oci.image.layer.v1.tar+zstd", MEDIA_LAYER},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_LAYER},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_LAYER},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MEDIA_LAYER},
    {"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_LAYER},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_LAYER},
};

enum media_kind media_kind_of(const char *media_type)
{
    for (size_t i = 0; i < ARRAY_LENGTH(media_types); i++) {
        if (string_eq(media_types[i].name, media_type))
            return media_types[i].kind;
    }
    return MEDIA_OTHER;
}

static const char *copy_text(struct arena *arena, const json_t *object, const char *key)
{
    const char *text = json_get_string(object, key, NULL);

    return text ? arena_strdup(arena, text) : NULL;
}

static void read_platform(const json_t *descriptor, struct arena *arena, struct image_platform *out)
{
    json_t *platform = json_get_object(descriptor, "platform");

    out->os = copy_text(arena, platform, "os");
    out->architecture = copy_text(arena, platform, "architecture");
    out->variant = copy_text(arena, platform, "variant");
    if (!out->architecture)
        out->architecture = "";
    if (!out->variant)
        out->variant = "";
}

static int read_descriptor(const json_t *json, struct arena *arena, struct image_descriptor *out,
                           struct error *err)
{
    json_t *annotations = json_get_object(json, "annotations");

    if (!json_is_object(json))
        return error_set(err, "it is not an object");
    out->media_type = copy_text(arena, json, "mediaType");
    if (!out->media_type)
        return error_set(err, "it has no 'mediaType'");
    out->kind = media_kind_of(out->media_type);
    out->digest = copy_text(arena, json, "digest");
    if (image_digest_check(out->digest, err) < 0)
        return -1;
    out->size = json_get_int(json, "size", -1);
    if (out->size < 0)
        return error_set(err, "it has no valid 'size'");
    read_platform(json, arena, &out->platform);
    out->full_name = copy_text(arena, annotations, "io.containerd.image.name");
    out->ref_name = copy_text(arena, annotations, "org.opencontainers.image.ref.name");
    out->is_attestation = string_eq(out->platform.os, "unknown") ||
                          json_object_get(annotations, "vnd.docker.reference.type");
    return 0;
}

/* Reads an array of descriptors. */
static int read_descriptors(const json_t *array, struct arena *arena, size_t limit,
                            struct image_descriptor **ret_descriptors, struct error *err)
{
    size_t count = json_array_size(array);
    struct image_descriptor *descriptors;

    if (count > limit)
        return error_set(err, "there are more than %zu", limit);
    descriptors = arena_new_array(arena, struct image_descriptor, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (read_descriptor(json_array_get(array, i), arena, &descriptors[i], err) < 0)
            return error_wrap(err, "[%zu]", i);
    }
    *ret_descriptors = descriptors;
    return 0;
}

static json_t *parse_document(const char *bytes, size_t length, struct error *err)
{
    if (length > LIMIT_IMAGE_DOCUMENT_BYTES) {
        error_set(err, "it is larger than %d bytes", LIMIT_IMAGE_DOCUMENT_BYTES);
        return NULL;
    }
    return json_parse(bytes, length, err);
}

/* What both kinds have to be, before either is believed to be one. */
static int check_kind(const json_t *document, enum media_kind kind, struct error *err)
{
    const json_t *media_type = json_object_get(document, "mediaType");

    if (!json_is_object(document))
        return error_set(err, "it is not an object");
    if (json_get_int(document, "schemaVersion", 0) == 1)
        return error_set(err, "docker's schema 1 is not supported");
    if (json_get_int(document, "schemaVersion", 0) != 2)
        return error_set(err, "'schemaVersion' is not 2");
    if (json_object_get(document, "manifests") &&
        (json_object_get(document, "config") || json_object_get(document, "layers")))
        return error_set(err, "it is both an index and a manifest");
    if (media_type &&
        (!json_is_string(media_type) || media_kind_of(json_string_value(media_type)) != kind))
        return error_set(err, "'mediaType' does not say what it is");
    return 0;
}

static int read_index(const char *bytes, size_t length, struct arena *arena,
                      struct image_index *out, struct error *err)
{
    scoped(json_release) json_t *document = parse_document(bytes, length, err);
    json_t *manifests = json_get_array(document, "manifests");

    if (!document || check_kind(document, MEDIA_INDEX, err) < 0)
        return -1;
    if (!manifests)
        return error_set(err, "it has no 'manifests'");
    if (read_descriptors(manifests, arena, LIMIT_INDEX_ENTRIES, &out->entries, err) < 0)
        return error_wrap(err, "'manifests'");
    out->count = json_array_size(manifests);
    return 0;
}

int image_index_parse(const char *bytes, size_t length, struct arena *arena,
                      struct image_index *ret_index, struct error *err)
{
    struct image_index index = {0};

    if (read_index(bytes, length, arena, &index, err) < 0)
        return error_wrap(err, "read image index");
    *ret_index = index;
    return 0;
}

bool image_descriptor_is_image(const struct image_descriptor *entry)
{
    return !entry->is_attestation && (entry->kind == MEDIA_MANIFEST || entry->kind == MEDIA_INDEX);
}

const struct image_descriptor *image_index_choose(const struct image_index *index,
                                                  const struct image_platform *machine)
{
    const struct image_descriptor *best = NULL;
    unsigned best_match = 0;

    for (size_t i = 0; i < index->count; i++) {
        const struct image_descriptor *entry = &index->entries[i];
        unsigned match = image_platform_match(machine, &entry->platform);

        if (!image_descriptor_is_image(entry))
            continue;
        if (match > best_match || (!best && !entry->platform.os)) {
            best = entry;
            best_match = match;
        }
    }
    return best;
}

static int read_manifest(const char *bytes, size_t length, struct arena *arena,
                         struct image_manifest *out, struct error *err)
{
    scoped(json_release) json_t *document = parse_document(bytes, length, err);
    json_t *layers = json_get_array(document, "layers");

    if (!document || check_kind(document, MEDIA_MANIFEST, err) < 0)
        return -1;
    if (!layers)
        return error_set(err, "it has no 'layers'");
    if (read_descriptor(json_object_get(document, "config"), arena, &out->config, err) < 0)
        return error_wrap(err, "'config'");
    if (out->config.kind != MEDIA_CONFIG)
        return error_set(err, "'%.100s' is not a container image", out->config.media_type);
    if (read_descriptors(layers, arena, LIMIT_LAYERS, &out->layers, err) < 0)
        return error_wrap(err, "'layers'");
    out->n_layers = json_array_size(layers);
    for (size_t i = 0; i < out->n_layers; i++) {
        if (out->layers[i].kind != MEDIA_LAYER)
            return error_set(err, "'layers'[%zu]: '%.100s' is not a layer", i,
                             out->layers[i].media_type);
    }
    return 0;
}

int image_manifest_parse(const char *bytes, size_t length, struct arena *arena,
                         struct image_manifest *ret_manifest, struct error *err)
{
    struct image_manifest manifest = {0};

    if (read_manifest(bytes, length, arena, &manifest, err) < 0)
        return error_wrap(err, "read image manifest");
    *ret_manifest = manifest;
    return 0;
}

/* An array of strings; null and absence are the empty list. */
static int read_strings(const json_t *object, const char *key, struct arena *arena,
                        struct string_list *out, struct error *err)
{
    const json_t *member = json_object_get(object, key);
    size_t index;
    json_t *item;

    if (!member || json_is_null(member))
        return 0;
    if (!json_is_array(member) || json_array_size(member) > LIMIT_CONFIG_STRINGS)
        return error_set(err, "'%s' is not a list of reasonable length", key);
    json_array_foreach(member, index, item) {
        if (!json_is_string(item))
            return error_set(err, "'%s[%zu]' is not a string", key, index);
        string_list_add(arena, out, arena_strdup(arena, json_string_value(item)));
    }
    return 0;
}

static int read_docker_image(const json_t *json, struct arena *arena, struct docker_image *out,
                             struct error *err)
{
    out->config = copy_text(arena, json, "Config");
    if (!out->config)
        return error_set(err, "there is no 'Config'");
    if (read_strings(json, "RepoTags", arena, &out->repo_tags, err) < 0 ||
        read_strings(json, "Layers", arena, &out->layers, err) < 0)
        return -1;
    if (out->layers.count > LIMIT_LAYERS)
        return error_set(err, "the image has more than %d layers", LIMIT_LAYERS);
    return 0;
}

static int read_docker_list(const char *bytes, size_t length, struct arena *arena,
                            struct docker_list *out, struct error *err)
{
    scoped(json_release) json_t *document = parse_document(bytes, length, err);
    size_t index;
    json_t *item;

    if (!document)
        return -1;
    if (!json_is_array(document) || json_array_size(document) > LIMIT_INDEX_ENTRIES)
        return error_set(err, "it is not a list of reasonable length");
    out->images = arena_new_array(arena, struct docker_image, json_array_size(document) + 1);
    json_array_foreach(document, index, item) {
        if (read_docker_image(item, arena, &out->images[index], err) < 0)
            return error_wrap(err, "[%zu]", index);
        out->count++;
    }
    return 0;
}

int docker_list_parse(const char *bytes, size_t length, struct arena *arena,
                      struct docker_list *ret_list, struct error *err)
{
    struct docker_list list = {0};

    if (read_docker_list(bytes, length, arena, &list, err) < 0)
        return error_wrap(err, "read docker's image list");
    *ret_list = list;
    return 0;
}
