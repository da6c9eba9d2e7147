/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/image_catalog.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "common/path.h"

#define ID_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void put(struct image_catalog *catalog, const char *reference, const char *id)
{
    image_catalog_put(catalog, &(struct image_record){.reference = reference, .config = id});
}

Test(image_catalog, records_are_sorted_replaced_and_removed)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_catalog catalog = {.arena = arena};

    put(&catalog, "m", ID_A);
    put(&catalog, "z", ID_A);
    put(&catalog, "a", ID_A);
    put(&catalog, "m", ID_B);
    cr_assert_eq(catalog.count, 3);
    cr_expect_str_eq(catalog.records[0].reference, "a");
    cr_expect_str_eq(catalog.records[1].config, ID_B);
    cr_expect(image_catalog_remove(&catalog, "a", NULL));
    cr_expect_not(image_catalog_remove(&catalog, "a", NULL));
    cr_expect_null(image_catalog_find(&catalog, "a", NULL));
    cr_expect_str_eq(image_catalog_find(&catalog, "z", NULL)->config, ID_A);
}

Test(image_catalog, what_was_written_is_read)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_catalog written = {.arena = arena};
    struct image_catalog read;
    char name[] = "/tmp/yawl-catalog-XXXXXX";
    scoped_fd int dir_fd = -1;

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(image_catalog_read(dir_fd, arena, &read, NULL), 0);
    cr_expect_eq(read.count, 0, "no file is an empty catalog");
    put(&written, "docker.io/library/a:1", ID_A);
    image_catalog_put(&written,
                      &(struct image_record){.reference = "z", .config = ID_A, .manifest = ID_B});
    cr_assert_eq(image_catalog_write(dir_fd, &written, NULL), 0);
    cr_assert_eq(image_catalog_read(dir_fd, arena, &read, NULL), 0);
    cr_assert_eq(read.count, 2);
    cr_expect_null(read.records[0].manifest);
    cr_expect_str_eq(read.records[1].manifest, ID_B);
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}

Test(image_catalog, a_damaged_file_is_an_error)
{
    static const char *const texts[] = {"", "{", "{}", "{\"references\":{\"a\":\"x\"}}",
                                        "{\"references\":{\"a\":{\"config\":\"sha256:..\"}}}"};
    scoped(arena_free) struct arena *arena = arena_new();
    char name[] = "/tmp/yawl-catalog-XXXXXX";
    struct image_catalog catalog;
    scoped_fd int dir_fd = -1;

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cr_assert_eq(file_replace(dir_fd, "index.json", texts[i], strlen(texts[i]), 0600, NULL), 0);
        cr_expect_eq(image_catalog_read(dir_fd, arena, &catalog, NULL), -1, "%s", texts[i]);
    }
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}

static void put_for(struct image_catalog *catalog, const char *platform, const char *id)
{
    image_catalog_put(catalog, &(struct image_record){.reference = "a:1",
                                                      .config = id,
                                                      .platform = platform,
                                                      .pulled_at = 1767225600});
}

Test(image_catalog, one_reference_has_a_record_for_each_platform)
{
    scoped(arena_free) struct arena *arena = arena_new();
    struct image_catalog written = {.arena = arena};
    struct image_catalog read;
    char name[] = "/tmp/yawl-catalog-XXXXXX";
    scoped_fd int dir_fd = -1;

    cr_assert_not_null(mkdtemp(name));
    dir_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put_for(&written, "linux/arm64", ID_B);
    put_for(&written, NULL, ID_A);
    cr_assert_eq(image_catalog_write(dir_fd, &written, NULL), 0);
    cr_assert_eq(image_catalog_read(dir_fd, arena, &read, NULL), 0);
    cr_assert_eq(read.count, 2);
    cr_expect_str_eq(image_catalog_find(&read, "a:1", NULL)->config, ID_A);
    cr_expect_str_eq(image_catalog_find(&read, "a:1", "linux/arm64")->config, ID_B);
    cr_expect_eq(image_catalog_find(&read, "a:1", NULL)->pulled_at, 1767225600);
    cr_expect(image_catalog_remove(&read, "a:1", "linux/arm64"));
    cr_expect_not_null(image_catalog_find(&read, "a:1", NULL));
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}
