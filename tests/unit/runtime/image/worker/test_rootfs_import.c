/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/rootfs_import.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "runtime/image/worker/image_report.h"
#include "runtime/image/worker/stored_image.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

static const struct rootfs_spec plain = {.reference = "docker.io/library/made:1",
                                         .message = "by hand",
                                         .created = "2026-01-01T00:00:00Z"};

static int import(const struct image_fixture *fixture, const struct rootfs_spec *spec,
                  const struct text *bytes, char id[IMAGE_DIGEST_SIZE], struct error *err)
{
    scoped(image_store_free) struct image_store *store = fixture_store(fixture);

    return rootfs_import(store, spec, byte_source_of_bytes(text_get(bytes), bytes->length), id,
                         err);
}

static void make_tar(struct text *tar)
{
    TAR(tar, .path = "etc/", .mode = 0711);
    TAR(tar, .path = "etc/passwd", .data = "root", .size = 4);
    tar_end(tar);
}

Test(rootfs_import, a_tar_becomes_an_image_of_one_layer)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text tar = {0};
    struct stored_image stored;
    struct error err = {0};
    char id[IMAGE_DIGEST_SIZE];

    image_fixture_init(&fixture);
    make_tar(&tar);
    cr_assert_eq(import(&fixture, &plain, &tar, id, &err), 0, "%s", err.text);
    store = fixture_store(&fixture);
    cr_assert_eq(stored_image_read(store, "made:1", arena, &stored, &err), 0, "%s", err.text);
    cr_expect_str_eq(stored.image->config.digest, id);
    cr_expect_eq(stored.image->layers.count, 1);
    cr_expect_str_eq(stored.image->config.os, "linux");
    cr_assert_eq(stored.parts.n_layers, 1);
    cr_expect_eq(stored_image_check_blobs(store, &stored, NULL), 0);
}

Test(rootfs_import, it_may_come_packed_and_twice)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text tar = {0};
    scoped_text struct text packed = {0};
    char first[IMAGE_DIGEST_SIZE], second[IMAGE_DIGEST_SIZE];

    image_fixture_init(&fixture);
    make_tar(&tar);
    gzip_wrap(&tar, &packed);
    cr_assert_eq(import(&fixture, &plain, &tar, first, NULL), 0);
    cr_assert_eq(import(&fixture, &plain, &packed, second, NULL), 0);
    cr_expect_str_eq(first, second);
}

Test(rootfs_import, changes_and_platform_are_followed)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    scoped_text struct text tar = {0};
    struct rootfs_spec spec = plain;
    struct image *image = NULL;
    struct error err = {0};
    char id[IMAGE_DIGEST_SIZE];

    image_fixture_init(&fixture);
    make_tar(&tar);
    spec.platform = "linux/s390x";
    string_list_add(arena, &spec.changes, "USER app");
    cr_assert_eq(import(&fixture, &spec, &tar, id, &err), 0, "%s", err.text);
    store = fixture_store(&fixture);
    cr_assert_eq(image_store_find(store, "made:1", "linux/s390x", arena, &image, NULL), 0);
    cr_assert_not_null(image);
    cr_expect_str_eq(image->config.user, "app");
    cr_expect_str_eq(image->config.architecture, "s390x");
}

Test(rootfs_import, what_is_no_tar_leaves_nothing)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct text junk = {.data = (char *)(uintptr_t) "no tar at all", .length = 13};
    struct string_list references = {0};
    char id[IMAGE_DIGEST_SIZE];

    image_fixture_init(&fixture);
    cr_expect_eq(import(&fixture, &plain, &junk, id, NULL), -1);
    store = fixture_store(&fixture);
    cr_assert_eq(image_store_list(store, arena, &references, NULL), 0);
    cr_expect_eq(references.count, 0);
}

Test(rootfs_import, it_is_told_about_as_docker_does)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(json_release) json_t *report = NULL;
    scoped_text struct text tar = {0};
    struct error err = {0};
    char id[IMAGE_DIGEST_SIZE];

    image_fixture_init(&fixture);
    make_tar(&tar);
    cr_assert_eq(import(&fixture, &plain, &tar, id, &err), 0, "%s", err.text);
    store = fixture_store(&fixture);
    report = image_report_inspect(store, "made:1", &err);
    cr_assert_not_null(report, "%s", err.text);
    cr_expect_str_eq(json_get_string(report, "Id", ""), id);
    cr_expect_str_eq(json_get_string(report, "Comment", ""), "by hand");
    cr_expect_str_eq(json_get_string(report, "Created", ""), "2026-01-01T00:00:00Z");
    cr_expect_eq(json_get_int(report, "Size", 0), 4);
    cr_expect_str_eq(json_string_value(json_array_get(json_get_array(report, "RepoTags"), 0)),
                     "made:1");
    cr_expect_eq(json_array_size(json_get_array(json_get_object(report, "RootFS"), "Layers")), 1);
}
