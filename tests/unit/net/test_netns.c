/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netns.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"

static ino_t current_netns(void)
{
    struct stat status;

    return stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

static int note_netns(void *owner, struct error *err)
{
    ino_t *ret_inode = owner;

    *ret_inode = current_netns();
    return *ret_inode ? 0 : error_sys(err, "look at the network namespace");
}

static int fail(void *owner, struct error *err)
{
    (void)owner;
    return error_set(err, "as asked");
}

/* Whether a visit was where it was to be, and has left us where we were. */
static bool visit_works(void)
{
    ino_t home = current_netns(), visited = 0;
    scoped_fd int fd = -1;
    struct error err = {0};
    struct stat status;

    return netns_create(&fd, &err) == 0 && fstat(fd, &status) == 0 && status.st_ino != home &&
           netns_run(fd, note_netns, &visited, &err) == 0 && visited == status.st_ino &&
           current_netns() == home && netns_run(fd, fail, NULL, &err) < 0 &&
           string_eq(err.text, "as asked");
}

static bool may_make_namespaces(int types)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(unshare(types) < 0);
    return waitpid(pid, &status, 0) == pid && status == 0;
}

Test(netns, a_visit_comes_home)
{
    if (!may_make_namespaces(CLONE_NEWNET))
        cr_skip_test("needs to be root");
    cr_expect(visit_works());
}

/* In a user namespace of our own, the network namespace where we are is another's: nobody comes
 * back to it. */
Test(netns, a_visit_from_another_ones_namespace_leaves_us_there)
{
    int status;
    pid_t pid;

    if (!may_make_namespaces(CLONE_NEWUSER))
        cr_skip_test("user namespaces are forbidden here");
    pid = fork();
    if (pid == 0)
        _exit(unshare(CLONE_NEWUSER) < 0 || !visit_works());
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect_eq(status, 0);
}
