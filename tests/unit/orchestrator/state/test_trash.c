/* SPDX-License-Identifier: Apache-2.0 */
#include "orchestrator/state/trash.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"

static char path[64];
static struct roots roots;
static int root_fd;
static struct error err;

static void setup(void)
{
    (void)snprintf(path, sizeof(path), "/tmp/yawl-trash-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
    roots = (struct roots){.data = path, .run = path};
    root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert(root_fd >= 0);
}

static void teardown(void)
{
    fd_close(root_fd);
    cr_expect(eq(int, path_remove_tree(AT_FDCWD, path, NULL), 0));
}

TestSuite(trash, .init = setup, .fini = teardown);

static bool is_there(const char *name)
{
    return faccessat(root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Test(trash, what_is_taken_is_out_of_the_way_and_gone_once_it_is_emptied)
{
    cr_assert(eq(int, path_make_dirs(root_fd, "projects/shop/logs", 0755, &err), 0));
    cr_expect(eq(int, trash_take(&roots, root_fd, "projects/shop", &err), 0), "%s", err.text);
    cr_expect(not(is_there("projects/shop")));
    cr_expect(is_there("trash"));
    cr_expect(eq(int, trash_empty(&roots, &err), 0), "%s", err.text);
    cr_expect(not(is_there("trash")));
}

Test(trash, the_same_name_may_be_taken_again_before_it_is_emptied)
{
    for (int i = 0; i < 3; i++) {
        cr_assert(eq(int, path_make_dirs(root_fd, "web-1/upper", 0755, &err), 0));
        cr_expect(eq(int, trash_take(&roots, root_fd, "web-1", &err), 0), "%s", err.text);
    }
    cr_expect(eq(int, trash_empty(&roots, &err), 0), "%s", err.text);
    cr_expect(not(is_there("trash")));
}

Test(trash, what_is_absent_needs_no_taking_and_an_absent_trash_no_emptying)
{
    cr_expect(eq(int, trash_take(&roots, root_fd, "web-1", &err), 0), "%s", err.text);
    cr_expect(eq(int, trash_empty(&roots, &err), 0), "%s", err.text);
    cr_expect(eq(int, trash_empty(&roots, &err), 0), "%s", err.text);
}
