/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_document.h"

#include <criterion/criterion.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "\"digest\":\"sha256:" HEX "\",\"size\":7"
#define CONFIG "{\"mediaType\":\"application/vnd.oci.image.config.v1+json\"," DIGEST "}"
#define LAYER "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"," DIGEST "}"
#define MANIFEST "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"," DIGEST "}"

static void expect_no_manifest(const char *json, const char *reason)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_manifest manifest;
    struct error err = {0};

    cr_expect_eq(image_manifest_parse(json, strlen(json), arena, &manifest, &err), -1, "%s", json);
    cr_expect(strstr(err.text, reason) != NULL, "%s", err.text);
}

static void expect_no_index(const char *json, const char *reason)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_index index;
    struct error err = {0};

    cr_expect_eq(image_index_parse(json, strlen(json), arena, &index, &err), -1, "%s", json);
    cr_expect(strstr(err.text, reason) != NULL, "%s", err.text);
}

Test(image_document, a_manifest_names_configuration_and_layers)
{
    static const char json[] =
        "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER "," LAYER "]}";
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_manifest manifest;

    cr_assert_eq(image_manifest_parse(json, strlen(json), arena, &manifest, NULL), 0);
    cr_expect_str_eq(manifest.config.digest, "sha256:" HEX);
    cr_expect_eq(manifest.n_layers, 2);
    cr_expect_eq(manifest.layers[1].size, 7);
}

Test(image_document, an_index_tells_platforms_and_names)
{
    static const char json[] =
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
        "\"application/vnd.docker.distribution.manifest.v2+json\"," DIGEST
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"},"
        "\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/a:1\"}},"
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"," DIGEST
        ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}";
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_index index;

    cr_assert_eq(image_index_parse(json, strlen(json), arena, &index, NULL), 0);
    cr_assert_eq(index.count, 2);
    cr_expect_str_eq(index.entries[0].platform.variant, "v7");
    cr_expect_str_eq(index.entries[0].full_name, "docker.io/library/a:1");
    cr_expect_not(index.entries[0].is_attestation);
    cr_expect(index.entries[1].is_attestation);
}

Test(image_document, what_is_both_index_and_manifest_is_refused)
{
    static const char both[] = "{\"schemaVersion\":2,\"manifests\":[" MANIFEST
                               "],\"config\":" CONFIG ",\"layers\":[" LAYER "]}";

    expect_no_manifest(both, "both an index and a manifest");
    expect_no_index(both, "both an index and a manifest");
}

Test(image_document, a_document_of_another_kind_than_it_says_is_refused)
{
    expect_no_manifest(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
        "\"config\":" CONFIG ",\"layers\":[]}",
        "'mediaType'");
    expect_no_index(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
        "\"manifests\":[]}",
        "'mediaType'");
}

Test(image_document, schema_1_is_refused)
{
    expect_no_manifest("{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1");
}

Test(image_document, artifacts_are_no_images)
{
    expect_no_manifest("{\"schemaVersion\":2,\"config\":{\"mediaType\":"
                       "\"application/vnd.oci.empty.v1+json\"," DIGEST "},\"layers\":[]}",
                       "is not a container image");
}

Test(image_document, layers_of_an_unknown_kind_are_refused)
{
    expect_no_manifest("{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"mediaType\":"
                       "\"application/vnd.example\"," DIGEST "}]}",
                       "is not a layer");
}

Test(image_document, digests_that_are_paths_are_refused)
{
    static const char *const digests[] = {
        "sha256:../../../../etc/passwd",
        ("sha256:" HEX "/.."),
        ("sha512:" HEX),
        "sha256:ABCDEF",
        "",
        HEX,
        "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(digests); i++) {
        scoped(arena_free) struct arena *arena = arena_new();

        expect_no_index(arena_printf(arena,
                                     "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x\","
                                     "\"digest\":\"%s\",\"size\":1}]}",
                                     digests[i]),
                        "digest");
    }
}

Test(image_document, sizes_below_zero_are_refused)
{
    expect_no_index(
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX
        "\",\"size\":-1}]}",
        "size");
}

Test(image_document, the_list_of_docker_save_is_read)
{
    static const char json[] =
        "[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"l/layer.tar\"]},"
        "{\"Config\":\"d.json\",\"RepoTags\":[\"a:1\",\"b:2\"],\"Layers\":null}]";
    scoped(arena_free) struct arena *arena = arena_new();
    struct docker_list list;

    cr_assert_eq(docker_list_parse(json, strlen(json), arena, &list, NULL), 0);
    cr_assert_eq(list.count, 2);
    cr_expect_str_eq(list.images[0].layers.items[0], "l/layer.tar");
    cr_expect_str_eq(list.images[1].repo_tags.items[1], "b:2");
}

Test(image_document, a_list_of_something_else_is_refused)
{
    static const char *const texts[] = {
        "{}", "[1]", "[{}]", "[{\"Config\":1}]", "[{\"Config\":\"c\",\"Layers\":[1]}]", "[", ""};

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        scoped(arena_free) struct arena *arena = arena_new();
        struct docker_list list;

        cr_expect_eq(docker_list_parse(texts[i], strlen(texts[i]), arena, &list, NULL), -1, "%s",
                     texts[i]);
    }
}
