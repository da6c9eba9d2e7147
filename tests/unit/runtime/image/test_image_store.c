/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"
#include "runtime/image/image_catalog.h"
#include "runtime/image/image_digest.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define MANIFEST "sha256:" HEX_A

struct world {
    char root[40];
    struct arena *arena;
    struct image_store *store;
    char id[2][IMAGE_DIGEST_SIZE]; /* of the images that were put */
};

static void world_init(struct world *world)
{
    (void)snprintf(world->root, sizeof(world->root), "/tmp/yawl-store-XXXXXX");
    cr_assert_not_null(mkdtemp(world->root));
    world->arena = arena_new();
    world->store = image_store_open(world->root, NULL);
    cr_assert_not_null(world->store);
}

static void world_done(struct world *world)
{
    image_store_free(world->store);
    arena_free(world->arena);
    cr_expect_eq(path_remove_tree(AT_FDCWD, world->root, NULL), 0);
}
#define scoped_world __attribute__((cleanup(world_done)))

/* Puts an image of one layer into the store by hand. */
static void put_image_for(struct world *world, int at, const char *reference, const char *platform)
{
    int images_fd = image_store_images_fd(world->store);
    int layers_fd = image_store_layers_fd(world->store);
    struct image_catalog catalog;
    scoped_text struct text config = {0};

    text_appendf(&config,
                 "{\"os\":\"linux\",\"architecture\":\"%d\",\"rootfs\":{\"type\":\"layers\","
                 "\"diff_ids\":[\"sha256:" HEX_A "\"]}}",
                 at);
    image_digest_of_bytes(config.data, config.length, world->id[at]);
    cr_assert_eq(file_replace(image_store_blobs_fd(world->store), image_digest_hex(world->id[at]),
                              config.data, config.length, 0600, NULL),
                 0);
    (void)mkdirat(layers_fd, HEX_A, 0700);
    cr_assert_eq(file_replace(layers_fd, HEX_A "/complete", "", 0, 0600, NULL), 0);
    cr_assert_eq(image_catalog_read(images_fd, world->arena, &catalog, NULL), 0);
    image_catalog_put(&catalog, &(struct image_record){.reference = reference,
                                                       .config = world->id[at],
                                                       .manifest = MANIFEST,
                                                       .platform = platform});
    cr_assert_eq(image_catalog_write(images_fd, &catalog, NULL), 0);
}

static void put_image(struct world *world, int at, const char *reference)
{
    put_image_for(world, at, reference, NULL);
}

static const struct image *find(struct world *world, const char *reference)
{
    struct image *image = NULL;
    struct error err = {0};

    cr_expect_eq(image_store_find(world->store, reference, NULL, world->arena, &image, &err), 0,
                 "%s", err.text);
    return image;
}

