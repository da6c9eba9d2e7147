/* SPDX-License-Identifier: Apache-2.0 */
/* Saving images, and loading what was saved into another store. */
#include "runtime/image/worker/save_list.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

/* A store with "a:1" (two layers) and "b:1" (the first of them). */
static void two_images(struct image_fixture *fixture)
{
    scoped_text struct text one = {0};
    scoped_text struct text two = {0};
    struct fixture_layer layers[] = {{.tar = &one, .wrapping = WRAP_GZIP},
                                     {.tar = &two, .wrapping = WRAP_ZSTD}};
    struct fixture_image image = {.ref_name = "a:1", .layers = layers, .n_layers = 2};
    struct error err = {0};
    char path[128];

    image_fixture_init(fixture);
    TAR(&one, .path = "one", .data = "1", .size = 1);
    TAR(&two, .path = "two", .data = "2", .size = 1);
    layout_build(fixture, "a", &image, path);
    cr_assert_eq(fixture_load(fixture, path, &err), 0, "%s", err.text);
    image.ref_name = "b:1";
    image.n_layers = 1;
    layout_build(fixture, "b", &image, path);
    cr_assert_eq(fixture_load(fixture, path, &err), 0, "%s", err.text);
}

typedef int save_form(struct image_store *store, const struct save_list *list,
                      struct archive_writer *writer, struct error *err);

/* Saves "a:1" and `other` to the path. */
static int save(const struct image_fixture *fixture, save_form *form, const char *other,
                const char *path, struct error *err)
{
    char first[] = "a:1";
    char second[100];
    char *const references[] = {first, second};
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = fixture_store(fixture);
    scoped(archive_writer_free) struct archive_writer *writer = NULL;
    struct save_list list;

    (void)snprintf(second, sizeof(second), "%s", other);
    if (save_list_read(store, references, 2, arena, &list, err) < 0)
        return -1;
    writer = archive_writer_new(path, err);
    if (!writer || form(store, &list, writer, err) < 0)
        return -1;
    return archive_writer_commit(writer, err);
}

static const char *path_of(const struct image_fixture *fixture, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", fixture->path, name);
    return path;
}

/* The id of an image, or "". */
static void id_of(const struct image_fixture *fixture, const char *reference,
                  char id[IMAGE_DIGEST_SIZE], char manifest[IMAGE_DIGEST_SIZE])
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = fixture_store(fixture);
    struct image *image = NULL;

    cr_assert_eq(image_store_find(store, reference, NULL, arena, &image, NULL), 0);
    (void)snprintf(id, IMAGE_DIGEST_SIZE, "%s", image ? image->config.digest : "");
    (void)snprintf(manifest, IMAGE_DIGEST_SIZE, "%s", image ? image->manifest : "");
}

static void empty_store(const struct image_fixture *fixture)
{
    cr_assert_eq(path_remove_tree(fixture->fd, "store", NULL), 0);
}

/* Saves, empties the store, loads and compares. */
static void expect_round_trip(save_form *form, const char *name, bool same_manifest)
{
    scoped_fixture struct image_fixture fixture = {0};
    char id[2][IMAGE_DIGEST_SIZE], manifest[2][IMAGE_DIGEST_SIZE];
    char found_id[IMAGE_DIGEST_SIZE], found_manifest[IMAGE_DIGEST_SIZE];
    static const char *const references[] = {"a:1", "b:1"};
    struct error err = {0};
    char path[128];

    two_images(&fixture);
    for (int i = 0; i < 2; i++)
        id_of(&fixture, references[i], id[i], manifest[i]);
    cr_assert_eq(save(&fixture, form, "b:1", path_of(&fixture, name, path), &err), 0, "%s",
                 err.text);
    empty_store(&fixture);
    cr_assert_eq(fixture_load(&fixture, path, &err), 0, "%s", err.text);
    for (int i = 0; i < 2; i++) {
        id_of(&fixture, references[i], found_id, found_manifest);
        cr_expect_str_eq(found_id, id[i]);
        cr_expect(!same_manifest || string_eq(found_manifest, manifest[i]));
    }
}

Test(save_list, an_oci_tar_is_loaded_with_equal_manifests)
{
    expect_round_trip(oci_save_write, "out.tar", true);
}

Test(save_list, an_oci_directory_is_loaded_with_equal_manifests)
{
    expect_round_trip(oci_save_write, "out/", true);
}

