/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_resolve.h"

#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/image_source.h"

struct resolving {
    struct registry *registry;
    struct image_reference reference;
    struct arena *arena;
    json_t *platforms;
};

static int64_t manifest_size(const struct image_manifest *manifest)
{
    int64_t size = manifest->config.size;

    for (size_t i = 0; i < manifest->n_layers; i++)
        size += manifest->layers[i].size;
    return size;
}

static void add_platform(struct resolving *resolving, const struct image_platform *platform,
                         const char *digest, const struct image_manifest *manifest)
{
    json_t *entry = json_object();

    (void)json_object_set_new(entry, "platform",
                              json_string(image_platform_format(platform, resolving->arena)));
    (void)json_object_set_new(entry, "digest", json_string(digest));
    (void)json_object_set_new(entry, "size", json_integer(manifest_size(manifest)));
    (void)json_array_append_new(resolving->platforms, entry);
}

/* A lone manifest says in its configuration what it is for. */
static int add_lone(struct resolving *resolving, struct error *err)
{
    const struct image_platform host = image_platform_host();
    struct image_source source;
    struct image_config config;
    struct image_platform platform;

    if (image_source_read(resolving->registry, &resolving->reference, &host, resolving->arena,
                          &source, err) < 0 ||
        image_config_parse(source.config.bytes, source.config.length, resolving->arena, &config,
                           err) < 0)
        return -1;
    platform = (struct image_platform){
        .os = config.os, .architecture = config.architecture, .variant = config.variant};
    add_platform(resolving, &platform, source.digest, &source.manifest);
    return 0;
}

static int add_entry(struct resolving *resolving, const struct image_descriptor *entry,
                     struct error *err)
{
    struct image_reference reference = resolving->reference;
    struct registry_manifest document;
    struct image_manifest manifest;

    if (entry->kind != MEDIA_MANIFEST || !image_descriptor_is_image(entry) || !entry->platform.os)
        return 0;
    reference.tag = NULL;
    reference.digest = entry->digest;
    if (registry_get_manifest(resolving->registry, &reference, resolving->arena, &document, err) <
        0)
        return -1;
    /* Some indexes name platforms that were never pushed; nobody can pull those. */
    if (!document.exists)
        return 0;
    if (image_manifest_parse(document.bytes, document.length, resolving->arena, &manifest, err) < 0)
        return -1;
    add_platform(resolving, &entry->platform, entry->digest, &manifest);
    return 0;
}

static int add_index(struct resolving *resolving, const struct registry_manifest *document,
                     struct error *err)
{
    struct image_index index;

    if (image_index_parse(document->bytes, document->length, resolving->arena, &index, err) < 0)
        return -1;
    for (size_t i = 0; i < index.count; i++) {
        if (add_entry(resolving, &index.entries[i], err) < 0)
            return error_wrap(err, "'%s'", index.entries[i].digest);
    }
    return 0;
}

static json_t *resolve(struct resolving *resolving, struct error *err)
{
    scoped(json_release) json_t *result = json_object();
    struct registry_manifest document;
    int added;

    resolving->platforms = json_array();
    (void)json_object_set_new(
        result, "reference",
        json_string(image_reference_format(&resolving->reference, resolving->arena)));
    (void)json_object_set_new(result, "platforms", resolving->platforms);
    if (registry_get_manifest(resolving->registry, &resolving->reference, resolving->arena,
                              &document, err) < 0)
        return NULL;
    if (!document.exists) {
        error_set(err, "registry '%s' does not have it", resolving->reference.registry);
        return NULL;
    }
    (void)json_object_set_new(result, "digest", json_string(document.digest));
    (void)json_object_set_new(result, "media_type", json_string(document.media_type));
    added = image_source_kind(&document) == MEDIA_INDEX ? add_index(resolving, &document, err)
                                                        : add_lone(resolving, err);
    return added < 0 ? NULL : steal(result);
}

json_t *image_resolve(struct registry *registry, const char *text, struct error *err)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct resolving resolving = {.registry = registry, .arena = arena};
    json_t *result = NULL;

    if (image_reference_parse(text, arena, &resolving.reference, err) == 0)
        result = resolve(&resolving, err);
    if (!result)
        error_wrap(err, "resolve '%s'", text);
    return result;
}