Test(image_store, nobody_else_may_enter)
{
    scoped_world struct world world = {0};
    struct stat status;

    world_init(&world);
    image_store_free(steal(world.store));
    cr_assert_eq(chmod(world.root, 0755), 0);
    world.store = image_store_open(world.root, NULL);
    cr_assert_not_null(world.store);
    cr_assert_eq(stat(world.root, &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0700);
}

Test(image_store, what_belongs_to_somebody_else_is_refused)
{
    scoped_world struct world world = {0};
    struct error err = {0};

    if (geteuid() != 0)
        cr_skip_test("giving a directory away needs root");
    world_init(&world);
    image_store_free(steal(world.store));
    cr_assert_eq(chown(world.root, 12345, 0), 0);
    cr_expect_null(image_store_open(world.root, &err));
    cr_expect(strstr(err.text, "belongs to user 12345") != NULL, "%s", err.text);
}

Test(image_store, an_image_is_found_by_each_of_its_names)
{
    scoped_world struct world world = {0};
    scoped_text struct text by_id = {0};

    world_init(&world);
    put_image(&world, 0, "docker.io/library/postgres:16");
    text_appendf(&by_id, "%.12s", image_digest_hex(world.id[0]));
    cr_expect_not_null(find(&world, "postgres:16"));
    cr_expect_not_null(find(&world, "docker.io/postgres:16"));
    cr_expect_not_null(find(&world, "postgres:15@" MANIFEST));
    cr_expect_not_null(find(&world, world.id[0]));
    cr_expect_not_null(find(&world, image_digest_hex(world.id[0])));
    cr_expect_not_null(find(&world, text_get(&by_id)));
    cr_expect_null(find(&world, "postgres"));
    cr_expect_null(find(&world, "redis@" MANIFEST));
    cr_expect_null(find(&world, "abcd"));
}

Test(image_store, a_platform_chooses_among_images_of_one_name)
{
    scoped_world struct world world = {0};
    struct image *image = NULL;
    struct error err = {0};

    world_init(&world);
    put_image(&world, 0, "docker.io/library/a:1");
    put_image_for(&world, 1, "docker.io/library/a:1", "windows/arm64");
    cr_expect_str_eq(find(&world, "a:1")->config.digest, world.id[0]);
    cr_assert_eq(
        image_store_find(world.store, "a:1", "windows/aarch64/v8", world.arena, &image, &err), 0,
        "%s", err.text);
    cr_expect_str_eq(image->config.digest, world.id[1]);
    cr_expect_str_eq(image->platform, "windows/arm64");
    cr_expect_eq(image_store_find(world.store, "a:1", "windows/386", world.arena, &image, &err), 0);
    cr_expect_null(image);
    cr_expect_eq(image_store_find(world.store, "a:1", "a b", world.arena, &image, &err), -1);
}

Test(image_store, layers_are_absolute_paths)
{
    scoped_world struct world world = {0};
    scoped_text struct text expected = {0};
    const struct image *image;

    world_init(&world);
    put_image(&world, 0, "docker.io/library/a:1");
    text_appendf(&expected, "%s/layers/" HEX_A "/fs", world.root);
    image = find(&world, "a:1");
    cr_assert_eq(image->layers.count, 1);
    cr_expect_str_eq(image->layers.items[0], text_get(&expected));
    cr_expect_str_eq(image->reference, "docker.io/library/a:1");
}

Test(image_store, a_layer_without_its_marker_is_missing)
{
    scoped_world struct world world = {0};
    struct image *image = NULL;
    struct error err = {0};

    world_init(&world);
    put_image(&world, 0, "docker.io/library/a:1");
    cr_assert_eq(unlinkat(image_store_layers_fd(world.store), HEX_A "/complete", 0), 0);
    cr_expect_eq(image_store_find(world.store, "a:1", NULL, world.arena, &image, &err), -1);
    cr_expect(strstr(err.text, "is missing in the store") != NULL, "%s", err.text);
}

Test(image_store, a_damaged_configuration_is_an_error)
{
    scoped_world struct world world = {0};
    struct image *image = NULL;
    struct error err = {0};

    world_init(&world);
    put_image(&world, 0, "docker.io/library/a:1");
    cr_assert_eq(file_replace(image_store_blobs_fd(world.store), image_digest_hex(world.id[0]),
                              "{\"rootfs\":{}}", 13, 0600, NULL),
                 0);
    cr_expect_eq(image_store_find(world.store, "a:1", NULL, world.arena, &image, &err), -1);
    cr_expect(strstr(err.text, "damaged") != NULL, "%s", err.text);
}

Test(image_store, references_are_listed_in_order)
{
    scoped_world struct world world = {0};
    struct string_list references;

    world_init(&world);
    put_image(&world, 1, "docker.io/library/b:1");
    put_image(&world, 0, "docker.io/library/a:1");
    cr_assert_eq(image_store_list(world.store, world.arena, &references, NULL), 0);
    cr_assert_eq(references.count, 2);
    cr_expect_str_eq(references.items[0], "docker.io/library/a:1");
}

Test(image_store, holders_with_bad_names_get_no_lease)
{
    static const char *const names[] = {"", "a/b", "..", ".hidden", "a b", "a\n"};
    scoped_world struct world world = {0};

    world_init(&world);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        cr_expect_eq(image_store_lease(world.store, names[i], MANIFEST, NULL), -1, "'%s'",
                     names[i]);
    cr_expect_eq(image_store_lease(world.store, "shop-web-1", MANIFEST, NULL), 0);
    cr_expect_eq(image_store_release(world.store, "shop-web-1", NULL), 0);
    cr_expect_eq(image_store_release(world.store, "shop-web-1", NULL), 0);
}
