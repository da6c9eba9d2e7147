/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/process.h"
#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;
static int fd = -1;

static void stop(void)
{
    fd_close(fd);
    fixture_stop(&fixture);
}

TestSuite(registry_download, .fini = stop, .timeout = 60);

static void expect_layer(void)
{
    struct error err = {0};

    cr_assert(fixture_download(&fixture, &fd, &err) == 0, "%s", err.text);
    cr_expect(fixture_is_layer(&fixture, fd));
}

static void expect_refused(const char *words)
{
    struct error err = {0};
    struct stat status;

    cr_assert(fixture_download(&fixture, &fd, &err) < 0);
    cr_expect(strstr(err.text, words), "%s", err.text);
    cr_assert(fstat(fd, &status) == 0);
    cr_expect_leq(status.st_size, fixture_number(&fixture, "layer_size"));
}

/* Puts the first bytes of the layer into the file. */
static void begin_with(int64_t length)
{
    expect_layer();
    cr_assert(ftruncate(fd, length) == 0);
}

Test(registry_download, a_blob_comes)
{
    fixture_start(&fixture);
    expect_layer();
}

Test(registry_download, a_complete_file_needs_no_request)
{
    fixture_start(&fixture);
    expect_layer();
    expect_layer();
    cr_expect_eq(fixture_requests(&fixture, "/blobs/", ""), 1);
}

Test(registry_download, what_is_there_is_not_fetched_again)
{
    fixture_start(&fixture);
    begin_with(60000);
    expect_layer();
    cr_expect_eq(fixture_requests(&fixture, "/blobs/", "\"range\": \"bytes=60000-99999\""), 1);
}

Test(registry_download, a_lost_connection_is_taken_up_again)
{
    fixture_start(&fixture, "drop=30000*3");
    expect_layer();
    cr_expect_eq(fixture_requests(&fixture, "/blobs/", ""), 4);
    cr_expect_eq(fixture_requests(&fixture, "/blobs/", "\"range\": \"bytes=30000-99999\""), 1);
    cr_expect(strstr(fixture_notices(&fixture), "; try 2 of 5 follows in"), "%s",
              fixture_notices(&fixture));
}

Test(registry_download, a_connection_that_is_always_lost_is_an_error)
{
    fixture_start(&fixture, "drop=100");
    expect_refused("lost '127.0.0.1:");
    cr_expect_eq(fixture_requests(&fixture, "/blobs/", ""), 5);
}

Test(registry_download, a_server_that_ignores_range_starts_anew)
{
    fixture_start(&fixture, "range=ignore", "drop=30000*1");
    expect_layer();
}

Test(registry_download, a_wrong_piece_is_refused)
{
    fixture_start(&fixture, "range=lie");
    begin_with(60000);
    expect_refused("asked for bytes from 60000 on, of 100000, and sends others");
}

Test(registry_download, a_piece_of_another_blob_is_refused)
{
    fixture_start(&fixture, "range=total");
    begin_with(60000);
    expect_refused("and sends others");
}

Test(registry_download, a_longer_blob_is_refused_by_its_length)
{
    fixture_start(&fixture, "blob=long");
    expect_refused("it has 200000 bytes, not 100000");
}

Test(registry_download, a_longer_blob_without_length_is_cut_off)
{
    fixture_start(&fixture, "blob=longer");
    expect_refused("it sends more than its 100000 bytes");
}

Test(registry_download, a_shorter_blob_is_refused)
{
    fixture_start(&fixture, "blob=short");
    expect_refused("it has 99999 bytes, not 100000");
}

Test(registry_download, nothing_at_all_is_refused)
{
    fixture_start(&fixture, "blob=empty");
    expect_refused("the blob ends after 0 of 100000 bytes");
}

Test(registry_download, a_bomb_stays_packed_and_is_refused_by_its_length)
{
    fixture_start(&fixture, "blob=bomb");
    expect_refused("bytes, not 100000");
}

Test(registry_download, a_blob_that_is_not_there_is_named)
{
    struct registry_blob blob = {
        .digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .size = 5};
    struct error err = {0};

    fixture_start(&fixture);
    fd = memfd_create("blob", MFD_CLOEXEC);
    cr_assert(registry_download_blob(fixture.registry, &fixture.reference, &blob, fd, NULL, &err) <
              0);
    cr_expect_str_eq(
        err.text,
        arena_printf(fixture.arena,
                     "registry '%s': blob '%s': status 404: blob unknown: blob unknown to registry",
                     fixture.reference.registry, blob.digest));
}

