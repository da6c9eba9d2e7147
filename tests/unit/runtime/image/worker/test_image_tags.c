/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_tags.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/image/image_catalog.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

struct world {
    struct image_fixture fixture;
    struct arena *arena;
    struct image_store *store;
    char id[IMAGE_DIGEST_SIZE];
};

/* A store with an image of one layer that is called "a:1" and, with a digest of its own, "b:1". */
static void world_init(struct world *world)
{
    static const char *const references[] = {"b:1", "a:1"};
    scoped_text struct text tar = {0};
    struct fixture_layer layer = {.tar = &tar};
    struct image *image = NULL;
    struct error err = {0};
    char path[128];

    image_fixture_init(&world->fixture);
    world->arena = arena_new();
    for (int i = 0; i < 2; i++) {
        struct fixture_image built = {.ref_name = references[i], .layers = &layer, .n_layers = 1};

        TAR(&tar, .path = references[i]);
        layout_build(&world->fixture, references[i], &built, path);
        cr_assert_eq(fixture_load(&world->fixture, path, &err), 0, "%s", err.text);
    }
    world->store = fixture_store(&world->fixture);
    cr_assert_eq(image_store_find(world->store, "a:1", NULL, world->arena, &image, NULL), 0);
    (void)snprintf(world->id, sizeof(world->id), "%s", image->config.digest);
}

static void world_done(struct world *world)
{
    image_store_free(world->store);
    arena_free(world->arena);
    image_fixture_done(&world->fixture);
}
#define scoped_world __attribute__((cleanup(world_done)))

static bool finds(struct world *world, const char *reference)
{
    struct image *image = NULL;

    return image_store_find(world->store, reference, NULL, world->arena, &image, NULL) == 0 &&
           image;
}

static int untag(struct world *world, const char *name, bool force, struct untagged *untagged,
                 struct error *err)
{
    *untagged = (struct untagged){0};
    return image_untag(world->store, name, force, world->arena, untagged, err);
}

static void put_record(struct world *world, const char *reference, const char *platform)
{
    int images_fd = image_store_images_fd(world->store);
    struct image_catalog catalog;

    cr_assert_eq(image_catalog_read(images_fd, world->arena, &catalog, NULL), 0);
    image_catalog_put(
        &catalog,
        &(struct image_record){.reference = reference, .config = world->id, .platform = platform});
    cr_assert_eq(image_catalog_write(images_fd, &catalog, NULL), 0);
}

Test(image_tags, a_tag_is_one_more_name)
{
    scoped_world struct world world = {0};
    struct error err = {0};

    world_init(&world);
    cr_assert_eq(image_tag(world.store, "a:1", "ghcr.io/x/y:2", &err), 0, "%s", err.text);
    cr_expect(finds(&world, "ghcr.io/x/y:2"));
    cr_expect(finds(&world, "a:1"));
    cr_expect_eq(image_tag(world.store, "nosuch", "c", NULL), -1);
    cr_expect_eq(image_tag(world.store, "a:1", "C:1", NULL), -1);
}

Test(image_tags, the_last_name_takes_the_image_along)
{
    scoped_world struct world world = {0};
    struct untagged untagged;

    world_init(&world);
    cr_assert_eq(image_tag(world.store, "a:1", "c", NULL), 0);
    cr_assert_eq(untag(&world, "a:1", false, &untagged, NULL), 0);
    cr_expect_eq(untagged.references.count, 1);
    cr_expect_eq(untagged.ids.count, 0);
    cr_assert_eq(untag(&world, "c", false, &untagged, NULL), 0);
    cr_assert_eq(untagged.ids.count, 1);
    cr_expect_str_eq(untagged.ids.items[0], world.id);
    cr_expect_eq(untag(&world, "c", false, &untagged, NULL), -1);
}

Test(image_tags, an_id_with_several_names_needs_force)
{
    scoped_world struct world world = {0};
    struct untagged untagged;
    struct error err = {0};
    char prefix[13];

    world_init(&world);
    (void)snprintf(prefix, sizeof(prefix), "%.12s", image_digest_hex(world.id));
    cr_assert_eq(image_tag(world.store, "a:1", "c", NULL), 0);
    cr_expect_eq(untag(&world, prefix, false, &untagged, &err), -1);
    cr_expect(strstr(err.text, "has 2 names") != NULL, "%s", err.text);
    cr_assert_eq(untag(&world, prefix, true, &untagged, NULL), 0);
    cr_expect_eq(untagged.references.count, 2);
    cr_expect_eq(untagged.ids.count, 1);
    cr_expect(finds(&world, "b:1"));
}

Test(image_tags, an_image_in_use_needs_force)
{
    scoped_world struct world world = {0};
    struct untagged untagged;
    struct error err = {0};

    world_init(&world);
    cr_assert_eq(image_store_lease(world.store, "shop-web-1", world.id, NULL), 0);
    cr_expect_eq(untag(&world, "a:1", false, &untagged, &err), -1);
    cr_expect(strstr(err.text, "used by 'shop-web-1'") != NULL, "%s", err.text);
    cr_expect(finds(&world, "a:1"));
    cr_expect_eq(untag(&world, "a:1", true, &untagged, NULL), 0);
}

Test(image_tags, a_name_goes_for_all_platforms)
{
    scoped_world struct world world = {0};
    struct untagged untagged;
    struct image_catalog catalog;

    world_init(&world);
    put_record(&world, "docker.io/library/a:1", "linux/s390x");
    put_record(&world, "docker.io/library/only:1", "linux/s390x");
    cr_assert_eq(untag(&world, "a:1", false, &untagged, NULL), 0);
    cr_expect_eq(untagged.references.count, 1);
    cr_assert_eq(untag(&world, "only:1", false, &untagged, NULL), 0);
    cr_assert_eq(
        image_catalog_read(image_store_images_fd(world.store), world.arena, &catalog, NULL), 0);
    cr_expect_eq(catalog.count, 1, "b:1");
}

Test(image_tags, what_has_no_name_or_no_use_goes_by_itself)
{
    scoped_world struct world world = {0};
    struct untag_rule rule = {0};
    struct untagged untagged = {0};

    world_init(&world);
    put_record(&world, world.id, NULL);
    cr_assert_eq(image_untag_unused(world.store, &rule, world.arena, &untagged, NULL), 0);
    cr_expect_eq(untagged.references.count, 0);
    cr_expect_eq(untagged.ids.count, 0, "it has a name too");

    cr_assert_eq(image_store_lease(world.store, "shop-web-1", world.id, NULL), 0);
    rule.all = true;
    cr_assert_eq(image_untag_unused(world.store, &rule, world.arena, &untagged, NULL), 0);
    cr_assert_eq(untagged.references.count, 1);
    cr_expect_str_eq(untagged.references.items[0], "docker.io/library/b:1");
    cr_expect(finds(&world, "a:1"));
}

Test(image_tags, only_what_is_old_enough_goes)
{
    scoped_world struct world world = {0};
    const struct untag_rule rule = {.all = true, .created_before = 1000};
    struct untagged untagged = {0};

    world_init(&world);
    cr_assert_eq(image_untag_unused(world.store, &rule, world.arena, &untagged, NULL), 0);
    cr_expect_eq(untagged.references.count, 0, "when they were created is not told");
}
