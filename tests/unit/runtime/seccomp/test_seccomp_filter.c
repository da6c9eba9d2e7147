/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp/seccomp_filter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "runtime/seccomp/seccomp_tables.h"
#include "tests/unit/runtime/seccomp/seccomp_interpreter.h"

/* CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE
 * SYS_CHROOT KILL AUDIT_WRITE */
#define DEFAULT_CAPABILITIES UINT64_C(0xa80425fb)

static bool same_answers(struct sock_fprog a, struct sock_fprog b)
{
    const struct seccomp_machine *machine = &seccomp_machines[seccomp_native_machine];

    for (size_t i = 0; i < machine->n_abis; i++)
        for (uint32_t n = 0; n < 600; n++)
            if (seccomp_interpret_call(&a, machine->abis[i].audit_arch, n, 0) !=
                seccomp_interpret_call(&b, machine->abis[i].audit_arch, n, 0))
                return false;
    return true;
}

Test(seccomp_filter, the_usual_sets_are_the_same_memory_every_time)
{
    static const uint64_t sets[] = {
        0,
        DEFAULT_CAPABILITIES,
        ~UINT64_C(0),
        DEFAULT_CAPABILITIES | UINT64_C(1) << CAP_NET_ADMIN,
        DEFAULT_CAPABILITIES | UINT64_C(1) << CAP_SYS_ADMIN,
        DEFAULT_CAPABILITIES | UINT64_C(1) << CAP_SYS_PTRACE,
        DEFAULT_CAPABILITIES & ~(UINT64_C(1) << CAP_MKNOD),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
        struct sock_fprog first = seccomp_filter_default(sets[i]);
        struct sock_fprog second = seccomp_filter_default(sets[i]);

        cr_expect_eq(first.filter, second.filter, "%zu", i);
        cr_expect_eq(first.len, second.len, "%zu", i);
    }
}

Test(seccomp_filter, the_static_program_is_what_the_assembler_makes)
{
    for (size_t i = 0; i < seccomp_programs_count; i++) {
        struct sock_filter insns[SECCOMP_PROGRAM_MAX];
        size_t length = seccomp_assemble(&seccomp_machines[seccomp_native_machine],
                                         seccomp_programs[i].capabilities, insns);

        cr_assert_eq(length, seccomp_programs[i].length);
        cr_expect_arr_eq(insns, seccomp_programs[i].insns, length * sizeof(insns[0]));
    }
}

Test(seccomp_filter, an_unusual_set_has_a_program_of_its_own)
{
    uint64_t set = UINT64_C(1) << CAP_SYS_BOOT | UINT64_C(1) << CAP_SYSLOG;
    struct sock_fprog program = seccomp_filter_default(set);
    struct sock_fprog none = seccomp_filter_default(0);
    struct sock_filter insns[SECCOMP_PROGRAM_MAX];
    struct sock_fprog wanted = {.len = (unsigned short)seccomp_assemble(
                                    &seccomp_machines[seccomp_native_machine], set, insns),
                                .filter = insns};

    cr_expect(same_answers(program, wanted));
    cr_expect_not(same_answers(program, none));
    seccomp_filter_free(program);
    seccomp_filter_free(none);
}

/*
 * In the kernel
 */

/* Runs `body` in a child under the default filter and returns its exit status. */
static int run_filtered(uint64_t capabilities, int (*body)(void))
{
    struct sock_fprog program = seccomp_filter_default(capabilities);
    int status = -1;
    pid_t pid = fork();

    cr_assert_geq(pid, 0);
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
            _exit(120);
        _exit(body());
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status), "wait status %#x", status);
    return WEXITSTATUS(status);
}

/* 0 when the call gives this errno. */
#define GIVES(number, call)                                                                        \
    do {                                                                                           \
        errno = 0;                                                                                 \
        (void)!(call);                                                                             \
        if (errno != (number))                                                                     \
            return __LINE__ % 100 + 1;                                                             \
    } while (0)

