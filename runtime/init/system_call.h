/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and the entry point for a program without libc. The entry hands the initial stack
 * (argc, argv, environment) to init_main().
 */
#ifndef YAWL_RUNTIME_INIT_SYSTEM_CALL_H
#define YAWL_RUNTIME_INIT_SYSTEM_CALL_H

#include <asm/signal.h>
#include <asm/unistd.h>

#if defined(__x86_64__)

__asm__(".text\n"
        ".global _start\n"
        "_start:\n"
        "    xor %ebp, %ebp\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call init_main\n");

static inline long system_call(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long system_call_fork(void)
{
    return system_call(__NR_fork, 0, 0, 0, 0);
}

#elif defined(__aarch64__)

__asm__(".text\n"
        ".global _start\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x0, sp\n"
        "    bl init_main\n");

static inline long system_call(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static inline long system_call_fork(void)
{
    return system_call(__NR_clone, SIGCHLD, 0, 0, 0);
}

#else
#error "no system calls for this architecture"
#endif

#endif
