/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/cli/image/lock_file.h"

#include <criterion/criterion.h>
#include <string.h>

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TYPE "application/vnd.oci.image.index.v1+json"

static const char FILE_TEXT[] = "{\n"
                                "  \"version\": 1,\n"
                                "  \"images\": {\n"
                                "    \"docker.io/library/db:16\": {\n"
                                "      \"digest\": \"" A "\",\n"
                                "      \"media_type\": \"" TYPE "\",\n"
                                "      \"registry\": \"docker.io\",\n"
                                "      \"platforms\": {\n"
                                "        \"linux/amd64\": {\n"
                                "          \"digest\": \"" B "\",\n"
                                "          \"size\": 123\n"
                                "        }\n"
                                "      }\n"
                                "    }\n"
                                "  }\n"
                                "}\n";

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(lock_file, .init = set_up, .fini = tear_down);

static struct lock_file parse(const char *text)
{
    struct lock_file lock = {0};
    struct error err = {0};

    cr_assert_eq(lock_file_parse(text, strlen(text), "compose.lock", arena, &lock, &err), 0, "%s",
                 err.text);
    return lock;
}

static void expect_error(const char *text, unsigned line, unsigned column, const char *words)
{
    struct lock_file lock = {0};
    struct error err = {0};

    cr_assert_eq(lock_file_parse(text, strlen(text), "compose.lock", arena, &lock, &err), -1);
    cr_expect_str_eq(err.at.file, "compose.lock");
    cr_expect_eq(err.at.line, line, "line %u of '%s'", err.at.line, err.text);
    cr_expect_eq(err.at.column, column, "column %u of '%s'", err.at.column, err.text);
    cr_expect_not_null(strstr(err.text, words), "%s", err.text);
}

Test(lock_file, what_is_read_is_written_again_to_the_byte)
{
    struct lock_file lock = parse(FILE_TEXT);
    scoped_text struct text out = {0};

    lock_file_format(&lock, &out);
    cr_expect_str_eq(text_get(&out), FILE_TEXT);
}

Test(lock_file, an_image_is_found_by_its_full_reference)
{
    struct lock_file lock = parse(FILE_TEXT);
    const struct lock_image *image = lock_file_find(&lock, "docker.io/library/db:16");

    cr_assert_not_null(image);
    cr_expect_str_eq(image->digest, A);
    cr_expect_eq(image->platforms[0].size, 123);
    cr_expect_null(lock_file_find(&lock, "docker.io/library/db:17"));
    cr_expect_null(lock_file_find(NULL, "docker.io/library/db:16"));
}

Test(lock_file, the_index_and_the_manifests_below_it_are_what_was_locked)
{
    struct lock_file lock = parse(FILE_TEXT);

    cr_expect(lock_image_has(&lock.images[0], A));
    cr_expect(lock_image_has(&lock.images[0], B));
    cr_expect_not(lock_image_has(&lock.images[0], "sha256:cc"));
    cr_expect_not(lock_image_has(&lock.images[0], NULL));
}

Test(lock_file, images_stay_sorted_whatever_the_order_of_adding)
{
    struct lock_file lock = parse(FILE_TEXT);
    struct lock_image image = lock.images[0];

    image.reference = "docker.io/library/web:1";
    lock_file_put(&lock, &image, arena);
    image.reference = "docker.io/library/api:1";
    lock_file_put(&lock, &image, arena);
    image.digest = B;
    lock_file_put(&lock, &image, arena);
    cr_assert_eq(lock.n_images, 3);
    cr_expect_str_eq(lock.images[0].reference, "docker.io/library/api:1");
    cr_expect_str_eq(lock.images[0].digest, B);
    cr_expect_str_eq(lock.images[2].reference, "docker.io/library/web:1");
}

Test(lock_file, a_mistake_has_its_place)
{
    expect_error("{\"version\": 1,\n \"images\": {]}", 2, 13, "JSON");
    expect_error("{\"version\": 1, \"images\": []}", 1, 16, "images");
    expect_error("{\n\n  \"version\": 2, \"images\": {}}", 3, 3, "newer");
    expect_error("{}", 1, 1, "version");
    expect_error(
        "{\"version\": 1, \"images\": {\n  \"docker.io/library/db:16\": {\"digest\": \"x\"}}}", 2,
        3, "docker.io/library/db:16");
    expect_error("{\"version\": 1, \"images\": {\"db\": {\"digest\": \"" A "\"}}}", 1, 27,
                 "in full");
    expect_error("<<<<<<< HEAD\n{}", 1, 1, "JSON");
}