Test(registry_download, other_places_are_asked_without_credentials)
{
    const char *urls[] = {NULL, NULL};
    struct registry_blob blob = {.urls = urls};
    struct error err = {0};

    fixture_start(&fixture, "blob-status=404", "auth=basic");
    fixture_log_in(&fixture);
    fixture_connect(&fixture);
    blob.digest = fixture_text(&fixture, "layer");
    blob.size = fixture_number(&fixture, "layer_size");
    urls[0] = arena_printf(fixture.arena, "http://127.0.0.1:%lld/store/team/app/%s",
                           (long long)fixture_number(&fixture, "storage"), blob.digest);
    fd = memfd_create("blob", MFD_CLOEXEC);
    cr_assert(registry_download_blob(fixture.registry, &fixture.reference, &blob, fd, NULL, &err) ==
                  0,
              "%s", err.text);
    cr_expect(fixture_is_layer(&fixture, fd));
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", ""), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", "authorization"), 0);
}

Test(registry_download, a_digest_that_is_none_is_not_asked_for)
{
    struct registry_blob blob = {.digest = "sha256:../../../../etc/passwd", .size = 5};
    struct error err = {0};

    fixture_start(&fixture);
    fd = memfd_create("blob", MFD_CLOEXEC);
    cr_assert(registry_download_blob(fixture.registry, &fixture.reference, &blob, fd, NULL, &err) <
              0);
    cr_expect_eq(fixture_requests(&fixture, "", ""), 0);
}

/* Redirections ------------------------------------------------------------------------------------
 */

Test(registry_download, storage_elsewhere_sees_no_authorization)
{
    fixture_start(&fixture, "auth=basic", "redirect=storage");
    fixture_log_in(&fixture);
    fixture_connect(&fixture);
    expect_layer();
    cr_expect_eq(fixture_requests(&fixture, "\"registry\"", "\"authorization\": \"Basic"), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", "/store/"), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", "authorization"), 0);
}

Test(registry_download, a_ring_of_redirections_ends)
{
    fixture_start(&fixture, "redirect=loop");
    expect_refused("follow more than 10 redirections");
    cr_expect_eq(fixture_requests(&fixture, "/loop", ""), 10);
}

Test(registry_download, a_redirection_to_a_file_is_refused)
{
    fixture_start(&fixture, "redirect=file");
    expect_refused("follow a redirection: ");
}

/* Time --------------------------------------------------------------------------------------------
 */

Test(registry_download, silence_is_not_waited_for)
{
    uint64_t start_ms;

    fixture_start(&fixture, "silent*1");
    fixture_connect_impatiently(&fixture);
    start_ms = clock_monotonic_ms();
    expect_layer();
    cr_expect(clock_monotonic_ms() - start_ms < 25000); /* the server says nothing for 30 s */
}

static atomic_bool one_is_cancelled;

static void on_moved(void *owner, int64_t total)
{
    int64_t *highest = owner;

    *highest = total;
    one_is_cancelled = true;
}

Test(registry_download, one_download_can_be_cancelled)
{
    int64_t moved = 0;
    struct registry_progress progress = {
        .moved = on_moved, .owner = &moved, .cancelled = &one_is_cancelled};
    struct registry_blob blob = {0};
    struct error err = {0};

    fixture_start(&fixture, "drip=0.02*1");
    blob.digest = fixture_text(&fixture, "layer");
    blob.size = fixture_number(&fixture, "layer_size");
    fd = memfd_create("blob", MFD_CLOEXEC);
    cr_assert(registry_download_blob(fixture.registry, &fixture.reference, &blob, fd, &progress,
                                     &err) < 0);
    cr_expect(strstr(err.text, "cancelled"), "%s", err.text);
    cr_expect(moved > 0);
    expect_layer();
}

static void *download_in_thread(void *result)
{
    struct error err = {0};
    int own_fd = -1;

    *(int *)result =
        fixture_download(&fixture, &own_fd, &err) == 0 && fixture_is_layer(&fixture, own_fd);
    fd_close(own_fd);
    return NULL;
}

Test(registry_download, many_threads_share_one_client)
{
    enum { N = 16 };
    int results[N] = {0};
    pthread_t threads[N];

    fixture_start(&fixture, "drop=30000*3", "status=503*2");
    for (size_t i = 0; i < N; i++)
        cr_assert(pthread_create(&threads[i], NULL, download_in_thread, &results[i]) == 0);
    for (size_t i = 0; i < N; i++) {
        (void)pthread_join(threads[i], NULL);
        cr_expect(results[i]);
    }
}
