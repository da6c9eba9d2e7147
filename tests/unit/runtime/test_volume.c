/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "tests/unit/runtime/container_fixture.h"

TestSuite(volume, .fini = fixture_sweep, .timeout = 30);

static int open_volume(struct fixture *fixture)
{
    cr_assert_eq(path_make_dirs(AT_FDCWD, fixture_path(fixture, "volume"), 0755, &fixture->err), 0);
    return open(fixture_path(fixture, "volume"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct stat status_of(struct fixture *fixture, const char *name)
{
    struct stat status = {0};

    cr_expect_eq(lstat(fixture_path(fixture, name), &status), 0, "there is no '%s'", name);
    return status;
}

Test(volume, is_filled_with_all_that_files_are)
{
    struct fixture *fixture = fixture_open();
    scoped_fd int volume_fd = open_volume(fixture);
    struct timespec times[2] = {{1000000000, 0}, {1000000001, 5}};
    struct stat file, copy;
    char value[8] = "";

    fixture_write(fixture, "base/data/sub/file", "content", 04750);
    fixture_write(fixture, "layer/data/upper", "u", 0600);
    cr_assert_eq(chown(fixture_path(fixture, "base/data"), 999, 998), 0);
    cr_assert_eq(chmod(fixture_path(fixture, "base/data"), 0710), 0);
    cr_assert_eq(chown(fixture_path(fixture, "layer/data"), 999, 998), 0);
    cr_assert_eq(chmod(fixture_path(fixture, "layer/data"), 0710), 0);
    cr_assert_eq(setxattr(fixture_path(fixture, "base/data/sub/file"), "user.note", "hi", 2, 0), 0);
    cr_assert_eq(utimensat(AT_FDCWD, fixture_path(fixture, "base/data/sub/file"), times, 0), 0);
    cr_assert_eq(
        link(fixture_path(fixture, "base/data/sub/file"), fixture_path(fixture, "base/data/again")),
        0);
    cr_assert_eq(symlink("/etc/shadow", fixture_path(fixture, "base/data/link")), 0);
    cr_assert_eq(lchown(fixture_path(fixture, "base/data/link"), 5, 6), 0);
    cr_assert_eq(mkfifo(fixture_path(fixture, "base/data/fifo"), 0640), 0);
    cr_assert_eq(mknod(fixture_path(fixture, "base/data/device"), S_IFCHR | 0600, 0x103), 0);

    cr_assert_eq(volume_fill(volume_fd, fixture->spec.layers, "/data", &fixture->err), 0, "%s",
                 fixture->err.text);
    copy = status_of(fixture, "volume");
    cr_expect_eq(copy.st_uid, 999);
    cr_expect_eq(copy.st_gid, 998);
    cr_expect_eq(copy.st_mode & 07777, 0710);
    file = status_of(fixture, "volume/sub/file");
    cr_expect_eq(file.st_mode & 07777, 04750);
    cr_expect_eq(file.st_mtim.tv_sec, 1000000001);
    cr_expect_eq(file.st_size, 7);
    cr_expect_eq(status_of(fixture, "volume/again").st_ino, file.st_ino);
    cr_expect_eq(getxattr(fixture_path(fixture, "volume/sub/file"), "user.note", value, 8), 2);
    cr_expect_eq(status_of(fixture, "volume/upper").st_size, 1);
    cr_expect_eq(status_of(fixture, "volume/link").st_uid, 5);
    cr_expect(S_ISLNK(status_of(fixture, "volume/link").st_mode));
    cr_expect(S_ISFIFO(status_of(fixture, "volume/fifo").st_mode));
    cr_expect_neq(access(fixture_path(fixture, "volume/device"), F_OK), 0);
    fixture_close(fixture);
}

Test(volume, that_is_in_use_stays_as_it_is)
{
    struct fixture *fixture = fixture_open();
    scoped_fd int volume_fd = open_volume(fixture);

    fixture_write(fixture, "base/data/file", "x", 0644);
    fixture_write(fixture, "volume/mine", "y", 0644);
    cr_assert_eq(volume_fill(volume_fd, fixture->spec.layers, "/data", &fixture->err), 0);
    cr_expect_neq(access(fixture_path(fixture, "volume/file"), F_OK), 0);
    fixture_close(fixture);
}

Test(volume, stays_empty_where_the_image_has_no_directory)
{
    struct fixture *fixture = fixture_open();
    scoped_fd int volume_fd = open_volume(fixture);

    cr_expect_eq(volume_fill(volume_fd, fixture->spec.layers, "/nonesuch/x", &fixture->err), 0);
    cr_expect_eq(volume_fill(volume_fd, fixture->spec.layers, "/etc/passwd", &fixture->err), 0);
    cr_expect_eq(rmdir(fixture_path(fixture, "volume")), 0, "something is in it");
    fixture_close(fixture);
}

Test(volume, is_not_filled_from_the_host_through_links)
{
    struct fixture *fixture = fixture_open();
    scoped_fd int volume_fd = open_volume(fixture);

    fixture_write(fixture, "decoy/canary", "x", 0644);
    cr_assert_eq(symlink(fixture_path(fixture, "decoy"), fixture_path(fixture, "base/data")), 0);
    cr_expect_eq(volume_fill(volume_fd, fixture->spec.layers, "/data", &fixture->err), 0);
    cr_expect_neq(access(fixture_path(fixture, "volume/canary"), F_OK), 0);
    fixture_close(fixture);
}

Test(volume, is_filled_from_an_image_of_one_layer)
{
    struct fixture *fixture = fixture_open();
    scoped_fd int volume_fd = open_volume(fixture);

    fixture_write(fixture, "base/data/file", "x", 0644);
    fixture->spec.layers.count = 1;
    cr_assert_eq(volume_fill(volume_fd, fixture->spec.layers, "/data", &fixture->err), 0);
    cr_expect_eq(status_of(fixture, "volume/file").st_size, 1);
    fixture_close(fixture);
}

Test(volume, is_emptied_again_when_the_filling_fails)
{
    struct fixture *fixture = fixture_open();
    scoped_fd int volume_fd = open_volume(fixture);
    scoped_text struct text deep = {0};

    fixture_write(fixture, "base/data/afile", "x", 0644);
    text_append(&deep, "base/data");
    for (int i = 0; i < 210; i++)
        text_append(&deep, "/d");
    cr_assert_eq(
        path_make_dirs(AT_FDCWD, fixture_path(fixture, text_get(&deep)), 0755, &fixture->err), 0);
    cr_expect_eq(volume_fill(volume_fd, fixture->spec.layers, "/data", &fixture->err), -1);
    cr_expect(strstr(fixture->err.text, "more than 200 directories deep"), "%s", fixture->err.text);
    cr_expect_eq(rmdir(fixture_path(fixture, "volume")), 0, "something is in it");
    fixture_close(fixture);
}
