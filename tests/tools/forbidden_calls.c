/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes system calls that a container's filter forbids, and says how each ended, a line each: "NAME
 * ERRNO", 0 for success. None of them does anything where it is allowed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TELL(name, call)                                                                           \
    do {                                                                                           \
        errno = 0;                                                                                 \
        (void)!(call);                                                                             \
        (void)printf("%s %s\n", (name), errno ? strerrorname_np(errno) : "0");                     \
    } while (0)

int main(void)
{
    char name[16];

    for (int family = 37; family <= 41; family++) {
        (void)snprintf(name, sizeof(name), "socket-%d", family);
        TELL(name, socket(family, SOCK_SEQPACKET, 0));
    }
    TELL("io_uring_setup", syscall(SYS_io_uring_setup, 0, NULL));
    TELL("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0));
    TELL("add_key", syscall(SYS_add_key, NULL, NULL, NULL, 0, 0));
    TELL("request_key", syscall(SYS_request_key, NULL, NULL, NULL, 0));
    TELL("keyctl", syscall(SYS_keyctl, -1, 0, 0, 0, 0));
    TELL("bpf", syscall(SYS_bpf, -1, NULL, 0));
    TELL("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0));
    TELL("userfaultfd", syscall(SYS_userfaultfd, -1));
    TELL("mount", syscall(SYS_mount, NULL, "", NULL, 0, NULL));
    TELL("fsopen", syscall(SYS_fsopen, NULL, 0));
    TELL("unshare", unshare(CLONE_NEWUSER));
    TELL("setns", setns(-1, 0));
    TELL("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, -1));
    TELL("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, NULL, 0));
    TELL("clone-newuser", syscall(SYS_clone, CLONE_NEWUSER | CLONE_THREAD, NULL, NULL, NULL, NULL));
    TELL("clone3", syscall(SYS_clone3, NULL, 0));
    TELL("personality", personality(ADDR_NO_RANDOMIZE));
    TELL("unknown", syscall(2000));
    return 0;
}
