/* SPDX-License-Identifier: Apache-2.0 */
#include "common/mount_namespace.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process in a new namespace with one child; -1 where that is not allowed. */
static pid_t namespace_start(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    cr_assert_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        bool allowed = unshare(CLONE_NEWNS) == 0;

        if (fork() == 0)
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(ready[1], allowed ? "y" : "n", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    if (byte == 'y')
        return pid;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return -1;
}

struct met {
    pid_t leader;
    size_t count, leaders;
};

static void meet(pid_t pid, void *context)
{
    struct met *met = context;

    met->count++;
    met->leaders += pid == met->leader;
}

Test(mount_namespace, those_who_are_in_it_are_visited)
{
    pid_t pid = namespace_start();
    struct met met = {.leader = pid};

    if (pid < 0)
        cr_skip_test("needs to be root");
    cr_expect_eq(mount_namespace_visit(pid, meet, &met), 2);
    cr_expect_eq(met.count, 2);
    cr_expect_eq(met.leaders, 1);
    cr_expect(mount_namespace_has(pid, pid));
    cr_expect(!mount_namespace_has(pid, getpid()));
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    cr_expect_eq(mount_namespace_visit(pid, meet, &met), 0);
}

Test(mount_namespace, the_own_one_is_nobodys)
{
    struct met met = {0};

    cr_expect_eq(mount_namespace_visit(getpid(), meet, &met), 0);
    cr_expect(!mount_namespace_has(getpid(), getppid()));
}
