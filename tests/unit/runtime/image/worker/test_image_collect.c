/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_collect.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "runtime/image/image_catalog.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

static const struct collect_spec impatient = {0};

/* A store with "a:1" (layers one, two) and "b:1" (layers one, three). */
static void two_images(struct image_fixture *fixture)
{
    static const char *const names[] = {"two", "three"};
    static const char *const references[] = {"a:1", "b:1"};
    scoped_text struct text one = {0};
    struct error err = {0};
    char path[128];

    image_fixture_init(fixture);
    TAR(&one, .path = "one");
    for (int i = 0; i < 2; i++) {
        scoped_text struct text other = {0};
        struct fixture_layer layers[] = {{.tar = &one}, {.tar = &other}};
        struct fixture_image image = {.ref_name = references[i], .layers = layers, .n_layers = 2};

        TAR(&other, .path = names[i]);
        layout_build(fixture, references[i], &image, path);
        cr_assert_eq(fixture_load(fixture, path, &err), 0, "%s", err.text);
    }
}

static void forget(struct image_store *store, const char *reference)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_catalog catalog;

    cr_assert_eq(image_catalog_read(image_store_images_fd(store), arena, &catalog, NULL), 0);
    cr_assert(image_catalog_remove(&catalog, reference, NULL));
    cr_assert_eq(image_catalog_write(image_store_images_fd(store), &catalog, NULL), 0);
}

static bool finds(struct image_store *store, const char *reference)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image *image = NULL;

    return image_store_find(store, reference, NULL, arena, &image, NULL) == 0 && image;
}

Test(image_collect, named_images_stay_whole)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    struct collected collected;

    two_images(&fixture);
    store = fixture_store(&fixture);
    cr_assert_eq(image_collect(store, &impatient, &collected, NULL), 0);
    cr_expect_eq(collected.n_layers + collected.n_blobs + collected.n_leftovers, 0);
    cr_expect(finds(store, "a:1"));
    cr_expect(finds(store, "b:1"));
}

Test(image_collect, what_nothing_leads_to_goes)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    struct collected collected;

    two_images(&fixture);
    store = fixture_store(&fixture);
    forget(store, "docker.io/library/a:1");
    cr_assert_eq(image_collect(store, &impatient, &collected, NULL), 0);
    cr_expect_eq(collected.n_layers, 1);
    cr_expect_eq(collected.n_blobs, 3, "configuration, manifest and the layer as it came");
    cr_expect(finds(store, "b:1"));
}

Test(image_collect, a_lease_keeps_layers_until_it_ends)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct image *image = NULL;
    struct collected collected;

    two_images(&fixture);
    store = fixture_store(&fixture);
    cr_assert_eq(image_store_find(store, "a:1", NULL, arena, &image, NULL), 0);
    cr_assert_eq(image_store_lease(store, "shop-web-1", image->config.digest, NULL), 0);
    forget(store, "docker.io/library/a:1");
    cr_assert_eq(image_collect(store, &impatient, &collected, NULL), 0);
    cr_expect_eq(collected.n_layers, 0);

    cr_assert_eq(image_store_release(store, "shop-web-1", NULL), 0);
    cr_assert_eq(image_collect(store, &impatient, &collected, NULL), 0);
    cr_expect_eq(collected.n_layers, 1);
}

Test(image_collect, leftovers_and_layers_without_a_marker_go)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(arena_free) struct arena *arena = arena_new();
    struct image *image = NULL;
    struct collected collected;
    char marker[200];

    two_images(&fixture);
    store = fixture_store(&fixture);
    cr_assert_eq(mkdirat(image_store_tmp_fd(store), "import-1-2", 0700), 0);
    cr_assert_eq(file_replace(image_store_downloads_fd(store), "part", "", 0, 0600, NULL), 0);
    cr_assert_eq(image_store_find(store, "b:1", NULL, arena, &image, NULL), 0);
    (void)snprintf(marker, sizeof(marker), "%s/../complete", image->layers.items[1]);
    cr_assert_eq(unlink(marker), 0);
    cr_assert_eq(image_collect(store, &impatient, &collected, NULL), 0);
    cr_expect_eq(collected.n_leftovers, 2);
    cr_expect_eq(collected.n_layers, 1);
    cr_expect_not(finds(store, "b:1"));
    cr_expect(finds(store, "a:1"));
}

Test(image_collect, somebody_who_has_the_store_open_keeps_it_away)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(image_store_free) struct image_store *other = NULL;
    struct collected collected;
    struct error err = {0};

    two_images(&fixture);
    store = fixture_store(&fixture);
    other = fixture_store(&fixture);
    cr_expect_eq(image_collect(store, &impatient, &collected, &err), -1);
    cr_expect(strstr(err.text, "another process") != NULL, "%s", err.text);
}
