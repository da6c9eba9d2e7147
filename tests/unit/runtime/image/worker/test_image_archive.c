/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/image_archive.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file.h"
#include "tests/unit/runtime/image/worker/image_fixture.h"

static void build(struct text *tar)
{
    TAR(tar, .path = "./a.json", .data = "old", .size = 3);
    TAR(tar, .path = "x/layer.tar", .data = "layer", .size = 5);
    TAR(tar, .path = "y/layer.tar", .type = '2', .link = "../x/layer.tar");
    TAR(tar, .path = "z", .type = '1', .link = "x/layer.tar");
    TAR(tar, .path = "loop", .type = '2', .link = "loop");
    TAR(tar, .path = "out", .type = '2', .link = "/etc/passwd");
    TAR(tar, .path = "a.json", .data = "new", .size = 3);
    tar_end(tar);
}

static void expect_member(const struct image_archive *archive, const char *name,
                          const char *content)
{
    scoped_text struct text found = {0};
    struct error err = {0};
    int result = image_archive_read(archive, name, &found, NULL, &err);

    if (content) {
        cr_expect_eq(result, 0, "%s: %s", name, err.text);
        cr_expect_str_eq(text_get(&found), content, "%s", name);
    } else {
        cr_expect_eq(result, -1, "%s", name);
    }
}

static void expect_members(const struct image_archive *archive)
{
    expect_member(archive, "a.json", "new");
    expect_member(archive, "x/layer.tar", "layer");
    expect_member(archive, "y/layer.tar", "layer");
    expect_member(archive, "z", "layer");
    expect_member(archive, "loop", NULL);
    expect_member(archive, "out", NULL);
    expect_member(archive, "nothing", NULL);
}

Test(image_archive, a_tar_is_read_by_name)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_archive_free) struct image_archive *archive = NULL;
    scoped_text struct text tar = {0};
    char path[100];

    image_fixture_init(&fixture);
    build(&tar);
    cr_assert_eq(file_replace(fixture.fd, "a.tar", tar.data, tar.length, 0600, NULL), 0);
    (void)snprintf(path, sizeof(path), "%s/a.tar", fixture.path);
    archive = image_archive_open(path, fixture.fd, NULL);
    cr_assert_not_null(archive);
    expect_members(archive);
}

Test(image_archive, a_compressed_tar_is_read_by_name)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_archive_free) struct image_archive *archive = NULL;
    scoped_text struct text tar = {0};
    scoped_text struct text packed = {0};
    char path[100];

    image_fixture_init(&fixture);
    build(&tar);
    gzip_wrap(&tar, &packed);
    cr_assert_eq(file_replace(fixture.fd, "a.tgz", packed.data, packed.length, 0600, NULL), 0);
    (void)snprintf(path, sizeof(path), "%s/a.tgz", fixture.path);
    archive = image_archive_open(path, fixture.fd, NULL);
    cr_assert_not_null(archive);
    expect_members(archive);
}

Test(image_archive, a_pipe_is_read_by_name)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_archive_free) struct image_archive *archive = NULL;
    scoped_text struct text tar = {0};
    int ends[2];

    image_fixture_init(&fixture);
    build(&tar);
    cr_assert_lt(tar.length, 65536, "it fits into the pipe");
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(fd_write_all(ends[1], tar.data, tar.length), 0);
    (void)close(ends[1]);
    cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    archive = image_archive_open("-", fixture.fd, NULL);
    cr_assert_not_null(archive);
    expect_members(archive);
    (void)close(ends[0]);
}

Test(image_archive, a_directory_is_read_by_name_without_its_links)
{
    scoped_fixture struct image_fixture fixture = {0};
    scoped(image_archive_free) struct image_archive *archive = NULL;

    image_fixture_init(&fixture);
    cr_assert_eq(symlinkat("canary", fixture.fd, "link"), 0);
    cr_assert_eq(mkfifoat(fixture.fd, "fifo", 0600), 0);
    archive = image_archive_open(fixture.path, fixture.fd, NULL);
    cr_assert_not_null(archive);
    expect_member(archive, "canary", "tweet");
    expect_member(archive, "link", NULL);
    expect_member(archive, "fifo", NULL);
    expect_member(archive, "../etc/passwd", NULL);
}
