/* SPDX-License-Identifier: Apache-2.0 */
#include "common/process.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"

static void wait_readable(int pidfd)
{
    struct pollfd polled = {.fd = pidfd, .events = POLLIN};

    cr_assert_eq(poll(&polled, 1, 5000), 1);
}

Test(process, a_child_is_reaped_with_its_status)
{
    pid_t pid = fork();
    scoped_fd int pidfd = -1;
    int status = 0;

    if (pid == 0)
        _exit(42);
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    wait_readable(pidfd);
    cr_expect_eq(process_exit(pidfd, pid, &status), EXIT_KNOWN);
    cr_expect_eq(status, 42 << 8);
    cr_expect_eq(waitpid(pid, NULL, 0), -1, "it was reaped");
}

/* Between us and the process that ends stands its parent, which reaps it when told to. */
Test(process, the_status_of_a_strangers_child_is_known_before_and_after_it_is_reaped)
{
    int tell[2], go[2], status = 0;
    scoped_fd int pidfd = -1;
    enum exit_source source;
    pid_t stranger, pid;
    char byte;

    cr_assert_eq(pipe(tell), 0);
    cr_assert_eq(pipe(go), 0);
    stranger = fork();
    if (stranger == 0) {
        pid = fork();
        if (pid == 0) {
            (void)!read(go[0], &byte, 1);
            _exit(42);
        }
        (void)!write(tell[1], &pid, sizeof(pid));
        (void)!read(go[0], &byte, 1);
        (void)waitpid(pid, NULL, 0);
        _exit(0);
    }
    cr_assert_eq(read(tell[0], &pid, sizeof(pid)), (ssize_t)sizeof(pid));
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    cr_assert_eq(process_exit(pidfd, pid, &status), EXIT_RUNNING);

    /* One byte ends the child or lets its parent wait for it, whoever reads first; the other does
     * the other. */
    cr_assert_eq(write(go[1], "xx", 2), 2);
    wait_readable(pidfd);
    cr_expect_eq(waitpid(stranger, NULL, 0), stranger);
    source = process_exit(pidfd, pid, &status);
    if (source == EXIT_UNKNOWN)
        cr_skip("the kernel does not tell exit statuses by pidfd (Linux 6.15)");
    cr_expect_eq(source, EXIT_KNOWN);
    cr_expect_eq(status, 42 << 8);
}

Test(process, a_pid_with_another_start_time_is_another_process)
{
    struct error err = {0};
    int fd = -1;

    cr_assert_eq(process_open(getpid(), process_start_time(getpid()), &fd, &err), 0);
    cr_expect_geq(fd, 0);
    fd_close(fd);
    cr_assert_eq(process_open(getpid(), process_start_time(getpid()) + 1, &fd, &err), 0);
    cr_expect_eq(fd, -1);
}