Test(save_list, a_docker_archive_is_loaded_with_equal_ids)
{
    expect_round_trip(docker_save_write, "out.tar", false);
}

Test(save_list, the_same_images_make_the_same_bytes)
{
    scoped_fixture struct image_fixture fixture = {0};
    static save_form *const forms[] = {oci_save_write, docker_save_write};
    char path[128];

    two_images(&fixture);
    for (size_t i = 0; i < 2; i++) {
        scoped_text struct text first = {0};
        scoped_text struct text second = {0};

        cr_assert_eq(save(&fixture, forms[i], "b:1", path_of(&fixture, "1.tar", path), NULL), 0);
        cr_assert_eq(save(&fixture, forms[i], "b:1", path_of(&fixture, "2.tar", path), NULL), 0);
        cr_assert_eq(file_read(fixture.fd, "1.tar", 1000000, &first, NULL, NULL), 0);
        cr_assert_eq(file_read(fixture.fd, "2.tar", 1000000, &second, NULL, NULL), 0);
        cr_assert_eq(first.length, second.length);
        cr_expect_eq(memcmp(first.data, second.data, first.length), 0);
    }
}

Test(save_list, a_failed_save_leaves_what_was_there)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped_text struct text found = {0};
    struct error err = {0};
    char path[128];

    two_images(&fixture);
    cr_assert_eq(file_replace(fixture.fd, "out.tar", "old", 3, 0600, NULL), 0);
    cr_expect_eq(save(&fixture, oci_save_write, "c:1", path_of(&fixture, "out.tar", path), &err),
                 -1);
    cr_expect(strstr(err.text, "there is no image 'c:1'") != NULL, "%s", err.text);
    cr_assert_eq(file_read(fixture.fd, "out.tar", 100, &found, NULL, NULL), 0);
    cr_expect_str_eq(text_get(&found), "old");
}

/* Damages a blob: other bytes of the same length. */
static void damage_layer(const struct image_fixture *fixture)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(image_store_free) struct image_store *store = fixture_store(fixture);
    struct stored_image stored;
    scoped_fd int fd = -1;

    cr_assert_eq(stored_image_read(store, "a:1", arena, &stored, NULL), 0);
    fd = openat(image_store_blobs_fd(store), image_digest_hex(stored.parts.layers[1].digest),
                O_WRONLY | O_CLOEXEC);
    cr_assert_eq(pwrite(fd, "xxxx", 4, 20), 4);
}

Test(save_list, a_damaged_blob_is_not_passed_on)
{
    scoped_fixture struct image_fixture fixture = {0};
    struct error err = {0};
    char path[128];

    two_images(&fixture);
    damage_layer(&fixture);
    cr_expect_eq(save(&fixture, oci_save_write, "b:1", path_of(&fixture, "out.tar", path), &err),
                 -1);
    cr_expect(strstr(err.text, "its digest is") != NULL, "%s", err.text);
    cr_expect_neq(faccessat(fixture.fd, "out.tar", F_OK, 0), 0);
}

Test(save_list, a_directory_that_is_not_empty_is_left_alone)
{
    scoped_fixture struct image_fixture fixture = {0};
    struct error err = {0};
    char path[128];

    two_images(&fixture);
    cr_expect_eq(save(&fixture, oci_save_write, "b:1", fixture.path, &err), -1);
    cr_expect(strstr(err.text, "not empty") != NULL, "%s", err.text);
    cr_expect_eq(mkdirat(fixture.fd, "empty", 0755), 0);
    cr_expect_eq(save(&fixture, oci_save_write, "b:1", path_of(&fixture, "empty", path), &err), 0);
}

Test(save_list, what_is_asked_for_by_its_id_has_no_name)
{
    scoped_fixture struct image_fixture fixture = {0};
    char id[IMAGE_DIGEST_SIZE], manifest[IMAGE_DIGEST_SIZE];
    char path[128];

    two_images(&fixture);
    id_of(&fixture, "b:1", id, manifest);
    cr_assert_eq(save(&fixture, oci_save_write, id, path_of(&fixture, "out.tar", path), NULL), 0);
    empty_store(&fixture);
    cr_assert_eq(fixture_load(&fixture, path, NULL), 0);
    id_of(&fixture, "b:1", id, manifest);
    cr_expect_str_eq(id, "", "only its id is known");
}
