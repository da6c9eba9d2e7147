/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cgroup/cgroup_tree.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/fd.h"
#include "tests/unit/runtime/cgroup/cgroup_fixture.h"

TestSuite(cgroup_tree, .init = fixture_init, .fini = fixture_done, .timeout = 120);

static const char *root_of(struct arena *arena)
{
    struct cgroup_layout layout;
    struct error err = {0};

    cr_assert_eq(cgroup_layout_read(arena, &layout, &err), 0, "%s", err.text);
    return layout.v2.root;
}

/* Makes and removes a group of its own in the shared parent, again and again. */
static int churn(const char *root, const char *parent, int number)
{
    char id[32];
    struct cgroup_path path = {root, parent, id};

    (void)snprintf(id, sizeof(id), "churn-%d", number);
    for (int i = 0; i < 200; i++) {
        scoped_fd int fd = -1;
        struct error err = {0};

        if (cgroup_tree_make(&path, NULL, &fd, &err) < 0 || cgroup_tree_remove(&path, &err) < 0) {
            (void)fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        cgroup_tree_remove_parents(root, parent);
    }
    return 0;
}

Test(cgroup_tree, parents_that_vanish_meanwhile_are_made_again)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *root = root_of(arena);
    const char *parent = arena_strdup(arena, fixture_parent());

    for (int number = 0; number < 3; number++)
        if (fork() == 0)
            _exit(churn(root, parent, number));
    for (int number = 0; number < 3; number++) {
        int status = -1;

        cr_assert_gt(wait(&status), 0);
        cr_expect_eq(status, 0);
    }
}

Test(cgroup_tree, an_absent_group_is_no_error)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *parent = arena_strdup(arena, fixture_parent());
    struct cgroup_path path = {root_of(arena), parent, "b"};
    struct error err = {0};
    int fd = 5;

    cr_expect_eq(cgroup_tree_open(&path, &fd, &err), 0, "%s", err.text);
    cr_expect_eq(fd, -1);
    cr_expect_eq(cgroup_tree_remove(&path, &err), 0, "%s", err.text);
}

Test(cgroup_tree, a_parent_with_groups_in_it_stays)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *root = root_of(arena);
    const char *parent = arena_strdup(arena, fixture_parent());
    struct cgroup_path path = {root, parent, "a"};
    scoped_fd int fd = -1;
    struct error err = {0};

    cr_assert_eq(cgroup_tree_make(&path, NULL, &fd, &err), 0, "%s", err.text);
    cgroup_tree_remove_parents(root, parent);
    cr_expect_eq(access(arena_printf(arena, "%s/%s/a", root, parent), F_OK), 0);
    cr_expect_eq(cgroup_tree_remove(&path, &err), 0, "%s", err.text);
    cgroup_tree_remove_parents(root, parent);
    cr_expect_neq(access(arena_printf(arena, "%s/%s", root, parent), F_OK), 0);
}

Test(cgroup_tree, of_a_place_that_was_chosen_only_what_was_there_before_stays)
{
    scoped(arena_free) struct arena *arena = arena_new();
    const char *root = root_of(arena);
    const char *chosen = arena_printf(arena, "/yawl-test-%d", (int)getpid());
    const char *parent = arena_printf(arena, "%s/there/made/yawl/shop", chosen);
    const char *there = arena_printf(arena, "%s%s/there", root, chosen);
    struct cgroup_path path = {root, chosen, "there"}, below = {root, parent, "a"};
    scoped_fd int there_fd = -1, fd = -1;
    struct error err = {0};

    cr_assert_eq(cgroup_tree_make(&path, NULL, &there_fd, &err), 0, "%s", err.text);
    cr_assert_eq(cgroup_tree_make(&below, NULL, &fd, &err), 0, "%s", err.text);
    cr_expect_eq(cgroup_tree_remove(&below, &err), 0, "%s", err.text);
    cgroup_tree_remove_parents(root, parent);
    cr_expect_eq(access(there, F_OK), 0);
    cr_expect_neq(access(arena_printf(arena, "%s/made", there), F_OK), 0);
    cr_expect_eq(cgroup_tree_remove(&path, &err), 0, "%s", err.text);
    cr_expect_eq(rmdir(arena_printf(arena, "%s%s", root, chosen)), 0);
}
