/* SPDX-License-Identifier: Apache-2.0 */
#include "common/namespace_lock.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"

static char folder[] = "/tmp/yawl-lock-XXXXXX";
static char path[64];

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/lock", folder);
}

static void tear_down(void)
{
    cr_expect_eq(path_remove_tree(AT_FDCWD, folder, NULL), 0);
}

TestSuite(namespace_lock, .init = set_up, .fini = tear_down);

/* A process that holds the lock until it is killed. */
static pid_t holder_start(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    cr_assert_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        int fd;

        if (namespace_lock_open(path, &fd, NULL) < 0 || namespace_lock_share(fd, NULL) < 0 ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return pid;
}

static void holder_end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

Test(namespace_lock, nobody_holds_a_new_one)
{
    scoped_fd int fd = -1;

    cr_assert_eq(namespace_lock_open(path, &fd, NULL), 0);
    cr_expect_eq(namespace_lock_holder(fd), 0);
}

Test(namespace_lock, a_living_holder_is_named_and_an_ended_one_forgotten)
{
    pid_t first = holder_start(), second = holder_start();
    scoped_fd int fd = -1;

    cr_assert_eq(namespace_lock_open(path, &fd, NULL), 0);
    cr_expect(namespace_lock_holder(fd) == first || namespace_lock_holder(fd) == second);
    holder_end(first);
    cr_expect_eq(namespace_lock_holder(fd), second);
    holder_end(second);
    cr_expect_eq(namespace_lock_holder(fd), 0);
}

Test(namespace_lock, whoever_has_opened_it_is_alone_until_it_is_shared)
{
    scoped_fd int fd = -1;
    scoped_fd int other_fd = -1;

    cr_assert_eq(namespace_lock_open(path, &fd, NULL), 0);
    other_fd = open(path, O_RDWR | O_CLOEXEC);
    cr_assert_geq(other_fd, 0);
    cr_expect_eq(flock(other_fd, LOCK_EX | LOCK_NB), -1);
    cr_assert_eq(namespace_lock_share(fd, NULL), 0);
    cr_expect_eq(flock(other_fd, LOCK_EX | LOCK_NB), 0);
}
