/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter is a straight line: architecture, then one comparison per allowed call, then the calls
 * whose arguments matter, then ENOSYS. It runs in the kernel for every call, so the frequent ones
 * come first.
 */
#include "net/worker_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_S390X
#endif

static const uint16_t allowed_calls[] = {
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
    SYS_epoll_pwait,
#ifdef SYS_epoll_pwait2
    SYS_epoll_pwait2,
#endif
    SYS_splice,
    SYS_recvfrom,
    SYS_sendto,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_epoll_ctl,
    SYS_accept4,
    SYS_connect,
    SYS_bind,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    SYS_shutdown,
    SYS_listen,
    SYS_close,
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pipe2,
    SYS_fcntl,
    SYS_futex,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_mprotect,
    SYS_brk,
    SYS_lseek,
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_fstat
    SYS_fstat,
#endif
#ifdef SYS_stat
    SYS_stat,
#endif
    SYS_statx,
#ifdef SYS_readlink
    SYS_readlink,
#endif
    SYS_readlinkat,
#ifdef SYS_lstat
    SYS_lstat,
#endif
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    SYS_getpid,
    SYS_gettid,
    SYS_tgkill,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_sigaltstack,
    SYS_exit,
    SYS_exit_group,
#ifdef SYS_getrlimit
    SYS_getrlimit,
#endif
    SYS_prlimit64,
    SYS_rseq,
};

enum {
    N_ALLOWED = sizeof(allowed_calls) / sizeof(allowed_calls[0]),
    DENY = SECCOMP_RET_ERRNO | ENOSYS,
    DENY_QUIETLY = SECCOMP_RET_ERRNO | EPERM,
};

/* Low half of an argument: what is compared here fits into it. */
#define ARGUMENT(n)                                                                                \
    ((uint32_t)offsetof(struct seccomp_data, args) + (n)*8 +                                       \
     (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

struct program {
    struct sock_filter code[N_ALLOWED * 2 + 64];
    unsigned short length;
};

static void add(struct program *program, struct sock_filter instruction)
{
    program->code[program->length++] = instruction;
}

static void load(struct program *program, uint32_t offset)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void answer(struct program *program, uint32_t verdict)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

/* If the loaded word equals the value, that is the verdict. */
static void answer_if(struct program *program, uint32_t value, uint32_t verdict)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    answer(program, verdict);
}

/* openat for reading alone: resolv.conf and what it points to. */
static void add_openat(struct program *program)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 5));
    load(program, ARGUMENT(2));
    add(program,
        (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC));
    answer_if(program, O_RDONLY, SECCOMP_RET_ALLOW);
    answer(program, DENY_QUIETLY);
}

/* Sockets of the two internet families, streams and datagrams, and of the latter pings: nothing
 * raw, no netlink, no unix. */
static void add_socket(struct program *program)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 17));
    load(program, ARGUMENT(0));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0));
    answer(program, DENY_QUIETLY);
    load(program, ARGUMENT(1));
    add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
                                              ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK)));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 2, 0));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 1, 0));
    answer(program, DENY_QUIETLY);
    load(program, ARGUMENT(2));
    answer_if(program, 0, SECCOMP_RET_ALLOW);
    answer_if(program, IPPROTO_ICMP, SECCOMP_RET_ALLOW);
    answer_if(program, IPPROTO_ICMPV6, SECCOMP_RET_ALLOW);
    answer(program, DENY_QUIETLY);
}

/* ioctl as libuv makes sockets non-blocking, and as if_nametoindex() reads "fe80::1%eth0". */
static void add_ioctl(struct program *program)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 6));
    load(program, ARGUMENT(1));
    answer_if(program, FIONBIO, SECCOMP_RET_ALLOW);
    answer_if(program, SIOCGIFINDEX, SECCOMP_RET_ALLOW);
    answer(program, DENY_QUIETLY);
}

int worker_filter_install(struct error *err)
{
    struct program program = {0};
    struct sock_fprog filter = {.filter = program.code};

#ifdef FILTER_ARCHITECTURE
    load(&program, offsetof(struct seccomp_data, arch));
    add(&program,
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCHITECTURE, 1, 0));
    answer(&program, SECCOMP_RET_KILL_PROCESS);
#endif
    /* Calls of x32 have a bit set that no number below has: they fall through to the end. */
    load(&program, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < N_ALLOWED; i++)
        answer_if(&program, allowed_calls[i], SECCOMP_RET_ALLOW);
    add_openat(&program);
    add_socket(&program);
    add_ioctl(&program);
    answer(&program, DENY);
    filter.len = program.length;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
        return error_sys(err, "filter system calls");
    return 0;
}
