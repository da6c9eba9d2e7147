/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/roots.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/path.h"
#include "orchestrator/state/trash.h"

static char *root_new(void)
{
    static char name[] = "/tmp/yawl-roots-XXXXXX";

    cr_assert_not_null(mkdtemp(name));
    cr_assert_eq(setenv("YAWL_DATA_ROOT", name, 1), 0);
    cr_assert_eq(setenv("YAWL_RUN_ROOT", name, 1), 0);
    return name;
}

Test(roots, a_project_comes_and_goes_without_a_trace)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(project_dir_close) struct project_dir *dir = NULL;
    struct string_list names = {0};
    const char *root = root_new();
    struct error err = {0};
    struct roots roots;
    struct stat info;

    cr_assert_eq(roots_find(arena, &roots, &err), 0, "%s", err.text);
    cr_assert_eq(project_dir_open(arena, &roots, "shop", false, &dir, &err), 0, "%s", err.text);
    cr_expect_null(dir, "not there yet");
    cr_assert_eq(project_dir_open(arena, &roots, "shop", true, &dir, &err), 0, "%s", err.text);
    cr_assert_not_null(dir);
    cr_assert_eq(stat(dir->run_path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0700);
    cr_assert_eq(project_dir_list(arena, &roots, &names, &err), 0);
    cr_expect_eq(names.count, 1);
    cr_assert_eq(project_dir_remove(&roots, "shop", &err), 0, "%s", err.text);
    cr_assert_eq(trash_empty(&roots, &err), 0, "%s", err.text);
    cr_expect_eq(rmdir(root), 0, "nothing is left");
}

Test(roots, a_project_that_has_ended_is_made_again_behind_its_descriptors)
{
    scoped(arena_free) struct arena *arena = arena_new();
    scoped(project_dir_close) struct project_dir *dir = NULL;
    const char *root = root_new();
    struct stat before, after, there;
    struct error err = {0};
    struct roots roots;

    cr_assert_eq(roots_find(arena, &roots, &err), 0, "%s", err.text);
    cr_assert_eq(project_dir_open(arena, &roots, "shop", true, &dir, &err), 0, "%s", err.text);
    cr_assert_eq(fstat(dir->data_fd, &before), 0);
    cr_assert_eq(project_dir_renew(dir, &err), 0, "%s", err.text);
    cr_assert_eq(fstat(dir->data_fd, &after), 0);
    cr_expect_eq(after.st_ino, before.st_ino, "it is there: nothing is to be done");
    cr_assert_eq(project_dir_remove(&roots, "shop", &err), 0, "%s", err.text);
    cr_assert_eq(project_dir_renew(dir, &err), 0, "%s", err.text);
    cr_assert_eq(fstat(dir->data_fd, &after), 0);
    cr_assert_eq(stat(dir->data_path, &there), 0);
    cr_expect_eq(after.st_ino, there.st_ino);
    cr_assert_eq(fstat(dir->run_fd, &after), 0);
    cr_assert_eq(stat(dir->run_path, &there), 0);
    cr_expect_eq(after.st_ino, there.st_ino);
    cr_expect_eq(path_remove_tree(AT_FDCWD, root, NULL), 0);
}

Test(roots, names_that_could_lead_elsewhere_are_refused)
{
    static const char *const names[] = {"", "..", "a/b", "A", "-x", "_x", "a\nb", "a.b"};
    scoped(arena_free) struct arena *arena = arena_new();
    struct project_dir *dir;
    const char *root = root_new();
    struct error err = {0};
    struct roots roots;

    cr_assert_eq(roots_find(arena, &roots, &err), 0, "%s", err.text);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        cr_expect_eq(project_dir_open(arena, &roots, names[i], true, &dir, &err), -1, "'%s'",
                     names[i]);
    cr_expect_eq(path_remove_tree(AT_FDCWD, root, NULL), 0);
}
