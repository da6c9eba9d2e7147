/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "common/path.h"
#include "common/text.h"
#include "orchestrator/cli/watch/file_tree.h"

enum { PATIENCE_MS = 20000 };

/* A directory of its own, a tree that watches below it, and what has been told. */
struct scene {
    char directory[64];
    struct arena *arena;
    struct loop *loop;
    struct file_tree *tree;
    struct string_list told;
    const char *awaited;
    struct timer *deadline;
    bool late;
};

static void on_changed(void *owner, const char *path)
{
    struct scene *scene = owner;

    string_list_add(scene->arena, &scene->told, arena_strdup(scene->arena, path));
    if (string_eq(scene->awaited, path))
        loop_stop(scene->loop);
}

static bool on_skip(void *owner, const char *directory)
{
    (void)owner;
    return string_ends_with(directory, "/skipped");
}

static void on_trouble(void *owner, const struct error *err)
{
    (void)owner;
    cr_fail("%s", err->text);
}

static void on_deadline(void *owner)
{
    struct scene *scene = owner;

    scene->late = true;
    loop_stop(scene->loop);
}

static struct scene *scene_new(void)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct file_tree_options options = {
        .changed = on_changed, .skips = on_skip, .troubled = on_trouble, .owner = scene};
    struct error err = {0};

    strcpy(scene->directory, "/tmp/yawl-file-tree.XXXXXX");
    cr_assert(mkdtemp(scene->directory) != NULL);
    scene->arena = arena_new();
    scene->loop = options.loop = loop_new();
    scene->deadline = timer_new(scene->loop, on_deadline, scene);
    cr_assert(eq(int, file_tree_new(&options, &scene->tree, &err), 0), "%s", err.text);
    return scene;
}

static void scene_free(struct scene *scene)
{
    struct error err = {0};

    file_tree_free(scene->tree);
    timer_free(scene->deadline);
    loop_free(scene->loop);
    arena_free(scene->arena);
    (void)!path_remove_tree(AT_FDCWD, scene->directory, &err);
    free(scene);
}
DEFINE_SCOPED(struct scene *, scene_free)

static const char *path_of(const struct scene *scene, const char *name)
{
    return *name ? arena_printf(scene->arena, "%s/%s", scene->directory, name) : scene->directory;
}

static void watch(struct scene *scene, const char *name)
{
    struct error err = {0};

    cr_assert(eq(int, file_tree_add(scene->tree, path_of(scene, name), &err), 0), "%s", err.text);
}

static void make_directory(const struct scene *scene, const char *name)
{
    cr_assert(eq(int, mkdir(path_of(scene, name), 0755), 0), "%s", name);
}

static void write_file(const struct scene *scene, const char *name)
{
    scoped_fd int fd = open(path_of(scene, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    cr_assert(fd >= 0, "%s", name);
    cr_assert(eq(int, fd_write_all(fd, "x", 1), 0));
}

static void rename_to(const struct scene *scene, const char *from, const char *to)
{
    cr_assert(eq(int, rename(path_of(scene, from), path_of(scene, to)), 0));
}

/* Runs until the path is told. */
static void await(struct scene *scene, const char *name)
{
    scene->awaited = path_of(scene, name);
    if (string_list_has(&scene->told, scene->awaited))
        return;
    timer_arm_at(scene->deadline, loop_now_ms(scene->loop) + PATIENCE_MS);
    loop_run(scene->loop);
    cr_assert(not(scene->late), "'%s' was not told", name);
}

static bool was_told(const struct scene *scene, const char *name)
{
    return string_list_has(&scene->told, path_of(scene, name));
}

Test(file_tree, files_that_are_written_removed_and_renamed_are_told)
{
    scoped(scene_free) struct scene *scene = scene_new();

    make_directory(scene, "root");
    write_file(scene, "root/old");
    watch(scene, "root");
    write_file(scene, "root/new");
    await(scene, "root/new");
    cr_expect(not(was_told(scene, "root/old")));
    cr_assert(eq(int, unlink(path_of(scene, "root/old")), 0));
    await(scene, "root/old");
    rename_to(scene, "root/new", "root/moved");
    await(scene, "root/moved");
}

Test(file_tree, a_new_directory_is_told_with_all_that_is_in_it_and_watched)
{
    scoped(scene_free) struct scene *scene = scene_new();

    make_directory(scene, "root");
    watch(scene, "root");
    make_directory(scene, "beside");
    make_directory(scene, "beside/deep");
    write_file(scene, "beside/deep/a");
    rename_to(scene, "beside", "root/came");
    await(scene, "root/came/deep/a");
    write_file(scene, "root/came/deep/b");
    await(scene, "root/came/deep/b");
}

Test(file_tree, a_directory_that_was_renamed_is_known_by_its_new_name)
{
    scoped(scene_free) struct scene *scene = scene_new();

    make_directory(scene, "root");
    make_directory(scene, "root/one");
    watch(scene, "root");
    rename_to(scene, "root/one", "root/two");
    await(scene, "root/two");
    write_file(scene, "root/two/a");
    await(scene, "root/two/a");
    cr_expect(not(was_told(scene, "root/one/a")));
}

Test(file_tree, a_single_file_is_told_also_when_it_is_replaced_and_its_neighbours_are_not)
{
    scoped(scene_free) struct scene *scene = scene_new();

    write_file(scene, "file");
    watch(scene, "file");
    write_file(scene, "neighbour");
    write_file(scene, "file.new");
    rename_to(scene, "file.new", "file");
    await(scene, "file");
    cr_expect(not(was_told(scene, "neighbour")));
    cr_expect(not(was_told(scene, "file.new")));
}

Test(file_tree, what_does_not_exist_yet_is_told_when_it_comes)
{
    scoped(scene_free) struct scene *scene = scene_new();

    watch(scene, "later/on");
    make_directory(scene, "later");
    make_directory(scene, "later/on");
    write_file(scene, "later/on/a");
    await(scene, "later/on/a");
}

Test(file_tree, a_path_that_was_removed_and_made_again_is_watched_again)
{
    scoped(scene_free) struct scene *scene = scene_new();

    make_directory(scene, "root");
    watch(scene, "root");
    cr_assert(eq(int, rmdir(path_of(scene, "root")), 0));
    await(scene, "root");
    make_directory(scene, "root");
    write_file(scene, "root/a");
    await(scene, "root/a");
}

Test(file_tree, skipped_directories_are_not_looked_into)
{
    scoped(scene_free) struct scene *scene = scene_new();

    make_directory(scene, "root");
    make_directory(scene, "root/skipped");
    watch(scene, "root");
    write_file(scene, "root/skipped/a");
    write_file(scene, "root/b");
    await(scene, "root/b");
    cr_expect(not(was_told(scene, "root/skipped/a")));
}

Test(file_tree, everything_that_is_there_can_be_listed)
{
    scoped(scene_free) struct scene *scene = scene_new();
    const struct file_tree_options options = {
        .changed = on_changed, .skips = on_skip, .owner = scene};

    make_directory(scene, "root");
    make_directory(scene, "root/in");
    make_directory(scene, "root/skipped");
    write_file(scene, "root/in/a");
    write_file(scene, "root/skipped/b");
    cr_assert(eq(int, symlink("/etc", path_of(scene, "root/link")), 0));
    file_tree_list(&options, path_of(scene, "root"));
    cr_expect(was_told(scene, "root"));
    cr_expect(was_told(scene, "root/in/a"));
    cr_expect(was_told(scene, "root/link"));
    cr_expect(not(was_told(scene, "root/link/passwd")));
    cr_expect(not(was_told(scene, "root/skipped/b")));
}
