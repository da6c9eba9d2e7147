/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tree_copy.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"

TestSuite(tree_copy, .timeout = 120);

enum { ROUNDS = 2000 };

/* A folder of the test's own with "source", "target", and "canary" outside of both. */
struct world {
    char path[64];
    int fd, source_fd, target_fd;
    atomic_bool done;
};

static void write_file(int dir_fd, const char *name, const char *content, mode_t mode)
{
    scoped_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    cr_assert_geq(fd, 0, "%s", name);
    cr_assert_eq(fd_write_all(fd, content, strlen(content)), 0);
    cr_assert_eq(fchmod(fd, mode), 0);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));

    cr_assert_not_null(world);
    (void)strcpy(world->path, "/tmp/yawl-test-XXXXXX");
    cr_assert_not_null(mkdtemp(world->path));
    world->fd = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(mkdirat(world->fd, "source", 0755), 0);
    cr_assert_eq(mkdirat(world->fd, "target", 0755), 0);
    world->source_fd = openat(world->fd, "source", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    world->target_fd = openat(world->fd, "target", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    write_file(world->fd, "canary", "secret", 0600);
    return world;
}

static void world_free(struct world *world)
{
    fd_close(world->source_fd);
    fd_close(world->target_fd);
    fd_close(world->fd);
    cr_expect_eq(path_remove_tree(AT_FDCWD, world->path, NULL), 0);
    free(world);
}

static void expect_content(int dir_fd, const char *name, const char *content)
{
    scoped_text struct text text = {0};
    scoped_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    cr_assert_geq(fd, 0, "there is no '%s'", name);
    cr_assert_eq(fd_read_all(fd, 4096, &text, NULL), 0);
    cr_expect_str_eq(text_get(&text), content, "%s", name);
}

static mode_t mode_of(int dir_fd, const char *name)
{
    struct stat status = {0};

    cr_expect_eq(fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0, "%s", name);
    return status.st_mode & 07777;
}

/* Swaps a name of the copy with a link to the canary, as soon as it is there, to and fro. */
static void *swap_copy(void *owner)
{
    struct world *world = owner;

    while (!atomic_load(&world->done))
        (void)renameat2(world->target_fd, "fifo", world->fd, "link", RENAME_EXCHANGE);
    return NULL;
}

Test(tree_copy, a_link_in_the_place_of_a_fifo_that_was_just_made_is_not_followed)
{
    const struct tree_copy_style style = {.merges = true};
    struct world *world = world_new();
    pthread_t thread;

    cr_assert_eq(mkfifoat(world->source_fd, "fifo", 0600), 0);
    cr_assert_eq(fchmodat(world->source_fd, "fifo", 0666, 0), 0);
    cr_assert_eq(pthread_create(&thread, NULL, swap_copy, world), 0);
    for (int round = 0; round < ROUNDS; round++) {
        (void)unlinkat(world->fd, "link", 0);
        (void)unlinkat(world->target_fd, "fifo", 0);
        (void)symlinkat("../canary", world->fd, "link");
        (void)!tree_copy_styled(world->source_fd, world->target_fd, false, &style, NULL);
    }
    atomic_store(&world->done, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_eq(mode_of(world->fd, "canary"), 0600);
    world_free(world);
}

/* Swaps a folder of the source with a link to what lies outside. */
static void *swap(void *owner)
{
    struct world *world = owner;

    while (!atomic_load(&world->done))
        (void)renameat2(world->source_fd, "x", world->fd, "link", RENAME_EXCHANGE);
    return NULL;
}

Test(tree_copy, a_folder_that_is_swapped_with_a_link_is_copied_or_refused_and_never_left)
{
    struct world *world = world_new();
    struct tree_copy_style style = {.merges = true};
    pthread_t thread;

    cr_assert_eq(mkdirat(world->source_fd, "x", 0755), 0);
    cr_assert_eq(mkdirat(world->source_fd, "x/sub", 0755), 0);
    write_file(world->source_fd, "x/sub/canary", "mine", 0644);
    write_file(world->source_fd, "x/canary", "mine", 0644);
    cr_assert_eq(mkdirat(world->fd, "sub", 0755), 0);
    write_file(world->fd, "sub/canary", "secret", 0600);
    cr_assert_eq(symlinkat("..", world->fd, "link"), 0);
    cr_assert_eq(pthread_create(&thread, NULL, swap, world), 0);
    for (int round = 0; round < 500; round++) {
        struct error err = {0};

        if (tree_copy_styled(world->source_fd, world->target_fd, false, &style, &err) < 0)
            cr_expect(string_starts_with(err.text, "'x': "), "%s", err.text);
        if (faccessat(world->target_fd, "x/canary", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
            faccessat(world->target_fd, "x/source", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
            expect_content(world->target_fd, "x/canary", "mine");
        cr_expect_eq(path_remove_tree(world->target_fd, "x", &err), 0, "%s", err.text);
    }
    atomic_store(&world->done, true);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    expect_content(world->fd, "canary", "secret");
    world_free(world);
}

Test(tree_copy, a_copy_over_what_is_there_follows_no_link_of_it)
{
    struct world *world = world_new();
    struct tree_copy_style style = {.merges = true};
    struct error err = {0};

    cr_assert_eq(mkdirat(world->source_fd, "dir", 0750), 0);
    write_file(world->source_fd, "dir/file", "new", 0640);
    write_file(world->source_fd, "link", "new", 0640);
    cr_assert_eq(symlinkat("elsewhere", world->source_fd, "file"), 0);
    cr_assert_eq(mkfifoat(world->source_fd, "fifo", 0622), 0);
    cr_assert_eq(mkdirat(world->target_fd, "dir", 0711), 0);
    write_file(world->target_fd, "dir/file", "a longer old text", 0600);
    write_file(world->target_fd, "dir/other", "stays", 0600);
    write_file(world->target_fd, "file", "old", 0600);
    cr_assert_eq(symlinkat("../canary", world->target_fd, "link"), 0);
    cr_assert_eq(symlinkat("../canary", world->target_fd, "fifo"), 0);

    cr_assert_eq(tree_copy_styled(world->source_fd, world->target_fd, false, &style, &err), 0, "%s",
                 err.text);
    expect_content(world->target_fd, "dir/file", "new");
    expect_content(world->target_fd, "dir/other", "stays");
    expect_content(world->target_fd, "link", "new");
    expect_content(world->fd, "canary", "secret");
    cr_expect_eq(mode_of(world->fd, "canary"), 0600);
    cr_expect_eq(mode_of(world->target_fd, "dir"), 0711);
    cr_expect_eq(mode_of(world->target_fd, "dir/file"), 0640);
    cr_expect_lt(faccessat(world->target_fd, "file", F_OK, 0), 0, "a link replaces the file");
    world_free(world);
}

Test(tree_copy, a_folder_is_never_replaced_by_a_file_nor_a_file_by_a_folder)
{
    struct world *world = world_new();
    struct tree_copy_style style = {.merges = true};

    write_file(world->source_fd, "a", "file", 0644);
    cr_assert_eq(mkdirat(world->target_fd, "a", 0755), 0);
    write_file(world->target_fd, "a/kept", "kept", 0644);
    cr_expect_lt(tree_copy_styled(world->source_fd, world->target_fd, false, &style, NULL), 0);
    expect_content(world->target_fd, "a/kept", "kept");
    cr_expect_lt(tree_copy_styled(world->target_fd, world->source_fd, false, &style, NULL), 0);
    expect_content(world->source_fd, "a", "file");
    world_free(world);
}

Test(tree_copy, a_file_that_is_copied_onto_itself_keeps_its_content)
{
    struct world *world = world_new();
    struct tree_copy_style style = {.merges = true};
    struct error err = {0};

    write_file(world->source_fd, "a", "kept", 0644);
    cr_assert_eq(linkat(world->source_fd, "a", world->target_fd, "a", 0), 0);
    cr_expect_eq(tree_copy_styled(world->source_fd, world->target_fd, false, &style, &err), 0, "%s",
                 err.text);
    expect_content(world->target_fd, "a", "kept");
    world_free(world);
}

Test(tree_copy, owners_and_set_id_bits_are_as_the_style_has_them)
{
    struct world *world = world_new();
    struct tree_copy_style out = {.merges = true, .ids_from = 100000, .n_ids = 65536};
    struct tree_copy_style in = {.merges = true, .ids_to = 100000, .n_ids = 65536};
    struct tree_copy_style mine = {
        .merges = true, .plain = true, .owned = true, .uid = 5, .gid = 6};
    const struct tree_place a = {world->source_fd, "a"};
    struct stat status;

    if (geteuid() != 0)
        cr_skip_test("changing owners takes root");
    write_file(world->source_fd, "a", "x", 0644);
    cr_assert_eq(fchownat(world->source_fd, "a", 101000, 5, 0), 0);
    cr_assert_eq(fchmodat(world->source_fd, "a", 06755, 0), 0);

    cr_expect_eq(tree_copy_file(a, (struct tree_place){world->target_fd, "out"}, &out, NULL), 0);
    cr_assert_eq(fstatat(world->target_fd, "out", &status, 0), 0);
    cr_expect_eq(status.st_uid, 1000);
    cr_expect_eq(status.st_gid, 65534);
    cr_expect_eq(status.st_mode & 07777, 06755);

    cr_expect_eq(tree_copy_file(a, (struct tree_place){world->target_fd, "in"}, &in, NULL), 0);
    cr_assert_eq(fstatat(world->target_fd, "in", &status, 0), 0);
    cr_expect_eq(status.st_uid, 165534);
    cr_expect_eq(status.st_gid, 100005);

    cr_expect_eq(tree_copy_file(a, (struct tree_place){world->target_fd, "mine"}, &mine, NULL), 0);
    cr_assert_eq(fstatat(world->target_fd, "mine", &status, 0), 0);
    cr_expect_eq(status.st_uid, 5);
    cr_expect_eq(status.st_gid, 6);
    cr_expect_eq(status.st_mode & 07777, 0755);
    world_free(world);
}
