/* SPDX-License-Identifier: Apache-2.0 */
#include "common/path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"

static int tree_new(char template[])
{
    cr_assert_not_null(mkdtemp(template));
    return open(template, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

Test(path, cleaning_is_lexical)
{
    scoped(arena_free) struct arena *arena = arena_new();

    cr_expect_str_eq(path_clean(arena, "/a//b/./c/"), "/a/b/c");
    cr_expect_str_eq(path_clean(arena, "/a/../../b"), "/b");
    cr_expect_str_eq(path_clean(arena, "../a/../../b"), "../../b");
    cr_expect_str_eq(path_clean(arena, "a/.."), ".");
    cr_expect_str_eq(path_clean(arena, ""), ".");
    cr_expect_str_eq(path_clean(arena, "/"), "/");
    cr_expect_str_eq(path_join(arena, "/p", "./x"), "/p/x");
    cr_expect_str_eq(path_join(arena, "/p", "/x"), "/x");
}

Test(path, links_inside_a_root_stay_inside)
{
    char name[] = "/tmp/yawl-path-XXXXXX";
    scoped_fd int root_fd = tree_new(name);
    scoped_fd int fd = -1;
    struct stat inside, etc;

    cr_assert_eq(mkdirat(root_fd, "etc", 0755), 0);
    cr_assert_eq(symlinkat("/etc", root_fd, "out"), 0);
    cr_assert_eq(symlinkat("../../../etc", root_fd, "up"), 0);

    fd = path_make_dirs_in_root(root_fd, "/out/made", 0755);
    cr_assert(fd >= 0);
    cr_expect_eq(faccessat(root_fd, "etc/made", F_OK, 0), 0);
    fd_close(fd);

    fd = path_open_in_root(root_fd, "up", O_PATH, 0);
    cr_assert(fd >= 0);
    cr_assert_eq(fstat(fd, &inside), 0);
    cr_assert_eq(fstatat(root_fd, "etc", &etc, 0), 0);
    cr_expect_eq(inside.st_ino, etc.st_ino);

    cr_expect_eq(path_open_beneath(root_fd, "out", O_PATH, 0), -1);
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, NULL), 0);
}

/* Opening alone can do something: start a watchdog, rewind a tape, let go whoever waits at a FIFO.
 */
Test(path, what_is_no_regular_file_is_not_even_opened)
{
    char name[] = "/tmp/yawl-path-XXXXXX";
    scoped_fd int root_fd = tree_new(name);
    scoped_fd int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    char event[sizeof(struct inotify_event) + NAME_MAX + 1];
    struct error err = {0};

    cr_assert_eq(mkfifoat(root_fd, "fifo", 0644), 0);
    cr_assert_eq(mknodat(root_fd, "device", S_IFCHR | 0644, makedev(1, 3)), 0);
    cr_assert_eq(symlinkat("device", root_fd, "link"), 0);
    cr_assert_eq(mknodat(root_fd, "file", S_IFREG | 0644, 0), 0);
    cr_assert_geq(inotify_add_watch(watch_fd, name, IN_OPEN), 0);
    for (size_t i = 0; i < 3; i++) {
        const char *const names[] = {"fifo", "device", "link"};

        cr_expect_eq(path_open_file_in_root(root_fd, names[i]), -1);
        cr_expect_eq(errno, EINVAL, "%s", names[i]);
    }
    cr_expect_eq(read(watch_fd, event, sizeof(event)), -1);
    fd_close(path_open_file_in_root(root_fd, "file"));
    cr_expect_gt(read(watch_fd, event, sizeof(event)), 0);
    cr_assert_eq(path_remove_tree(AT_FDCWD, name, &err), 0, "%s", err.text);
}

Test(path, files_of_procfs_are_no_regular_files)
{
    scoped_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    cr_expect_eq(path_open_file_in_root(root_fd, "proc/version"), -1);
    cr_expect_eq(errno, EINVAL);
}

Test(path, removing_a_tree_does_not_follow_links)
{
    char name[] = "/tmp/yawl-path-XXXXXX", other[] = "/tmp/yawl-path-XXXXXX";
    scoped_fd int root_fd = tree_new(name);
    scoped_fd int other_fd = tree_new(other);
    struct error err = {0};

    fd_close(openat(other_fd, "kept", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    cr_assert_eq(symlinkat(other, root_fd, "link"), 0);
    cr_assert_eq(path_make_dirs(root_fd, "a/b/c", 0700, &err), 0);

    cr_expect_eq(path_remove_tree(AT_FDCWD, name, &err), 0, "%s", err.text);
    cr_expect_eq(access(name, F_OK), -1);
    cr_expect_eq(faccessat(other_fd, "kept", F_OK, 0), 0);
    cr_expect_eq(path_remove_tree(AT_FDCWD, name, &err), 0, "absence is success");
    cr_expect_eq(path_remove_tree(AT_FDCWD, other, &err), 0);
}
