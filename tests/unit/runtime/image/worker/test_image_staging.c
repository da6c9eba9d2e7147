/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_staging.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

static bool blob_holds(const struct image_store *store, const char *digest, const char *content)
{
    scoped_text struct text found = {0};
    bool exists;

    return file_read(image_store_blobs_fd(store), image_digest_hex(digest), 100, &found, &exists,
                     NULL) == 0 &&
           exists && string_eq(text_get(&found), content);
}

Test(image_staging, an_adopted_file_becomes_a_blob_at_commit)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(image_staging_free) struct image_staging *staging = NULL;
    char digest[IMAGE_DIGEST_SIZE];
    int downloads_fd;

    image_fixture_init(&fixture);
    store = fixture_store(&fixture);
    downloads_fd = image_store_downloads_fd(store);
    staging = image_staging_new(store, NULL);
    image_digest_of_bytes("bytes", 5, digest);
    cr_assert_eq(file_replace(downloads_fd, "part", "bytes", 5, 0600, NULL), 0);
    cr_assert_eq(image_staging_adopt_blob(staging, digest, downloads_fd, "part", NULL), 0);
    cr_assert_eq(image_staging_adopt_blob(staging, digest, downloads_fd, "part", NULL), 0);
    cr_expect_not(blob_holds(store, digest, "bytes"), "not before the commit");
    cr_assert_eq(image_staging_commit(staging, NULL, 0, NULL), 0);
    cr_expect(blob_holds(store, digest, "bytes"));
    cr_expect_neq(faccessat(downloads_fd, "part", F_OK, 0), 0);
}

Test(image_staging, a_file_that_is_not_there_cannot_be_adopted)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_store_free) struct image_store *store = NULL;
    scoped(image_staging_free) struct image_staging *staging = NULL;
    char digest[IMAGE_DIGEST_SIZE];
    struct error err = {0};

    image_fixture_init(&fixture);
    store = fixture_store(&fixture);
    staging = image_staging_new(store, NULL);
    image_digest_of_bytes("bytes", 5, digest);
    cr_expect_eq(
        image_staging_adopt_blob(staging, digest, image_store_downloads_fd(store), "part", &err),
        -1);
    cr_expect(strstr(err.text, "adopt 'part'") != NULL, "%s", err.text);
}
