/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/registry/registry.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "tests/unit/runtime/image/registry/registry_fixture.h"

static struct fixture fixture;
static int fd = -1;

static void stop(void)
{
    fd_close(fd);
    fixture_stop(&fixture);
}

TestSuite(registry_upload, .fini = stop, .timeout = 60);

/* The layer goes to a repository that does not have it. */
static int upload(const char *mount_from, enum registry_outcome *ret_outcome, struct error *err)
{
    struct registry_upload upload = {.mount_from = mount_from};

    if (fd < 0)
        cr_assert(fixture_download(&fixture, &fd, NULL) == 0);
    fixture.reference.repository = "team/copy";
    upload.fd = fd;
    upload.blob.digest = fixture_text(&fixture, "layer");
    upload.blob.size = fixture_number(&fixture, "layer_size");
    return registry_upload_blob(fixture.registry, &fixture.reference, &upload, ret_outcome, err);
}

static void expect_outcome(const char *mount_from, enum registry_outcome expected)
{
    enum registry_outcome outcome;
    struct error err = {0};
    scoped_fd int back = -1;

    cr_assert(upload(mount_from, &outcome, &err) == 0, "%s", err.text);
    cr_expect_eq(outcome, expected);
    cr_assert(fixture_download(&fixture, &back, &err) == 0, "%s", err.text);
    cr_expect(fixture_is_layer(&fixture, back));
}

static void expect_refused(const char *words)
{
    enum registry_outcome outcome;
    struct error err = {0};

    cr_assert(upload(NULL, &outcome, &err) < 0);
    cr_expect(strstr(err.text, words), "%s", err.text);
}

Test(registry_upload, a_blob_goes_up_in_one_piece)
{
    fixture_start(&fixture);
    expect_outcome(NULL, REGISTRY_UPLOADED);
    cr_expect_eq(fixture_requests(&fixture, "\"PUT\"", ""), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"PATCH\"", ""), 0);
    expect_outcome(NULL, REGISTRY_EXISTED);
    cr_expect_eq(fixture_requests(&fixture, "\"PUT\"", ""), 1);
}

Test(registry_upload, has_blob_tells_what_is_there)
{
    struct registry_blob blob = {0};
    bool exists = false;

    fixture_start(&fixture);
    blob.digest = fixture_text(&fixture, "layer");
    cr_assert(registry_has_blob(fixture.registry, &fixture.reference, &blob, &exists, NULL) == 0);
    cr_expect(exists);
    fixture.reference.repository = "team/copy";
    cr_assert(registry_has_blob(fixture.registry, &fixture.reference, &blob, &exists, NULL) == 0);
    cr_expect_not(exists);
}

Test(registry_upload, another_repository_lends_its_blob)
{
    fixture_start(&fixture);
    expect_outcome("team/app", REGISTRY_MOUNTED);
    cr_expect_eq(fixture_requests(&fixture, "\"PUT\"", ""), 0);
}

Test(registry_upload, a_mount_asks_for_both_repositories)
{
    fixture_start(&fixture, "auth=token", "anonymous");
    expect_outcome("team/app", REGISTRY_MOUNTED);
    cr_expect_eq(fixture_requests(&fixture, "\"token\"",
                                  "scope=repository%3Ateam%2Fcopy%3Apull%2Cpush&scope=repository%3A"
                                  "team%2Fapp%3Apull"),
                 1);
}

Test(registry_upload, a_mount_that_is_not_done_becomes_an_upload)
{
    fixture_start(&fixture, "mount=refuse");
    expect_outcome("team/app", REGISTRY_UPLOADED);
}

Test(registry_upload, a_mount_that_is_denied_becomes_an_upload)
{
    fixture_start(&fixture, "mount=deny");
    expect_outcome("team/app", REGISTRY_UPLOADED);
}

Test(registry_upload, addresses_may_be_relative)
{
    fixture_start(&fixture, "location=relative");
    expect_outcome(NULL, REGISTRY_UPLOADED);
}

Test(registry_upload, addresses_keep_their_query)
{
    fixture_start(&fixture, "location=query");
    expect_outcome(NULL, REGISTRY_UPLOADED);
    cr_expect_eq(fixture_requests(&fixture, "\"PUT\"", "?_state=a%3Db%26c&digest=sha256%3A"), 1);
}

Test(registry_upload, an_upload_elsewhere_shows_no_authorization)
{
    fixture_start(&fixture, "location=storage", "auth=basic");
    fixture_log_in(&fixture);
    fixture_connect(&fixture);
    expect_outcome(NULL, REGISTRY_UPLOADED);
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", "\"PUT\""), 1);
    cr_expect_eq(fixture_requests(&fixture, "\"storage\"", "authorization"), 0);
}

Test(registry_upload, an_upload_without_an_address_is_refused)
{
    fixture_start(&fixture, "location=none");
    expect_refused("opens an upload and does not say where");
}

Test(registry_upload, what_is_too_large_goes_in_pieces)
{
    fixture_start(&fixture, "whole=413", "piece=40000");
    expect_outcome(NULL, REGISTRY_UPLOADED);
    cr_expect_eq(fixture_requests(&fixture, "\"PATCH\"", ""), 3);
    cr_expect_eq(fixture_requests(&fixture, "\"PATCH\"", "\"content-range\": \"80000-99999\""), 1);
}

Test(registry_upload, a_lost_connection_is_taken_up_again)
{
    fixture_start(&fixture, "upload-drop=30000*1");
    expect_outcome(NULL, REGISTRY_UPLOADED);
    cr_expect_eq(fixture_requests(&fixture, "\"PATCH\"", "\"content-range\": \"30000-99999\""), 1);
}

Test(registry_upload, a_forgotten_session_is_opened_anew)
{
    fixture_start(&fixture, "upload-drop=30000*2", "forget*1", "whole=413*1");
    expect_outcome(NULL, REGISTRY_UPLOADED);
}

Test(registry_upload, a_connection_that_is_always_lost_is_an_error)
{
    fixture_start(&fixture, "upload-drop=10");
    expect_refused("lost '127.0.0.1:");
}

Test(registry_upload, wrong_bytes_are_the_registrys_to_refuse)
{
    fixture_start(&fixture);
    cr_assert(fixture_download(&fixture, &fd, NULL) == 0);
    cr_assert(pwrite(fd, "x", 1, 5) == 1);
    expect_refused("digest invalid: provided digest did not match uploaded content");
}

Test(registry_upload, an_empty_blob_goes_up)
{
    struct registry_upload empty = {
        .blob.digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
    enum registry_outcome outcome;
    struct error err = {0};

    fixture_start(&fixture);
    empty.fd = fd = memfd_create("empty", MFD_CLOEXEC);
    cr_assert(registry_upload_blob(fixture.registry, &fixture.reference, &empty, &outcome, &err) ==
                  0,
              "%s", err.text);
    cr_expect_eq(outcome, REGISTRY_UPLOADED);
}
