/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 of containers with `init: true`: starts the program, forwards signals to it, reaps
 * everybody's orphans, and ends as the program ends.
 *
 *     init PATH ARGV0 [ARG...]
 *
 * Freestanding: no libc, so that it is a few kilobytes and maps nothing else. All signals stay
 * blocked and are taken one by one, so none is lost and no handler is needed.
 */
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/wait.h>

#include "runtime/init/system_call.h"

enum {
    EXIT_NOT_RUN = 126,
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128,
    ERROR_NOT_FOUND = 2,         /* ENOENT */
    TERMINAL_SET_GROUP = 0x5410, /* TIOCSPGRP */
    LAST_SIGNAL = 64,
};

typedef unsigned long signal_set;

static long block_signals(signal_set set)
{
    return system_call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&set, 0, sizeof(set));
}

static _Noreturn void leave(int status)
{
    for (;;)
        (void)system_call(__NR_exit_group, status, 0, 0, 0);
}

static _Noreturn void become_program(char **argv, char **envp)
{
    int group;
    long result;

    /* A group of its own in the foreground, so that a key like Ctrl-C reaches the program alone.
     * Without a terminal the second call fails, and nothing is lost. */
    (void)system_call(__NR_setpgid, 0, 0, 0, 0);
    group = (int)system_call(__NR_getpid, 0, 0, 0, 0);
    (void)system_call(__NR_ioctl, 0, TERMINAL_SET_GROUP, (long)&group, 0);
    (void)block_signals(0);
    result = system_call(__NR_execve, (long)argv[1], (long)(argv + 2), (long)envp, 0);
    leave(result == -ERROR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

/* Reaps whoever has ended; leaves with the program's status when it is among them. */
static void reap(long program)
{
    int status;
    long pid;

    while ((pid = system_call(__NR_wait4, -1, (long)&status, WNOHANG, 0)) > 0) {
        int signal_number = status & 0x7f;

        if (pid == program)
            leave(signal_number ? EXIT_SIGNALLED + signal_number : (status >> 8) & 0xff);
    }
}

__attribute__((used)) static _Noreturn void init_main(long *stack)
{
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    char **envp = argv + argc + 1;
    signal_set all = ~0UL;
    long program;

    if (argc < 3)
        leave(EXIT_NOT_RUN);
    (void)block_signals(all);
    program = system_call_fork();
    if (program < 0)
        leave(EXIT_NOT_RUN);
    if (program == 0)
        become_program(argv, envp);
    for (;;) {
        long got = system_call(__NR_rt_sigtimedwait, (long)&all, 0, 0, sizeof(all));

        if (got == SIGCHLD)
            reap(program);
        else if (got > 0 && got <= LAST_SIGNAL)
            (void)system_call(__NR_kill, program, got, 0, 0);
    }
}