static int dangerous_calls(void)
{
    struct clone_args args = {.exit_signal = SIGCHLD};

    GIVES(EPERM, syscall(SYS_io_uring_setup, 1, NULL));
    GIVES(EPERM, syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    GIVES(EPERM, syscall(SYS_add_key, NULL, NULL, NULL, 0, 0));
    GIVES(EPERM, syscall(SYS_bpf, 0, NULL, 0));
    GIVES(EPERM, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
    GIVES(EPERM, syscall(SYS_userfaultfd, 0));
    GIVES(EPERM, syscall(SYS_mount, NULL, NULL, NULL, 0, NULL));
    GIVES(EPERM, syscall(SYS_unshare, CLONE_NEWUSER));
    GIVES(EPERM, syscall(SYS_setns, 0, 0));
    GIVES(EPERM, syscall(SYS_kexec_load, 0, 0, NULL, 0));
    GIVES(EPERM, syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
    GIVES(EPERM, syscall(SYS_open_by_handle_at, -1, NULL, 0));
    GIVES(EPERM, socket(38, SOCK_SEQPACKET, 0));
    GIVES(EPERM, socket(40, SOCK_STREAM, 0));
    GIVES(EPERM, personality(ADDR_NO_RANDOMIZE));
    GIVES(ENOSYS, syscall(SYS_clone3, &args, sizeof(args)));
    GIVES(ENOSYS, syscall(2000));
    return 0;
}

static int ordinary_calls(void)
{
    int status = -1;
    pid_t pid;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0 || close(fd) < 0 || getppid() < 0)
        return 1;
    if (personality(0xffffffff) < 0)
        return 2;
    pid = fork();
    if (pid == 0)
        _exit(7);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
        return 3;
    if (syscall(SYS_futex, NULL, 1, 0, NULL, NULL, 0) < 0 && errno == EPERM)
        return 4;
    return 0;
}

static int namespace_calls(void)
{
    GIVES(EBADF, syscall(SYS_setns, -1, 0));
    GIVES(EINVAL, syscall(SYS_unshare, 1));
    GIVES(EPERM, syscall(SYS_io_uring_setup, 1, NULL));
    return 0;
}

Test(seccomp_filter, dangerous_calls_are_refused_by_the_kernel)
{
    cr_expect_eq(run_filtered(DEFAULT_CAPABILITIES, dangerous_calls), 0);
}

Test(seccomp_filter, ordinary_calls_work)
{
    cr_expect_eq(run_filtered(DEFAULT_CAPABILITIES, ordinary_calls), 0);
}

Test(seccomp_filter, an_administrator_may_make_namespaces_but_no_io_uring)
{
    cr_expect_eq(run_filtered(DEFAULT_CAPABILITIES | UINT64_C(1) << CAP_SYS_ADMIN, namespace_calls),
                 0);
}

#ifdef __x86_64__
/* The same through the 32-bit door. */
static long int80(long number, long argument)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(argument), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static int calls_of_i386(void)
{
    if (int80(20, 0) == -ENOSYS)
        return 99;
    if (int80(20, 0) != getpid())
        return 1;
    if (int80(425, 1) != -EPERM) /* io_uring_setup */
        return 2;
    if (int80(359, 38) != -EPERM) /* socket */
        return 3;
    if (int80(435, 0) != -ENOSYS) /* clone3 */
        return 4;
    return int80(1500, 0) != -ENOSYS;
}

static int has_i386(void)
{
    return int80(20, 0) == getpid() ? 0 : 1;
}

static bool kernel_runs_i386(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(has_i386());
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

Test(seccomp_filter, calls_of_i386_are_filtered_too)
{
    if (!kernel_runs_i386())
        cr_skip_test("this kernel does not run 32-bit programs");
    cr_expect_eq(run_filtered(DEFAULT_CAPABILITIES, calls_of_i386), 0);
}
#endif
