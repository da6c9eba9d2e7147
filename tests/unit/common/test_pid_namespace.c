/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pid_namespace.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Process 1 of a new namespace with one child; -1 where that is not allowed. */
static pid_t namespace_start(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    cr_assert_eq(pipe(ready), 0);
    if (unshare(CLONE_NEWPID) < 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        if (fork() == 0 && write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    return pid;
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

Test(pid_namespace, those_who_are_in_it_are_visited)
{
    pid_t pid = namespace_start();
    struct met met = {.leader = pid};

    if (pid < 0)
        cr_skip_test("needs to be root");
    cr_expect_eq(pid_namespace_visit(pid, meet, &met), 2);
    cr_expect_eq(met.count, 2);
    cr_expect_eq(met.leaders, 1);
    cr_expect(pid_namespace_has(pid, pid));
    cr_expect(!pid_namespace_has(pid, getpid()));
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    cr_expect_eq(pid_namespace_visit(pid, meet, &met), 0);
}

Test(pid_namespace, the_own_one_is_nobodys)
{
    struct met met = {0};

    cr_expect_eq(pid_namespace_visit(getpid(), meet, &met), 0);
    cr_expect(!pid_namespace_has(getpid(), getppid()));
}
