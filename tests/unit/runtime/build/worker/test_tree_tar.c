/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/build/worker/tree_tar.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "runtime/image/image_digest.h"
#include "runtime/image/worker/checked_source.h"
#include "runtime/image/worker/layer_unpack.h"

/* A tree in a directory of its own. */
static char folder[] = "/tmp/yawl-test-tree-tar.XXXXXX";
static int tree_fd = -1, unpacked_fd = -1;

static void setup(void)
{
    cr_assert(mkdtemp(folder));
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    cr_assert_eq(mkdirat(folder_fd, "tree", 0755), 0);
    cr_assert_eq(mkdirat(folder_fd, "layer", 0755), 0);
    tree_fd = openat(folder_fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unpacked_fd = openat(folder_fd, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(folder_fd);
}

static void teardown(void)
{
    close(tree_fd);
    close(unpacked_fd);
    (void)!path_remove_tree(AT_FDCWD, folder, NULL);
}

TestSuite(tree_tar, .init = setup, .fini = teardown);

static void put_file(const char *path, const char *text, mode_t mode)
{
    const struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    int fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    cr_assert_geq(fd, 0);
    cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
    cr_assert_eq(fchmod(fd, mode), 0);
    cr_assert_eq(futimens(fd, times), 0);
    close(fd);
}

static struct byte_source *tar_open(struct arena *arena)
{
    struct upper_list *list = arena_new_object(arena, struct upper_list);
    struct error err;

    cr_assert_eq(upper_list_read(tree_fd, arena, list, &err), 0, "%s", err.text);
    return tree_tar_new(tree_fd, list);
}

static void unpack(void)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(byte_source_free) struct byte_source *tar = tar_open(arena);
    struct error err;
    size_t left_out;

    cr_assert_eq(layer_unpack(tar, unpacked_fd, &left_out, &err), 0, "%s", err.text);
}

static void digest(char ret_digest[IMAGE_DIGEST_SIZE])
{
    scoped(arena_free) struct arena *arena = arena_new();
    const struct checked_source_spec spec = {
        .size = -1, .limit_bytes = INT64_MAX, .ret_digest = ret_digest};
    scoped(byte_source_free) struct byte_source *tar = checked_source_new(tar_open(arena), &spec);
    struct error err;

    cr_assert_eq(byte_source_drain(tar, &err), 0, "%s", err.text);
}

Test(tree_tar, a_tree_comes_back_as_it_was)
{
    char long_name[251], path[300], link[64];
    struct stat status;

    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    cr_assert_eq(mkdirat(tree_fd, "d", 0700), 0);
    put_file("d/file", "some text", 04755);
    (void)snprintf(path, sizeof(path), "d/%s", long_name);
    put_file(path, "", 0640);
    cr_assert_eq(symlinkat("file", tree_fd, "d/link"), 0);
    cr_assert_eq(linkat(tree_fd, "d/file", tree_fd, "hard", 0), 0);
    unpack();

    cr_assert_eq(fstatat(unpacked_fd, "fs/d/file", &status, AT_SYMLINK_NOFOLLOW), 0);
    cr_expect_eq(status.st_mode, S_IFREG | 04755);
    cr_expect_eq(status.st_size, 9);
    cr_expect_eq(status.st_mtim.tv_sec, 1000000);
    cr_expect_eq(status.st_nlink, 2);
    (void)snprintf(path, sizeof(path), "fs/d/%s", long_name);
    cr_expect_eq(fstatat(unpacked_fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
    cr_expect_eq(readlinkat(unpacked_fd, "fs/d/link", link, sizeof(link)), 4);
    cr_expect_eq(fstatat(unpacked_fd, "fs/d", &status, AT_SYMLINK_NOFOLLOW), 0);
    cr_expect_eq(status.st_mode, S_IFDIR | 0700);
}

Test(tree_tar, files_that_fill_blocks_and_those_that_do_not_are_whole)
{
    static const size_t sizes[] = {1, 511, 512, 513, 262143, 262144, 262145, 700000};
    char *text = calloc(1, 700001);
    char name[32], path[64];
    struct stat status;

    cr_assert(text);
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        memset(text, 'x', sizes[i]);
        text[sizes[i]] = '\0';
        (void)snprintf(name, sizeof(name), "f%zu", i);
        put_file(name, text, 0644);
    }
    free(text);
    unpack();
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        (void)snprintf(path, sizeof(path), "fs/f%zu", i);
        cr_assert_eq(fstatat(unpacked_fd, path, &status, 0), 0);
        cr_expect_eq(status.st_size, (off_t)sizes[i]);
    }
}

Test(tree_tar, whiteouts_are_what_they_were)
{
    struct stat status;

    if (mknodat(tree_fd, "gone", S_IFCHR, makedev(0, 0)) < 0)
        cr_skip_test("no permission to make a whiteout");
    unpack();
    cr_assert_eq(fstatat(unpacked_fd, "fs/gone", &status, AT_SYMLINK_NOFOLLOW), 0);
    cr_expect(S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0));
}

Test(tree_tar, the_same_tree_makes_the_same_bytes)
{
    char first[IMAGE_DIGEST_SIZE], second[IMAGE_DIGEST_SIZE];

    put_file("b", "b", 0644);
    put_file("a", "a", 0644);
    digest(first);
    cr_assert_eq(unlinkat(tree_fd, "a", 0), 0);
    put_file("a", "a", 0644);
    digest(second);
    cr_expect_str_eq(first, second);
    put_file("c", "c", 0644);
    digest(second);
    cr_expect_str_neq(first, second);
}
